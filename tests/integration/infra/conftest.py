"""The command lines that hooks call, where their tests find them."""

import os

import pytest

from tests.support.azure_cli import OUTPUTS, Cli


@pytest.fixture
def cli(tmp_path, monkeypatch):
    """Put the Azure CLI and azd in front of those of this machine, and hand out the outputs that azd hands to a hook."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name, value in OUTPUTS.items():
        monkeypatch.setenv(name, value)
    return Cli(folder)
