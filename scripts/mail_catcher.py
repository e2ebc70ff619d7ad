"""A mail server for this machine: it takes every mail, delivers none, and keeps each as files to be read.

python -m scripts.mail_catcher --port 0 --mails DIR      prints: mail catcher ready smtp://127.0.0.1:41234

A mail is kept under its Message-ID, `.eml` for mail programs and `.html` for browsers: a mail that is sent again replaces itself.
It speaks as much of SMTP (RFC 5321) as one polite sender on the same machine needs.
"""

import argparse
import asyncio
import contextlib
import email
import email.policy
import os
import re
import signal
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Final

MAX_MAIL_BYTES: Final = 10 * 1024 * 1024
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@._-]+")

Keep = Callable[[bytes], None]


class MailCatcher:
    """keep: what to do with each mail, whole. refuse: a reply such as `451 busy`, given to every recipient while it is set.

    smtputf8: whether it takes addresses outside ASCII (RFC 6531), as many servers do not.
    """

    def __init__(self, keep: Keep) -> None:
        self.refuse: str | None = None
        self.smtputf8 = False
        self._keep = keep

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on a port of this machine."""
        return await asyncio.start_server(self._converse, "127.0.0.1", port, limit=MAX_MAIL_BYTES)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A sender that hangs up or sends a line without an end is no concern of the others. A conversation is cut short by our end.
        strays = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError)
        with contextlib.closing(writer), contextlib.suppress(*strays):
            await _say(writer, "220 durable-orders mail catcher")
            while (line := await reader.readuntil(b"\r\n")) and not line.upper().startswith(b"QUIT"):
                await self._answer(line.decode("latin-1").strip(), reader, writer)
            await _say(writer, "221 bye")

    async def _answer(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match line.upper().split(" ", 1)[0]:
            case "EHLO" | "HELO":
                more = "250-SMTPUTF8\r\n" if self.smtputf8 else ""
                await _say(writer, f"250-localhost\r\n250-8BITMIME\r\n{more}250 SIZE {MAX_MAIL_BYTES}")
            case "MAIL" | "RCPT" if not line.isascii() and not self.smtputf8:
                await _say(writer, "553 5.6.7 an address must be ASCII")
            case "RCPT" if self.refuse:
                await _say(writer, self.refuse)
            case "DATA":
                await _say(writer, "354 go on")
                raw = await reader.readuntil(b"\r\n.\r\n")
                self._keep(raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
                await _say(writer, "250 kept")
            case "MAIL" | "RCPT" | "RSET" | "NOOP":
                await _say(writer, "250 ok")
            case _:
                await _say(writer, "502 not known here")


async def _say(writer: asyncio.StreamWriter, reply: str) -> None:
    writer.write(f"{reply}\r\n".encode())
    await writer.drain()


def into_folder(folder: Path) -> Keep:
    """Keep mails as files. A file is whole as soon as it is seen."""
    folder.mkdir(parents=True, exist_ok=True)

    def keep(raw: bytes) -> None:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        name = _UNSAFE.sub("_", str(mail["Message-ID"] or "mail").strip("<>")).lstrip(".")[:150]
        _write(folder / f"{name}.eml", raw)
        page = mail.get_body(("html",))
        if isinstance(page, EmailMessage):
            _write(folder / f"{name}.html", page.get_content().encode())

    return keep


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.part")  # hidden, and so not read as a mail
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


async def run(port: int, mails: Path) -> None:
    """Serve until the process is asked to stop."""
    server = await MailCatcher(into_folder(mails)).serve(port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"mail catcher ready smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


def main() -> None:
    """Serve on the port that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.mail_catcher", description="Keep mails instead of sending them."
    )
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--mails", type=Path, required=True, help="folder to keep them in")
    options = parser.parse_args()
    asyncio.run(run(options.port, options.mails))


if __name__ == "__main__":
    main()
