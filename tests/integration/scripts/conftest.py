"""A clean copy of the tree per test worker, and one per test for those that change it."""

from pathlib import Path

import pytest

from tests.support.launching import copy_tree, lend_installed_packages


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clean copy that tests only read."""
    return _copy(tmp_path_factory.mktemp("tree"))


@pytest.fixture
def own_tree(tmp_path: Path) -> Path:
    """Return a clean copy to spoil."""
    return _copy(tmp_path / "tree")


def _copy(target: Path) -> Path:
    lend_installed_packages(copy_tree(target))
    return target
