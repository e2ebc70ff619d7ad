"""The conformance checks: 72 observable facts about the real Functions host and Durable extension, each proved here.

`@pytest.mark.check(N)` says which one a test proves; `pytest -m "check"` runs them all, and `test_all_checks` sees to it
that none is missing.
"""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "check(*numbers): the conformance checks that a test proves")
