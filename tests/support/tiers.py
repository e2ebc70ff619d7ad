"""Sort the tests into tiers by their folders, run the inner tiers first, and hold the innermost to what it promises.

`pytest -m unit` selects a tier, and so does its folder (`make unit`). The end of a run has one line per tier.
"""

import platform
import sys
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from _pytest.terminal import TerminalReporter

ROOT: Final = Path(__file__).parents[2]
TIERS: Final = {
    "unit": "one function or transition: no process, no network, no storage",
    "integration": "the app's parts against the storage emulator, the sandbox and the in-process host",
    "packages": "durable-local-host and provider-sandbox by themselves",
    "platform": "the app under the real Python worker runtime",
    "acceptance": "the promises of the README over HTTP alone, against any running app",
    "invariants": "random orders, faults and kills: money, stock and parcels balance",
    "browser": "the pages in a real browser",
}
"""The folders of tests, from the inside out, and what each tier is for."""

# Audit events of CPython (docs.python.org/3/library/audit_events.html). An event loop's own pair of sockets raises none of them.
_REFUSED: Final = frozenset(
    {
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "subprocess.Popen",
        "os.posix_spawn",
        "os.system",
        "os.fork",
    }
)


class NotAUnitTest(BaseException):
    """A unit test started a process or opened a connection: it belongs to another tier."""


class _Guard:
    """Refuses processes and connections while it is closed. An audit hook cannot be removed, so there is one for all tests."""

    def __init__(self) -> None:
        self.closed = False
        self._installed = False

    def close(self) -> None:
        if not self._installed:
            platform.processor()  # the standard library starts `uname` for it, once; Azure's clients want it in their user agent
            sys.addaudithook(self._refuse)
            self._installed = True
        self.closed = True

    def _refuse(self, event: str, _: object) -> None:
        if self.closed and event in _REFUSED:
            raise NotAUnitTest(event)


_GUARD: Final = _Guard()


def tier_of(path: Path) -> str | None:
    """Return the tier of a test file, or None for one outside the folders of tests."""
    parts = path.relative_to(ROOT).parts if path.is_relative_to(ROOT) else ()
    if parts[:1] == ("packages",):
        return "packages"
    return parts[1] if parts[:1] == ("tests",) and len(parts) > 2 and parts[1] in TIERS else None


def pytest_configure(config: pytest.Config) -> None:
    """Register one marker per tier."""
    for name, meaning in TIERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, and put the inner tiers first."""
    order = list(TIERS)
    for item in items:
        if tier := tier_of(item.path):
            item.add_marker(tier)
    items.sort(key=lambda item: order.index(tier) if (tier := tier_of(item.path)) else len(order))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Close the guard for as long as a unit test and its fixtures run."""
    if tier_of(item.path) == "unit":
        _GUARD.close()
    try:
        return (yield)
    finally:
        _GUARD.closed = False


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the outcomes and the seconds of each tier that ran."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: dict[str, float] = defaultdict(float)
    for category, reports in terminalreporter.stats.items():
        for report in (each for each in reports if isinstance(each, pytest.TestReport)):
            if tier := tier_of(ROOT / report.nodeid.partition("::")[0]):
                outcomes[tier][category] += 1
                seconds[tier] += report.duration
    for tier in filter(outcomes.__contains__, TIERS):
        counts = ", ".join(f"{count} {category}" for category, count in outcomes[tier].items() if category)
        terminalreporter.write_line(f"{tier:12} {counts} in {seconds[tier]:.0f} s")
