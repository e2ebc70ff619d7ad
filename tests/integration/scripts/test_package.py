"""What is deployed: the tree without what .funcignore names."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.launching import ROOT


def git_lists(*arguments: str) -> set[str]:
    listing = ["git", "ls-files", "-z", "--cached", "--others", *arguments]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name for name in names if name and (ROOT / name).exists()}


def deployed_files() -> set[str]:
    return git_lists("--exclude-standard") - git_lists("--ignored", "--exclude-from=.funcignore")


def test_the_deployed_files_are_enough_to_load_the_app(tmp_path: Path) -> None:
    for name in deployed_files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)

    subprocess.run([sys.executable, "-c", "import function_app"], cwd=tmp_path, check=True)


def test_nothing_else_is_deployed() -> None:
    top = {name.partition("/")[0] for name in deployed_files()}

    assert top == {
        "blueprints.py",
        "function_index.py",
        "setting_forms.py",
        "console",
        "function_app.py",
        "host.json",
        "identity_settings.py",
        "mail_settings.py",
        "tracing_settings.py",
        "requirements.txt",
        "setting_values.py",
        "settings.py",
        "activities",
        "adapters",
        "domain",
        "entities",
        "orchestrators",
        "services",
        "triggers",
    }
