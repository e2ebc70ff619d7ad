"""`make package`: what Azure runs, as the folder dist/app and the archive dist/app.zip; what it is made of, as dist/sbom.cdx.json.

The app, the packages it needs for Azure's Linux, host.json for one plan and back end, and everything compiled and the functions
indexed, because a read-only package does both at every cold start anew. The same sources give the same archive, byte by byte.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.errors import LaunchFailed
from scripts.host_json import MAX_PARTITIONS, ROOT, backends, host_json, plans
from scripts.sbom import write_sbom

APP_FILES: Final = (
    "function_app.py",
    "blueprints.py",
    "function_index.py",
    "setting_forms.py",
    "settings.py",
    "setting_values.py",
    "identity_settings.py",
    "mail_settings.py",
    "tracing_settings.py",
    "requirements.txt",
)
APP_FOLDERS: Final = (
    "activities",
    "adapters",
    "console",
    "domain",
    "entities",
    "orchestrators",
    "services",
    "triggers",
)
SITE_PACKAGES: Final = Path(".python_packages", "lib", "site-packages")
# Where the Functions images stand; wheels for older systems fit too.
PLATFORM: Final = "x86_64-manylinux_2_28"
_ARCHIVE_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is packaged for.

    Attributes:
        python: major.minor of the plan's Python, e.g. `3.12`.
        partitions: Of the task hub, where it is in Azure Storage; None for what host.json says.
    """

    plan: str = "FC1"
    backend: str = "AzureStorage"
    python: str = "3.12"
    partitions: int | None = None


def build(target: Target, dist: Path) -> Path:
    """Write the folder `app`, the archive `app.zip` and its bill of materials `sbom.cdx.json` into dist; return the archive.

    Raises:
        LaunchFailed: Packages cannot be installed or described.
    """
    app = dist / "app"
    shutil.rmtree(app, ignore_errors=True)
    copy_app(app)
    (app / "host.json").write_text(
        json.dumps(host_json(target.plan, target.backend, target.partitions), indent=2) + "\n", encoding="utf-8"
    )
    install_packages(app / SITE_PACKAGES, target.python)
    write_sbom(app / SITE_PACKAGES, dist / "sbom.cdx.json")
    prepare_starts(app, target.python)
    return archive(app, dist / "app.zip")


def copy_app(app: Path) -> None:
    """Copy the sources of the app."""
    app.mkdir(parents=True)
    for name in APP_FILES:
        shutil.copyfile(ROOT / name, app / name)
    for name in APP_FOLDERS:
        shutil.copytree(ROOT / name, app / name, ignore=shutil.ignore_patterns("__pycache__"))


