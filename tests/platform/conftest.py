"""The real worker runtime exists from Python 3.13 on; with an older one these tests are skipped, and say why."""

import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_SKIP = pytest.mark.skip(reason="the worker runtime needs Python 3.13: `make platform` finds one")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.version_info < (3, 13):
        for item in items:
            if item.path.is_relative_to(_HERE):
                item.add_marker(_SKIP)
