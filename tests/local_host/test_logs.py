"""Console logs: aligned, labelled with the function, and marked where an orchestrator only replays."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from local_host.logs import configure_logging
from local_host.testing import AppHost
from tests.local_host.conformance.support import on_conformance_app


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("local_host", "conformance")}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@on_conformance_app
async def test_what_an_orchestrator_says_again_in_a_replay_is_marked(app_host: AppHost) -> None:
    stream = io.StringIO()
    configure_logging({}, stream)
    await app_host.wait(await app_host.start("log_in_replay"))
    lines = [line.split(maxsplit=2)[2] for line in stream.getvalue().splitlines() if "step" in line]
    assert lines == [
        "log_in_replay            before the first step",
        "log_in_replay            (replay) before the first step",
        "log_in_replay            after the first step",
    ]


def test_there_are_no_colours_in_a_file_and_some_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for stream, coloured in ((io.StringIO(), False), (Terminal(), True)):
        configure_logging({}, stream)
        logging.getLogger("shop").warning("low on stock")
        assert "low on stock" in stream.getvalue()
        assert ("\x1b[" in stream.getvalue()) is coloured


def test_the_hosts_everyday_lines_are_for_terminals_only() -> None:
    for stream, shown in ((io.StringIO(), False), (Terminal(), True)):
        configure_logging({}, stream)
        logging.getLogger("local_host.http").info("GET /")
        logging.getLogger("local_host.http").warning("slow")
        assert ("GET /" in stream.getvalue()) is shown
        assert "slow" in stream.getvalue()


def test_levels_of_host_json_hold() -> None:
    stream = io.StringIO()
    configure_logging({"default": "Warning", "conformance": "Debug"}, stream)
    logging.getLogger("other").info("hidden")
    logging.getLogger("conformance").debug("shown")
    assert "hidden" not in stream.getvalue()
    assert "shown" in stream.getvalue()
