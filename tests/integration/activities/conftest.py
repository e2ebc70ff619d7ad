"""Activities with the app's own adapters, connected to the emulator and the stand-ins."""

import pytest

from sandbox.testing import Sandbox
from tests.support.shop import use_settings


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> None:
    use_settings(monkeypatch, storage_connection, sandbox)
