"""The example of docs/testing.md is one that runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_example_for_another_app_passes_as_it_is_written(tmp_path: Path) -> None:
    page = (ROOT / "docs/testing.md").read_text()
    app, conftest, tests = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[:3]
    files = {
        "function_app.py": app,
        "conftest.py": conftest,
        "test_approval.py": tests,
        "host.json": '{"version": "2.0"}',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "3 passed" in ended.stdout, ended.stdout + ended.stderr
