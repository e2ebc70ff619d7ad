"""The app under test: the one at ACCEPTANCE_URL, or one that is started as `make run` starts it."""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.acceptance.caller import Caller
from tests.support.launching import ROOT, launched


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of the app, without `/api`."""
    if named := os.environ.get("ACCEPTANCE_URL"):
        yield named.rstrip("/")
        return
    with launched([sys.executable, "-m", "scripts.run"], ROOT, tmp_path_factory.mktemp("state")) as app:
        app.wait_until_ready()
        yield app.base_url


@pytest.fixture
def caller(base_url: str) -> Iterator[Caller]:
    """Give a caller of the API that has the key of the app, if it needs one, and an id that no other test has."""
    with Caller(base_url, os.environ.get("ACCEPTANCE_KEY", "")) as calling:
        yield calling
