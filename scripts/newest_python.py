"""The newest Python from 3.13 on that this machine has, for the tests that need one: `python -m scripts.newest_python`.

A Python counts when it runs. Version managers put stand-ins on the path that do not, unless a version was chosen; so those
that pyenv has installed are looked at themselves.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MIN_PYTHON_MINOR: Final = 13
"""The minor version of the oldest Python that the worker runtime exists for."""
MAX_PYTHON_MINOR: Final = 14
"""That of the newest one that the requirements hold for."""
_PRINT_VERSION: Final = "import sys; print(sys.version_info.minor)"


def newest() -> str | None:
    """Return the path of the newest Python that fits; None where there is none."""
    for minor in range(MAX_PYTHON_MINOR, MIN_PYTHON_MINOR - 1, -1):
        for candidate in _candidates(minor):
            if _minor_of(candidate) == minor:
                return candidate
    return None


def _candidates(minor: int) -> Iterator[str]:
    if sys.version_info[:2] == (3, minor):
        yield sys.executable
    if (on_path := shutil.which(f"python3.{minor}")) is not None:
        yield on_path
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    versions = (root / "versions").glob(f"3.{minor}.*")
    yield from map(str, sorted((version / "bin" / "python" for version in versions), key=_patch, reverse=True))


def _patch(python: Path) -> tuple[int, str]:
    """By number: 3.13.10 is newer than 3.13.9; a pre-release, `3.14.0rc1` or `3.14-dev`, is older than all releases."""
    last = python.parents[1].name.rpartition(".")[2]
    return (int(last) if last.isdigit() else -1, last)


def _minor_of(python: str) -> int | None:
    """None when it does not run."""
    try:
        done = subprocess.run([python, "-c", _PRINT_VERSION], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip().isdigit() else None


if __name__ == "__main__":
    print(newest() or "")
