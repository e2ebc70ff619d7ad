"""The mails that the app has sent: a mail server in the test's process, which keeps them by Message-ID."""

import asyncio
import email
import email.policy
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest

from scripts.mail_catcher import MailCatcher


@dataclass
class Mailbox:
    """A running mail server. taken: how many mails came, repeats included. mails, times: by Message-ID."""

    catcher: MailCatcher = field(init=False)
    url: str = ""
    taken: int = 0
    mails: dict[str, EmailMessage] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.catcher = MailCatcher(self._keep)

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to a person, oldest first."""
        return [mail for mail in self.mails.values() if address in str(mail["To"])]

    def refuse(self, reply: str | None) -> None:
        """Answer every recipient with this, `451 busy` say; None: take them again."""
        self.catcher.refuse = reply

    def _keep(self, raw: bytes) -> None:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.taken += 1
        self.mails[str(mail["Message-ID"])] = mail
        self.times[str(mail["Message-ID"])] += 1


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """kind: plain or html."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def _end(server: asyncio.Server) -> None:
    """Close the server and its connections, which senders keep for a while."""
    server.close()
    conversations = asyncio.all_tasks() - {asyncio.current_task()}
    for each in conversations:
        each.cancel()
    await asyncio.gather(*conversations, return_exceptions=True)


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """Yield a mail server in a thread, on a free port, for the length of the block."""
    mailbox, loop = Mailbox(), asyncio.new_event_loop()
    server = loop.run_until_complete(mailbox.catcher.serve(0))
    mailbox.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        server_ended = asyncio.run_coroutine_threadsafe(_end(server), loop)
        server_ended.result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as running:
        yield running
