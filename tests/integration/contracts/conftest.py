"""What several suites share."""

from collections.abc import Iterator

import pytest

from tests.integration.adapters.scripted import Script, scripted_provider


@pytest.fixture
def script() -> Iterator[Script]:
    """Yield a provider that answers from a script."""
    with scripted_provider() as running:
        yield running
