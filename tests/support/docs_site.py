"""The documentation as a site, built once per test process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does, in folders of the test, and return its root."""
    made = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "scripts.docs", "build", "--strict", "--site-dir", str(made)]
    staged = {"DOCS_STAGED": str(tmp_path_factory.mktemp("staged"))}
    built = subprocess.run(command, cwd=ROOT, env=os.environ | staged, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return made
