"""What a host writes on a terminal and into a pipe, with the app in the worker process and in its own."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from local_host.testing.process import HostProcess
from local_host_tests.conformance.process import host_process

APP = Path(__file__).parent / "apps" / "failing"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
IN_PROCESS = ("--in-process",)
EVERYWHERE = pytest.mark.parametrize("on_terminal", [True, False], ids=["terminal", "pipe"])
EVERYHOW = pytest.mark.parametrize("options", [(), IN_PROCESS], ids=["worker-process", "in-process"])


class Console:
    """The other end of a host's standard error."""

    def __init__(self, reading: int, writing: int) -> None:
        self.input = open(writing, "w")  # noqa: SIM115 - closed when the host is gone
        self._reading = reading
        self._bytes = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        return COLOURS.sub("", self._bytes.decode()).replace("\r\n", "\n")

    def close(self) -> None:
        self.input.close()
        self._thread.join()
        os.close(self._reading)

    def _read(self) -> None:
        try:
            while part := os.read(self._reading, 65536):
                self._bytes += part
        except OSError:
            return  # a terminal whose other end is closed


@contextmanager
def running(
    tmp_path: Path, options: Sequence[str], *, on_terminal: bool, levels: dict[str, str] | None = None
) -> Iterator[tuple[HostProcess, Console]]:
    console = Console(*(os.openpty() if on_terminal else os.pipe()))
    environment = {f"AzureFunctionsJobHost__logging__logLevel__{name}": level for name, level in (levels or {}).items()}
    try:
        with host_process(
            tmp_path / "hub.db", app=APP, options=options, environment=environment, log=console.input
        ) as host:
            yield host, console
    finally:
        console.close()


def get(host: HostProcess, path: str) -> None:
    try:
        host.request("GET", path)
    except (HTTPError, ValueError):
        return


@EVERYHOW
@EVERYWHERE
def test_each_failure_is_written_once_with_stack_and_cause(
    tmp_path: Path, options: Sequence[str], on_terminal: bool
) -> None:
    with running(tmp_path, options, on_terminal=on_terminal) as (host, console):
        for orchestrator in ("retries", "raises", "calls_entity"):
            host.ended(host.start(orchestrator))
        get(host, "/api/fails")
        host.terminate()
    text = console.text
    for function, level, marker, count in (
        ("boom", "WARNING", "ValueError: activity bug marker", 2),
        ("boom", "ERROR", "ValueError: activity bug marker", 1),
        ("raises", "ERROR", "RuntimeError: orchestrator bug marker", 1),
        ("counter", "ERROR", "ValueError: entity bug marker", 1),
        ("fails", "ERROR", "ValueError: http bug marker", 1),
    ):
        head = rf"^[\d:.]+ {level} +Function\.{function} +Executed 'Functions\.{function}' \(Failed, Id=[\w-]+, Duration=\d+ms\)"
        body = rf"\n(?:(?!^[\d:.]+ ).*\n)*?Exception: {marker}\nStack: (?:(?!^[\d:.]+ ).*\n)*?.*, in {function}\n"
        assert len(re.findall(head + body, text, re.MULTILINE)) == count, (function, level, text)
    assert text.count("\ncaused by KeyError: 'root cause marker'\n") == 4
    assert "$OutOfProcData$" not in text
    assert ("Executed 'Functions.fine' (Succeeded, Id=" in text) is on_terminal
    assert ("Executing 'Functions.fine' (Reason='(null)', Id=" in text) is on_terminal


@EVERYHOW
@EVERYWHERE
def test_lines_without_an_invocation_are_dropped_and_that_is_said_once(
    tmp_path: Path, options: Sequence[str], on_terminal: bool
) -> None:
    with running(tmp_path, options, on_terminal=on_terminal) as (host, console):
        get(host, "/api/logs")
        get(host, "/api/logs-in-thread")
        get(host, "/api/logs")
        host.terminate()
    text = console.text
    for category, line, count in (
        ("Function.logs.User", "line of the function", 2),
        ("Function.logs.User", "line of a task", 2),
        ("Function.logs.User", "line of a thread with the id", 2),
        ("Function.logs_in_thread.User", "line of a function in a thread", 1),
        ("Function.logs_in_thread.User", "line of a task", 1),
    ):
        assert len(re.findall(rf"INFO +{re.escape(category)} +{line}$", text, re.MULTILINE)) == count, (line, text)
    assert "lost line" not in text
    assert "imported" not in text
    reports = [line for line in text.splitlines() if "the Functions host drops such lines" in line]
    assert len(reports) == 2, reports
    assert "Logger 'shop' is used without an invocation (thread MainThread)" in reports[0]
    assert "Logger 'shop' is used outside the invocation of 'logs' (thread asyncio_0)" in reports[1]


@EVERYWHERE
def test_a_killed_worker_is_logged_as_on_the_real_host(tmp_path: Path, on_terminal: bool) -> None:
    with running(tmp_path, (), on_terminal=on_terminal) as (host, console):
        host.ended(host.start("loses_its_worker"))
        host.terminate()
    exited = (
        r"Microsoft\.Azure\.WebJobs\.Script\.Workers\.WorkerProcessExitException: \S+ exited with code 137 \(0x89\)"
    )
    of_worker = rf"ERROR +Worker\.rpcWorkerProcess\.python +Language Worker Process exited\. Pid=\d+\.\n{exited}\n"
    of_call = (
        r"ERROR +Function\.killed +Executed 'Functions\.killed' \(Failed, Id=[\w-]+, Duration=\d+ms\)\n"
        rf"Exception while executing function: Functions\.killed \(.*\)\n{exited}\n"
    )
    assert len(re.findall(of_worker, console.text)) == 1, console.text
    assert len(re.findall(of_call, console.text)) == 1, console.text


@EVERYHOW
@pytest.mark.parametrize(
    ("levels", "shown", "hidden"),
    [
        ({"Function.boom": "None"}, ["Function.calls_failing "], ["Function.boom "]),
        ({"Function": "Information"}, ["Executed 'Functions.fine' (Succeeded"], []),
        ({"Host.Results": "None"}, ["Function.boom ", "line of the function"], []),
        ({"default": "Error"}, ["Function.boom "], ["line of the function"]),
        (
            {"Function.logs.User": "Warning"},
            ["Function.boom ", "line of a function in a thread"],
            ["line of the function"],
        ),
    ],
    ids=str,
)
def test_levels_of_host_json_hold_in_both_processes(
    tmp_path: Path, options: Sequence[str], levels: dict[str, str], shown: list[str], hidden: list[str]
) -> None:
    with running(tmp_path, options, on_terminal=False, levels=levels) as (host, console):
        for orchestrator in ("calls_failing", "raises"):
            host.ended(host.start(orchestrator))
        get(host, "/api/logs")
        get(host, "/api/logs-in-thread")
        host.terminate()
    for text in shown:
        assert text in console.text
    for text in hidden:
        assert text not in console.text
