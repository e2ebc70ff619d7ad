"""`make docs`: the documentation as a site, in build/site. It needs no network, to build or to read.

The pages link to each other, and to files of the repository, as they stand there. So what they reach is laid out in build/docs
as in the repository, with two additions: the scripts that draw the diagrams and search, and a reference page for each package
that others build on.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.errors import LaunchFailed

ROOT: Final = Path(__file__).resolve().parents[1]
STAGED: Final = Path(os.environ.get("DOCS_STAGED", ROOT / "build" / "docs"))  # mkdocs.yml reads the same variable
PAGES: Final = (
    "*.md",
    "docs/**/*.md",
    "bench/README.md",
    "bench/history.md",
    "infra/README.md",
    "packages/durable-local-host/README.md",
    "packages/provider-sandbox/README.md",
)
SCRIPTS: Final = {  # from node_modules; the second is what searches where the pages are opened from a folder
    "mermaid.js": "@mermaid-js/tiny/dist/mermaid.tiny.js",
    "iframe-worker.js": "iframe-worker/shim/index.js",
}
REFERENCE: Final = {
    "domain.ports": "What the app needs from providers, as contracts that any adapter can fulfil.",
    "services": "The use cases, and the container that composes them.",
    "domain": "The rules of the shop: pure values and functions.",
}

_LINK: Final = re.compile(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)")


def main(arguments: list[str]) -> int:
    """Stage the pages and run mkdocs on them; return the exit code."""
    stage()
    command = [sys.executable, "-m", "mkdocs", *(arguments or ["build", "--strict"])]
    # Material announces its successor with every build; pyproject.toml says when to change.
    built = subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=False)
    if built.returncode == 0:
        print("build/site/index.html")
    return built.returncode


def stage() -> None:
    """Lay out in build/docs what the site is made of."""
    shutil.rmtree(STAGED, ignore_errors=True)
    for page in pages():
        _link(page)
        for linked in linked_files(page):
            _link(linked)
    for name, script in SCRIPTS.items():
        _write(STAGED / "assets" / name, _installed(script))
    for package, summary in REFERENCE.items():
        _write(STAGED / "reference" / f"{package}.md", reference(package, summary))


def pages() -> Iterator[Path]:
    """Yield every page of the site that stands in the repository."""
    for pattern in PAGES:
        yield from sorted(ROOT.glob(pattern))


def linked_files(page: Path) -> Iterator[Path]:
    """Yield the files to which a page links and which are no pages themselves."""
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        linked = (page.parent / target).resolve()
        if linked.is_file() and linked.suffix != ".md":
            yield linked


def reference(package: str, summary: str) -> str:
    """Return the page that documents the public names of a package or module, from its docstrings."""
    folder = ROOT.joinpath(*package.split("."))
    modules = sorted(path for path in folder.rglob("*.py") if path.name != "__init__.py") or [folder.with_suffix(".py")]
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules)
    return f"# `{package}`\n\n{summary}\n\n" + "\n".join(f"::: {name}\n" for name in names)


def _installed(script: str) -> str:
    try:
        return (ROOT / "node_modules" / script).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LaunchFailed(f"node_modules/{script} is missing: `make docs` installs it") from None


def _link(file: Path) -> None:
    """Lay out a file as a link to it, so that `serve` shows what is written after the start."""
    target = STAGED / file.relative_to(ROOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.symlink_to(file)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LaunchFailed as failed:
        sys.exit(str(failed))
