"""The payment provider's and the carrier's stand-in for tests: a fresh one per test, so that ledgers are a test's own."""

from collections.abc import Iterator

import pytest

from sandbox.testing import Sandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a sandbox in a thread of the test's process, on a free port and with an empty ledger."""
    with running_sandbox() as running:
        yield running
