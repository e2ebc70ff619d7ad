"""pytest records of its tests what `make prove` says of them, also when it is interrupted."""

import os
import subprocess
import sys

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


def test_each_test_is_recorded_as_it_ends(tmp_path):
    (tmp_path / "test_all.py").write_text(TESTS)
    records = tmp_path / "records"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-c", os.devnull, "-p", proof_records.__name__]
    environment = {**os.environ, proof_records.FILE: str(records), "PYTHONPATH": str(ROOT)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    subprocess.run([*command, "test_all.py"], cwd=tmp_path, env=environment, capture_output=True, check=False)
    with records.open() as lines:
        proofs = proof_records.read(lines)
    assert proofs.count == 5
    assert {each.test.partition("::")[2]: each.outcome for each in proofs.ended} == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_is_skipped": "skipped",
        "test_has_no_fixture": "failed",
    }
    assert [each.test.partition("::")[2] for each in proofs.running] == ["test_is_interrupted"]
