"""Console logs: aligned, labelled with the function, and marked where an orchestrator only replays."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from local_host.app.console_logs import configure_logging
from local_host.engine.log_categories import host_logger, write_from
from local_host.testing import AppHost
from local_host_tests.conformance.support import on_conformance_app


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    write_from(logging.NOTSET)


@on_conformance_app
async def test_what_an_orchestrator_says_again_in_a_replay_is_marked(app_host: AppHost) -> None:
    stream = io.StringIO()
    configure_logging({}, stream)
    await app_host.wait(await app_host.start("log_in_replay"))
    lines = [line.split(maxsplit=2)[2] for line in stream.getvalue().splitlines() if "step" in line]
    assert lines == [
        "Function.log_in_replay.User      before the first step",
        "Function.log_in_replay.User      (replay) before the first step",
        "Function.log_in_replay.User      after the first step",
    ]


def test_there_are_no_colours_in_a_file_and_some_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for stream, coloured in ((io.StringIO(), False), (Terminal(), True)):
        configure_logging({}, stream)
        host_logger("Host.Startup").warning("low on stock")
        assert "low on stock" in stream.getvalue()
        assert ("\x1b[" in stream.getvalue()) is coloured


@pytest.mark.parametrize(
    ("rules", "stream", "shown"),
    [
        ({}, io.StringIO(), False),
        ({}, Terminal(), True),
        ({"default": "Information"}, io.StringIO(), False),
        ({"default": "Warning"}, Terminal(), False),
        ({"Function": "Information"}, io.StringIO(), True),
        ({"Function.boom": "Information"}, io.StringIO(), True),
        ({"Function.fine": "Information"}, io.StringIO(), False),
        ({"Function": "Warning"}, Terminal(), False),
        ({"Host.Results": "Error"}, Terminal(), True),
    ],
)
def test_the_hosts_everyday_lines_are_for_terminals_or_for_who_asks(
    rules: dict[str, str], stream: io.StringIO, shown: bool
) -> None:
    configure_logging(rules, stream)
    host_logger("Function.boom").info("Executing")
    host_logger("Function.boom").error("Executed (Failed)")
    assert ("Executing" in stream.getvalue()) is shown
    assert "Executed (Failed)" in stream.getvalue()


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ({"default": "Error"}, {"ERROR"}),
        ({"Function.boom": "None"}, set()),
        ({"Function.b": "None"}, set()),
        ({"function.BOOM": "none"}, set()),
        ({"Function": "Warning"}, {"WARNING", "ERROR"}),
        ({"Function": "None", "Function.boom": "Error"}, {"ERROR"}),
        ({"Function.*.User": "None"}, {"WARNING", "ERROR"}),
        ({"Function.*m": "Error"}, {"ERROR"}),
        ({"Host.Results": "None", "Function.boom.User": "None"}, {"WARNING", "ERROR"}),
        ({"default": "None", "Function.boom": "Warning"}, {"WARNING", "ERROR"}),
    ],
)
def test_levels_of_host_json_hold_by_category_and_prefix(rules: dict[str, str], shown: set[str]) -> None:
    stream = io.StringIO()
    configure_logging(rules, stream)
    for level in ("WARNING", "ERROR"):
        host_logger("Function.boom").log(logging.getLevelName(level), "text")
    assert {line.split()[1] for line in stream.getvalue().splitlines()} == shown


@on_conformance_app
@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ({}, True),
        ({"Function.log_in_replay.User": "Warning"}, False),
        ({"Function": "Warning"}, False),
        ({"conformance": "Warning"}, True),
    ],
)
async def test_what_the_app_logs_has_the_category_of_its_function(
    app_host: AppHost, rules: dict[str, str], shown: bool
) -> None:
    stream = io.StringIO()
    configure_logging(rules, stream)
    await app_host.wait(await app_host.start("log_in_replay"))
    assert ("before the first step" in stream.getvalue()) is shown
