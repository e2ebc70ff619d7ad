"""One copy of the whole system on this machine: storage, sandbox, mail catcher and app, started together and stopped in order.

The app stops first, while what it talks to still answers; Azurite last, by SIGTERM, because it keeps its newest seconds
in memory only.
"""

import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scripts.app_settings import app_environment, check_settings
from scripts.azurite import Ports, start_azurite
from scripts.node import ROOT
from scripts.ports import PortReservations, port_setting
from scripts.service import Service, wait_until_ready
from scripts.state import RunningCopy, StateFolder

DEFAULT_PORT = 7071
AZURITE_SETTINGS = ("AZURITE_BLOB_PORT", "AZURITE_QUEUE_PORT", "AZURITE_TABLE_PORT")
LOGS_REQUESTS = "AZURITE_LOGS_REQUESTS"
"""Set to anything: Azurite prints every request into its log."""

SANDBOX_READY = re.compile(r"^sandbox ready (http://\S+)", re.MULTILINE)
MAIL_READY = re.compile(r"^mail catcher ready (smtp://\S+)", re.MULTILINE)
APP_READY = re.compile(r"^local_host ready (http://\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Addresses:
    """Where everything listens; chosen before anything starts, so that all can start at once."""

    app: int
    sandbox: int
    mail: int
    azurite: Ports

    @classmethod
    def choose(cls, environment: Mapping[str, str], reservations: PortReservations) -> Self:
        """Take PORT, SANDBOX_PORT, MAIL_PORT and AZURITE_*_PORT; free ones for those not set. Raises LaunchFailed."""

        def reserve(setting: str, default: int = 0) -> int:
            return reservations.reserve(port_setting(environment, setting, default), setting=setting)

        app = reserve("PORT", DEFAULT_PORT)
        azurite = Ports(*(reserve(setting) for setting in AZURITE_SETTINGS))
        return cls(app, reserve("SANDBOX_PORT"), reserve("MAIL_PORT"), azurite)

    @property
    def base_url(self) -> str:
        """The address of the app."""
        return f"http://127.0.0.1:{self.app}"

    @property
    def sandbox_url(self) -> str:
        """The address of the provider sandbox."""
        return f"http://127.0.0.1:{self.sandbox}"

    @property
    def mail_url(self) -> str:
        """The address of the mail catcher."""
        return f"smtp://127.0.0.1:{self.mail}"

    def app_environment(self, folder: Path, given: Mapping[str, str]) -> dict[str, str]:
        """Return the app's environment, for the app in that folder. Raises LaunchFailed for a broken settings file."""
        return app_environment(
            folder,
            given,
            storage=self.azurite.connection_string,
            sandbox_url=self.sandbox_url,
            mail_url=self.mail_url,
            base_url=self.base_url,
        )


class LocalCopy:
    """The processes of one copy, the app first. Make it, `start`, and `stop` whatever happened in between."""

    def __init__(self, state: StateFolder, environment: Mapping[str, str]) -> None:
        self.state = state
        self.services: list[Service] = []
        self._environment = environment
        self._held = ExitStack()
        self.addresses = self._take_folder_and_ports()

    def _take_folder_and_ports(self) -> Addresses:
        reservations = PortReservations()
        self._held.callback(reservations.release)
        self._lock = self._held.enter_context(self.state.lock())
        return Addresses.choose(self._environment, reservations)

    def start(self, pid: int) -> None:
        """Start all at once; they do not wait for each other. pid: of this launcher, for other commands.

        Raises LaunchFailed for what is wrong with the app's settings.
        """
        where = self.addresses
        self.state.announce(RunningCopy(pid, where.base_url, where.sandbox_url))
        inherit = [self._lock.fileno()]
        # In the order in which they stop. It suits the start too: the app takes the longest.
        self.services.append(self._start_app(inherit))
        self.services.append(
            start_sandbox(self.state.sandbox, where.sandbox, log=self.log("sandbox"), keep_open=inherit)
        )
        self.services.append(start_mail_catcher(self.state.mails, where.mail, log=self.log("mail"), keep_open=inherit))
        self.services.append(self._start_azurite(inherit))
        # While they start, since it takes a moment. The app itself reads its settings with the first request.
        check_settings(where.app_environment(ROOT, self._environment))

    @property
    def app(self) -> Service:
        """The app's process, once it was started."""
        return self.services[0]

    def stop(self) -> list[str]:
        """Stop what runs, the app first and storage last. Returns the names of those that had to be killed."""
        killed = [service.name for service in self.services if not service.stop()]
        self._held.close()
        return killed

    def _start_app(self, inherit: Sequence[int]) -> Service:
        where = self.addresses
        settings = where.app_environment(ROOT, self._environment)
        options = ["--app", str(ROOT), "--port", str(where.app), "--state", str(self.state.hub)]
        return Service(
            "the app (local_host)",
            [sys.executable, "-m", "local_host", "start", *options],
            ready=APP_READY,
            log=self.log("app"),
            environment=settings,
            directory=ROOT,
            keep_open=inherit,
            # At once: it loses nothing by it, and would only meet storage and providers that are going away too.
            orphaned=signal.SIGKILL,
        )

    def _start_azurite(self, inherit: Sequence[int]) -> Service:
        return start_azurite(
            self.state.azurite,
            self.addresses.azurite,
            log=self.log("azurite"),
            logs_requests=LOGS_REQUESTS in self._environment,
            keep_open=inherit,
        )

    def log(self, name: str) -> Path:
        """Return the file of what a process prints."""
        return self.state.logs / f"{name}.log"


@contextmanager
def running_local_copy(state: Path, environment: Mapping[str, str] = os.environ) -> Iterator[LocalCopy]:
    """Yield a copy on free ports for the length of the block, its state in that folder. Raises LaunchFailed."""
    copy = LocalCopy(StateFolder(state), {**environment, "PORT": "0"})
    try:
        copy.start(os.getpid())
        wait_until_ready(copy.services)
        yield copy
    finally:
        copy.stop()


def start_sandbox(state: Path, port: int, *, log: Path, keep_open: Sequence[int] = ()) -> Service:
    """Return the stand-in for the payment provider and the carrier. state: its SQLite file."""
    return Service(
        "payment and carrier sandbox",
        [sys.executable, "-m", "sandbox", "--port", str(port), "--state", str(state)],
        ready=SANDBOX_READY,
        log=log,
        directory=ROOT,
        keep_open=keep_open,
    )


def start_mail_catcher(mails: Path, port: int, *, log: Path, keep_open: Sequence[int] = ()) -> Service:
    """Return the stand-in for a mail server. mails: the folder where it keeps what it is given."""
    return Service(
        "mail catcher",
        [sys.executable, "-m", "scripts.mail_catcher", "--port", str(port), "--mails", str(mails)],
        ready=MAIL_READY,
        log=log,
        directory=ROOT,
        keep_open=keep_open,
    )
