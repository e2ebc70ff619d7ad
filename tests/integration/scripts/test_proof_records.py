"""pytest records of its tests what `make prove` says of them, also when it is interrupted."""

import os
import subprocess
import sys
from pathlib import Path

from scripts import proof_records
from tests.support.shop import ROOT

TESTS = """
import pytest
def test_passes(): pass
def test_fails(): assert False
@pytest.mark.skip
def test_is_skipped(): pass
@pytest.fixture
def broken(): raise ValueError
def test_has_no_fixture(broken): pass
def test_is_interrupted(): raise KeyboardInterrupt
"""


def recorded(folder: Path, tests: str, *options: str) -> proof_records.Proofs:
    (folder / "test_all.py").write_text(tests)
    records = folder / "records"
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", proof_records.__name__, *options]
    environment = {**os.environ, proof_records.FILE: str(records), "PYTHONPATH": str(ROOT)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    subprocess.run([*command, "test_all.py"], cwd=folder, env=environment, capture_output=True, check=False)
    with records.open() as lines:
        return proof_records.read(lines)


def test_each_test_is_recorded_as_it_ends(tmp_path):
    proofs = recorded(tmp_path, TESTS, "-n", "0")
    assert proofs.count == 5
    assert {each.test.partition("::")[2]: each.outcome for each in proofs.ended} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_is_skipped": "skipped",
        "test_has_no_fixture": "failed",
    }
    assert [each.test.partition("::")[2] for each in proofs.running] == ["test_is_interrupted"]


def test_tests_of_two_processes_are_counted_once(tmp_path):
    proofs = recorded(tmp_path, TESTS.rpartition("def ")[0], "-n", "2")
    assert proofs.count == 4
    assert sorted(each.outcome for each in proofs.ended) == ["failed", "failed", "passed", "skipped"]
    assert proofs.running == []
