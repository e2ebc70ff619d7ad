"""The app under test: the one at ACCEPTANCE_URL, or one that is started as `make run` starts it."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.caller import Caller
from tests.support.launching import ROOT, launched


@dataclass(frozen=True)
class AppUnderTest:
    """base_url: without `/api`. mails: the folder of the mail catcher; None where the mails go elsewhere."""

    base_url: str
    mails: Path | None


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppUnderTest]:
    """Give the app under test."""
    if named := os.environ.get("ACCEPTANCE_URL"):
        folder = os.environ.get("ACCEPTANCE_MAILS")
        yield AppUnderTest(named.rstrip("/"), Path(folder) if folder else None)
        return
    with launched([sys.executable, "-m", "scripts.run"], ROOT, tmp_path_factory.mktemp("state")) as started:
        started.wait_until_ready()
        yield AppUnderTest(started.base_url, started.state / "mails")


@pytest.fixture
def mails(app: AppUnderTest) -> Path:
    """Give the folder in which mails arrive; skip the test where there is none to read."""
    if app.mails is None:
        pytest.skip("the mails of this app go elsewhere: name the folder where they arrive, ACCEPTANCE_MAILS")
    return app.mails


@pytest.fixture
def caller(app: AppUnderTest) -> Iterator[Caller]:
    """Give a caller of the API that has a token for the app, if it needs one, and an id that no other test has."""
    with Caller(app.base_url, os.environ.get("ACCEPTANCE_TOKEN", "")) as calling:
        yield calling
