"""A child process that never outlives its parent."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.errors import LaunchFailed
from scripts.node import ROOT
from scripts.service import Service, wait_until_ready

SLEEPER = "import signal; print('up', flush=True); signal.pause()"
PARENT = f"""
import os, re, signal, sys
from pathlib import Path
from scripts.service import Service, wait_until_ready
child = Service("child", [sys.executable, "-c", {SLEEPER!r}], ready=re.compile("up"), log=Path(sys.argv[1]))
wait_until_ready([child])
os.kill(os.getpid(), signal.SIGKILL)
"""


def service(log: Path, code: str) -> Service:
    return Service("worker", [sys.executable, "-c", code], ready=re.compile("up"), log=log)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux signals to a child that its parent died")
def test_a_child_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    # The child inherits this pipe; its end is read when the last process that holds it has ended.
    ours, theirs = os.pipe()
    code = PARENT.replace("log=Path(sys.argv[1])", f"log=Path(sys.argv[1]), keep_open=[{theirs}]")
    parent = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "child.log")], cwd=ROOT, pass_fds=[theirs], check=False
    )
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        assert pipe.read() == b""
    assert parent.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("last_words", "reported"),
    [
        ("no such thing", r"^worker stopped \(exit code 1\): no such thing$"),
        (
            r"no such thing\nas a free lunch",
            r"^worker stopped \(exit code 1\)\. .*:\n  no such thing\n  as a free lunch$",
        ),
    ],
)
def test_a_service_that_ends_before_it_is_ready_is_reported_with_its_last_words(
    tmp_path: Path, last_words: str, reported: str
) -> None:
    broken = service(tmp_path / "worker.log", f"import sys; sys.exit('{last_words}')")

    with pytest.raises(LaunchFailed, match=reported):
        wait_until_ready([broken])


def test_a_service_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    mute = service(tmp_path / "worker.log", "import signal; signal.pause()")
    try:
        with pytest.raises(LaunchFailed, match="worker is not ready after 0 s"):
            wait_until_ready([mute], timeout_s=0)
    finally:
        mute.stop()


def test_a_service_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    deaf = service(tmp_path / "worker.log", code)
    wait_until_ready([deaf])

    assert deaf.stop(timeout_s=0) is False
    assert deaf.exit_code == -signal.SIGKILL


def test_the_log_of_the_run_before_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    for words in ("first", "second"):
        one = service(tmp_path / "worker.log", f"print('up {words}', flush=True); import signal; signal.pause()")
        wait_until_ready([one])
        one.stop()

    assert (tmp_path / "worker.previous.log").read_text() == "up first\n"
    assert (tmp_path / "worker.log").read_text() == "up second\n"