def install_packages(site_packages: Path, python: str) -> None:
    """Install the pinned packages, checked by their hashes, for Azure's platform. Nothing is built from source."""
    command = [uv(), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--python-version", python, "--python-platform", PLATFORM, "--target", str(site_packages)]
    command += ["--requirement", str(ROOT / "requirements.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LaunchFailed(f"the packages could not be installed for Python {python}:\n{done.stderr.strip()}")
    remove_scripts(site_packages)


def remove_scripts(site_packages: Path) -> None:
    """Remove scripts, which name the interpreter of this machine, and their digests in the packages' lists of files."""
    shutil.rmtree(site_packages / "bin", ignore_errors=True)
    for record in site_packages.glob("*.dist-info/RECORD"):
        files = record.read_text(encoding="utf-8").splitlines(keepends=True)
        record.write_text("".join(line for line in files if not line.startswith("bin/")), encoding="utf-8")


def uv() -> str:
    """Return the path of uv.

    Raises:
        LaunchFailed: It is not installed.
    """
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if found is None:
        raise LaunchFailed("uv is needed: run `make package`, which installs it, or install it with `pip install uv`")
    return found


def prepare_starts(app: Path, python: str) -> None:
    """Make what every start would make anew in a read-only package, with the Python that will run it."""
    interpreter = interpreter_of(python)
    if interpreter is None:
        print(
            f"Not compiled: Python {python} is not installed here, so the app will start more slowly", file=sys.stderr
        )
        return
    compile_modules(app, interpreter)
    if not write_indexes(app, interpreter):
        print(
            "Not indexed: the packages do not run on this machine, so the app will start more slowly", file=sys.stderr
        )


def compile_modules(app: Path, interpreter: str) -> None:
    """Compile every module."""
    # Unchecked: an archive keeps no modification times that could be trusted, and its sources do not change.
    command = [interpreter, "-m", "compileall", "-q", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    # Paths inside the compiled code are those of Azure, not of this machine. Some packages carry templates that do not compile.
    subprocess.run([*command, "-s", str(app), "-p", "/home/site/wwwroot", str(app)], check=False)


def write_indexes(app: Path, interpreter: str) -> bool:
    """Write the indexes of the app's functions, for each way in which a deployment may know its callers and find manifests.

    Returns:
        Whether they could be made: the packages for Azure's platform do not run on every machine.
    """
    # A fixed seed: an index holds sets. Nothing else is compiled, as it would be for this machine.
    fixed = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    path = {"PYTHONPATH": str(app / SITE_PACKAGES)}
    command = [interpreter, "-S", "-c", "import function_index; function_index.write_unchecked_index()"]
    return all(
        subprocess.run(
            command,
            cwd=app,
            env={**fixed, **path, **identity, "MANIFEST_EVENTS": events},
            capture_output=True,
            check=False,
        ).returncode
        == 0
        for identity in ({}, {"IDENTITY": "entra"})
        for events in ("queue", "blob")  # no plan of Azure looks for blobs; the container image does
    )


def interpreter_of(python: str) -> str | None:
    """Return an interpreter of this version, or None."""
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    candidate = shutil.which(f"python{python}")
    if candidate is None:
        return None
    # A version manager's stand-in may be on the path without the version behind it.
    works = subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
    return candidate if works else None


def archive(app: Path, target: Path) -> Path:
    """Zip a folder so that the same content gives the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for path in sorted(path for path in app.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(app).as_posix(), _ARCHIVE_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            zipped.writestr(entry, path.read_bytes())
    return target


def parsed(arguments: Sequence[str]) -> Target:
    """Return the target, from the command line or else from the environment that azd hands to its hooks."""
    defaults = Target()
    parser = argparse.ArgumentParser(prog="python -m scripts.package", description="Build what Azure runs into dist/.")
    parser.add_argument("--plan", choices=plans(), default=os.environ.get("APP_PLAN") or defaults.plan)
    parser.add_argument("--backend", choices=backends(), default=os.environ.get("APP_BACKEND") or defaults.backend)
    parser.add_argument("--python", metavar="X.Y", default=os.environ.get("APP_PYTHON") or defaults.python)
    parser.add_argument("--partitions", default=os.environ.get("APP_PARTITIONS") or None, help="for the hub's life")
    chosen = parser.parse_args(arguments)
    try:
        partitions = chosen_partitions(chosen.partitions)
    except ValueError as error:
        parser.error(f"argument --partitions (APP_PARTITIONS): {error}")
    return Target(plan=chosen.plan, backend=chosen.backend, python=chosen.python, partitions=partitions)


def chosen_partitions(text: str | None) -> int | None:
    """Return how many partitions a task hub is to have; None for the default.

    Raises:
        ValueError: A task hub cannot have so many.
    """
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PARTITIONS:
        raise ValueError(f"must be from 1 to {MAX_PARTITIONS}")
    return int(text)


def warning(target: Target) -> str | None:
    """Return what is to be known of a count of partitions before it is deployed; None where none was chosen."""
    if target.partitions is None or target.backend != backends()[0]:
        return None
    return (
        f"{target.partitions} partitions, for the life of the task hub: deployed over a hub that has another count, its running "
        "orders are not found again (docs/capacity.md#partitions)"
    )


def main() -> int:
    """Build the package; return the exit code."""
    target = parsed(sys.argv[1:])
    if (said := warning(target)) is not None:
        print(said, file=sys.stderr)
    try:
        package = build(target, ROOT / "dist")
    except LaunchFailed as error:
        print(error, file=sys.stderr)
        return 1
    megabytes = package.stat().st_size / 1e6
    print(f"{package.relative_to(ROOT)}: {target.plan}, {target.backend}, Python {target.python}, {megabytes:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
