"""Azurite, the Azure Storage emulator: start it, know where it listens, stop it.

It writes its tables and queues to disk every few seconds and when SIGTERM ends it; killed otherwise it forgets the last
seconds. So its starter stops it by `stop`, and SIGKILL is the last resort only.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import LaunchFailed
from scripts.node import ROOT, require_node
from scripts.service import Service, wait_until_ready

SCRIPT = ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
# The emulator's one account, the same in every installation and in Microsoft's documentation: no secret.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
LISTENING = r"Azurite {} service is successfully listening at http://127\.0\.0\.1:(\d+)"
# The three services start one after the other; the tables are the last.
READY = re.compile(LISTENING.format("Table"))


@dataclass(frozen=True)
class Ports:
    """Where the three services listen; 0: a free port that Azurite chooses."""

    blob: int
    queue: int
    table: int

    @property
    def connection_string(self) -> str:
        """The connection string of the emulator's account."""
        endpoints = (("Blob", self.blob), ("Queue", self.queue), ("Table", self.table))
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};" + "".join(
            f"{service}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};" for service, port in endpoints
        )


def start_azurite(
    data: Path, ports: Ports, *, log: Path, logs_requests: bool = False, keep_open: Sequence[int] = ()
) -> Service:
    """Start it without waiting. Raises LaunchFailed when it is not installed.

    Args:
        data: Its folder, made when missing.
        ports: Where it is to listen.
        log: The file of what it prints.
        logs_requests: Whether it prints every request.
        keep_open: File descriptors that it inherits.
    """
    if not SCRIPT.exists():
        raise LaunchFailed("Azurite is not installed: run `make node_modules`")
    data.mkdir(parents=True, exist_ok=True)
    options = ["--skipApiVersionCheck", "--disableTelemetry", "-l", str(data), *([] if logs_requests else ["--silent"])]
    listen = ["--blobPort", str(ports.blob), "--queuePort", str(ports.queue), "--tablePort", str(ports.table)]
    command = [str(require_node().node), str(SCRIPT), *options, *listen]
    return Service("storage (Azurite)", command, ready=READY, log=log, keep_open=keep_open)


@contextmanager
def running_azurite(data: Path) -> Iterator[Ports]:
    """Yield an Azurite on free ports for the length of the block; yields where it listens. Its log is data/azurite.log."""
    service = start_azurite(data, Ports(0, 0, 0), log=data / "azurite.log")
    try:
        wait_until_ready([service])
        yield listening_ports(service)
    finally:
        service.stop()


def listening_ports(service: Service) -> Ports:
    """Return the ports that a ready Azurite reports."""
    text = service.log.read_text()
    found = (re.search(LISTENING.format(name), text) for name in ("Blob", "Queue", "Table"))
    return Ports(*(int(match[1]) for match in found if match))
