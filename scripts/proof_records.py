"""Record how each test ends, as it ends: a plugin of pytest (`-p scripts.proof_records`) that PROOF_RECORDS switches on.

A line for each event, so that what is known is known whatever becomes of pytest.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

FILE: Final = "PROOF_RECORDS"
"""The variable of the environment that names the file."""

_WORKER: Final = "PYTEST_XDIST_WORKER"
_ORDER: Final = ("passed", "skipped", "failed")


@dataclass
class Proof:
    """A test that has begun."""

    test: str
    outcome: str = "passed"
    seconds: float = 0.0
    has_ended: bool = False

    @property
    def file(self) -> str:
        """The file that it is in."""
        return self.test.partition("::")[0]


@dataclass
class Proofs:
    """What is known of a run.

    Attributes:
        count: Tests that were collected; 0 before.
        begun: Those that have begun, by their id.
    """

    count: int = 0
    begun: dict[str, Proof] = field(default_factory=dict)

    @property
    def ended(self) -> list[Proof]:
        """Those that have ended."""
        return [each for each in self.begun.values() if each.has_ended]

    @property
    def running(self) -> list[Proof]:
        """Those that have not."""
        return [each for each in self.begun.values() if not each.has_ended]


def read(lines: Iterable[str]) -> Proofs:
    """Return what a run has recorded. The last line may be half of one."""
    proofs = Proofs()
    for line in lines:
        if not line.endswith("\n"):
            break
        record = json.loads(line)
        if "count" in record:
            proofs.count = record["count"]
            continue
        proof = proofs.begun.setdefault(record["test"], Proof(record["test"]))
        proof.seconds += record.get("seconds", 0.0)
        proof.outcome = max(proof.outcome, record.get("outcome", "passed"), key=_ORDER.index)
        proof.has_ended |= record.get("phase") in ("teardown", "collect")
    return proofs


def pytest_collection_finish(session: pytest.Session) -> None:
    """Record how many tests there are."""
    _record(count=len(session.items))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(ids: Sequence[str]) -> None:
    """Record how many tests there are, where other processes collect and run them."""
    _record(count=len(ids))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Record a file that cannot be read as a test that failed."""
    if report.failed:
        _record(test=report.nodeid, outcome="failed", phase="collect")


def pytest_runtest_logstart(nodeid: str) -> None:
    """Record that a test begins."""
    _record(test=nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Record how a phase of a test ended."""
    _record(test=report.nodeid, outcome=report.outcome, phase=report.when, seconds=round(report.duration, 1))


def _record(**record: object) -> None:
    path = os.environ.get(FILE)
    if path and _WORKER not in os.environ:
        with Path(path).open("a", encoding="utf-8") as file:
            print(json.dumps(record), file=file)
