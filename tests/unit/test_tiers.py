"""A test belongs to the tier of its folder, and a unit test can start no process and open no connection."""

import re
import socket
import subprocess
import sys

import pytest

from tests.support.tiers import ROOT, TIERS, NotAUnitTest, tier_of
from tests.unit.docs.markdown import tracked

FILES = tracked()


def test_every_test_belongs_to_a_tier():
    tests = [name for name in FILES if name.rpartition("/")[2].startswith("test_") and name.endswith(".py")]
    assert len(tests) > 150
    assert [name for name in tests if tier_of(ROOT / name) is None] == []


def test_every_tier_is_a_target_and_has_tests():
    makefile = (ROOT / "Makefile").read_text()
    assert {tier_of(ROOT / name) for name in FILES} >= set(TIERS)
    assert [tier for tier in TIERS if f" {tier} " not in makefile.replace("\n", " ").replace(":", " ")] == []


def test_the_packages_are_tested_from_the_folders_whose_conftest_names_plugins():
    """Pytest refuses `pytest_plugins` below a folder that its command names."""
    [command] = re.findall(r"-m pytest -q -n 2 (packages\S*)", (ROOT / "Makefile").read_text())
    naming = [path.parent for path in ROOT.glob("packages/**/conftest.py") if "pytest_plugins" in path.read_text()]
    assert naming
    assert set(naming) <= set(ROOT.glob(command))


def test_the_marker_of_the_folder_is_on_the_test(request):
    assert request.node.get_closest_marker("unit")


def test_a_unit_test_cannot_start_a_process():
    with pytest.raises(NotAUnitTest, match="Popen"):
        subprocess.run([sys.executable, "-c", ""], check=False)


@pytest.mark.parametrize("call", ["connect", "bind"])
def test_a_unit_test_cannot_open_a_connection(call):
    with socket.socket() as tried, pytest.raises(NotAUnitTest, match=call):
        getattr(tried, call)(("127.0.0.1", 0))
