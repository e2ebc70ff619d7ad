"""The pytest plugin: the fixture `app_host`, its marker and its setting.

[tool.pytest.ini_options]
app_host_dir = "src"            # where function_app.py is; the root folder without this

@pytest.mark.app_host(app="tests/apps/chain", settings={"GREETING": "hello"}, on_file=True)
async def test_...(app_host): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from local_host.hosting.host import MEMORY
from local_host.testing.app_host import AppHost, running_app


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting `app_host_dir`."""
    parser.addini("app_host_dir", "the folder of the app that the fixture app_host runs", default=".")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker `app_host`."""
    config.addinivalue_line(
        "markers",
        "app_host(app=DIR, settings={}, on_file=False, with_triggers=False, redelivers_late=False): what the fixture "
        "app_host runs, with which environment variables, whether its state is kept in a file, so that it can be "
        "restarted, whether timers, queues and blobs trigger functions by themselves, and whether what was in hand at a "
        "restart comes again as late as in Azure",
    )


@pytest_asyncio.fixture
async def app_host(request: pytest.FixtureRequest) -> AsyncIterator[AppHost]:
    """Yield a running app, fresh for each test."""
    options = _options(request)
    directory = request.config.rootpath / options.get("app", request.config.getini("app_host_dir"))
    state = str(request.getfixturevalue("tmp_path") / "hub.db") if options.get("on_file") else MEMORY
    async with running_app(
        directory,
        state=state,
        settings=options.get("settings"),
        with_triggers=bool(options.get("with_triggers")),
        redelivers_late=bool(options.get("redelivers_late")),
    ) as host:
        yield host


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the keywords of all `app_host` markers; the one nearest to the test wins."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("app_host"))):
        options.update(marker.kwargs)
    if unknown := set(options) - {"app", "settings", "on_file", "with_triggers", "redelivers_late"}:
        raise pytest.UsageError(f"The marker app_host has no option {', '.join(sorted(unknown))}.")
    return options
