"""Runs the cases of one configuration against `local_host`: real processes, a real storage emulator, free ports."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from local_host.testing.azurite import Azurite
from local_host_tests.conformance.process import host_process

HERE = Path(__file__).parent
_DRIVER = HERE / "drive_anywhere.py"
_ACCOUNT = "devstoreaccount1"
# Most of a case is waiting, so all of them run side by side.
_PARALLEL = 40


def recorded_cases(configuration: str) -> list[str]:
    """Return the names of the cases of that configuration."""
    listing = subprocess.run([sys.executable, str(_DRIVER), "list"], check=True, capture_output=True, text=True).stdout
    suffix = {"main": "", "variant": " [variant]", "crash": " [crash]"}[configuration]
    names = (line.replace(" (serial)", "") for line in listing.splitlines())
    return [name.removesuffix(suffix) for name in names if name.endswith("]") == bool(suffix) and name.endswith(suffix)]


def recording(case: str) -> dict[str, Any]:
    """Return what the real host did."""
    return _read(HERE / "recordings", case)


def run_side_by_side(
    configuration: str, cases: Sequence[str], azurite: Azurite, folder: Path
) -> dict[str, dict[str, Any]]:
    """Run the cases against one host; returns what `local_host` did, by case."""
    return _run(configuration, cases, azurite, folder)


def run_apart(configuration: str, cases: Sequence[str], azurite: Azurite, folder: Path) -> dict[str, dict[str, Any]]:
    """Run each case against a host of its own, as it may not survive."""
    with ThreadPoolExecutor(len(cases)) as pool:
        results = pool.map(lambda case: _run(configuration, [case], azurite, folder / case), cases)
    return {name: result for each in results for name, result in each.items()}


def _run(configuration: str, cases: Sequence[str], azurite: Azurite, folder: Path) -> dict[str, dict[str, Any]]:
    app, scratch, out = folder / "app", folder / "scratch", folder / "out"
    shutil.copytree(HERE / "app", app)
    scratch.mkdir()
    if configuration == "variant":
        shutil.copy(app / "host.variant.json", app / "host.json")
    settings = {"AzureWebJobsStorage": azurite.new_account(), "CONFORMANCE_SCRATCH": str(scratch)}
    with host_process(folder / "hub.db", app=app, environment=settings) as host:
        options = ["--base-url", host.url, "--out", str(out), "--config", configuration, "--rest", "0"]
        command = [sys.executable, str(_DRIVER), "run", *options, "--parallel", str(_PARALLEL), "--only", *cases]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    used = settings["AzureWebJobsStorage"].partition("AccountName=")[2].partition(";")[0]
    found = {path.stem for path in out.glob("*.json")}.intersection(cases)  # `--only` takes parts of names
    return {case: _read(out, case, used) for case in sorted(found)}


def _read(folder: Path, case: str, account: str = _ACCOUNT) -> dict[str, Any]:
    """account: the storage account of that run, which becomes the one of the recordings."""
    text = (folder / f"{case}.json").read_text(encoding="utf-8")
    return dict(json.loads(text.replace(account, _ACCOUNT)))
