"""Start the commands as a person does, on a copy of the tree, and look at what they leave behind."""

import fcntl
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(rb"is ready after [\d.]+ s: (http://127\.0\.0\.1:\d+)")
GUIDE_END = b"go on at the next start."
START_TIMEOUT_S = 600.0
STOP_TIMEOUT_S = 300.0
POLL_INTERVAL_S = 0.02
PACKAGES = ("packages/durable-local-host/pyproject.toml", "packages/provider-sandbox/pyproject.toml")
INSTALLED_FROM = ("requirements-local.txt", "requirements-dev.txt", "package-lock.json", *PACKAGES)


def copy_tree(target: Path) -> Path:
    """Return what a clone of this tree would hold, changes that are not committed yet included."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def lend_installed_packages(tree: Path) -> None:
    """Let the copy use this tree's packages, so that `make` there finds everything installed."""
    (tree / ".venv").symlink_to(Path(sys.prefix))
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
    for name in INSTALLED_FROM:
        os.utime(tree / name, (0, 0))


def own_packages(tree: Path) -> str:
    """Return a PYTHONPATH for the copy's own packages where it has none installed, only lent ones."""
    lent = (tree / ".venv").is_symlink()
    return os.pathsep.join(str((tree / name).parent / "src") for name in PACKAGES) if lent else ""


@dataclass
class Launched:
    """A started command; everything it says is in `output`, also after its end."""

    process: subprocess.Popen[bytes]
    state: Path
    terminal: int
    output: bytearray = field(default_factory=bytearray)

    @property
    def base_url(self) -> str:
        match = READY.search(self.output)
        assert match, self.text
        return match[1].decode()

    @property
    def text(self) -> str:
        return self.output.decode(errors="replace").replace("\r\n", "\n")

    @property
    def launcher_pid(self) -> int:
        return int(json.loads((self.state / "run.json").read_text())["pid"])

    def pid_of(self, part: str) -> int:
        """Return the one process of this copy whose command line has that in it."""
        (pid,) = [pid for pid, command in processes_of(self.state).items() if part in command]
        return pid

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while GUIDE_END not in self.output:
            assert time.monotonic() < deadline, self.text
            assert self.read(), f"ended before it was ready:\n{self.text}"

    def press_ctrl_c(self) -> None:
        os.write(self.terminal, b"\x03")

    def wait(self) -> int:
        """Return the exit code, once it has ended and all its output is read."""
        while self.read():
            pass
        return self.process.wait(STOP_TIMEOUT_S)

    def read(self) -> bool:
        """One more piece of output; False when there is none left."""
        try:
            more = os.read(self.terminal, 4096)
        except OSError:  # every process that had the terminal open has ended
            return False
        self.output += more
        return bool(more)


@contextmanager
def launched(
    command: list[str], tree: Path, state: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Launched]:
    """Yield a command at a terminal of its own. Whatever still runs at the end of the block is ended."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": own_packages(tree), "STATE": str(state), "PORT": "0", **(environment or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - no other thread runs in a test worker
    )
    os.close(theirs)
    one = Launched(process, state, ours)
    try:
        yield one
    finally:
        if process.poll() is None:
            process.terminate()
            one.wait()
        os.close(ours)


@contextmanager
def running_app(tree: Path, state: Path, environment: Mapping[str, str] | None = None) -> Iterator[Launched]:
    """`make run`, ready."""
    with launched(["make", "run"], tree, state, environment) as one:
        one.wait_until_ready()
        yield one


def failed_run(tree: Path, state: Path, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Return what the launcher ends with when it cannot start: exit code and output."""
    with launched([".venv/bin/python", "-m", "scripts.run"], tree, state, environment) as one:
        return one.wait(), one.text


def processes_of(state: Path) -> dict[int, str]:
    """Command lines of the living processes that name this state folder, by pid; the launcher is not among them."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (command := _command_line(folder)) and str(state) in command:
            found[int(folder.name)] = command
    return found


def _command_line(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def wait_until_gone(state: Path) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while left := processes_of(state):
        assert time.monotonic() < deadline, left
        time.sleep(POLL_INTERVAL_S)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
