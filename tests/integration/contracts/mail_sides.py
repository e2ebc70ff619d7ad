"""Each mail adapter with what the contract suite needs to know of it: what arrived, and how to have it refused."""

import asyncio
import email
import email.policy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, NamedTuple, Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from adapters.mail.azure import AzureMailer
from adapters.mail.smtp import SmtpMailer
from domain.ports import Mailer
from tests.integration.adapters.scripted import Script

SENDER = "shop@example.com"
SEND = "POST /emails:send"


class Arrived(NamedTuple):
    """A mail as the receiving side has it. repeat_id: by which it knows a repeat."""

    to: tuple[str, ...]
    sender: str
    subject: str
    text: str
    html: str
    repeat_id: str


class MailSide(Protocol):
    """One adapter."""

    mailer: Mailer

    def arrived(self) -> list[Arrived]:
        """Return the mails that were taken, oldest first."""

    def refuse(self, *, for_good: bool) -> None:
        """Refuse from now on."""

    def away(self) -> Mailer:
        """Return the mailer of an address where nothing listens."""


class _Handler:
    """What aiosmtpd calls, with the names that it gives."""

    def __init__(self) -> None:
        self.mails: list[tuple[tuple[str, ...], EmailMessage]] = []
        self.reply: str | None = None

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.reply is not None:
            return self.reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((tuple(envelope.rcpt_tos), mail))
        return "250 OK"


class SmtpSide:
    """smtplib, to aiosmtpd."""

    def __init__(self, handler: _Handler, url: str) -> None:
        self.mailer: Mailer = SmtpMailer(url, SENDER)
        self._handler = handler

    def arrived(self) -> list[Arrived]:
        return [
            Arrived(to, mail["From"], mail["Subject"], _part(mail, "plain"), _part(mail, "html"), mail["Message-ID"])
            for to, mail in self._handler.mails
        ]

    def refuse(self, *, for_good: bool) -> None:
        self._handler.reply = "550 5.1.1 no such mailbox" if for_good else "451 4.3.2 busy"

    def away(self) -> Mailer:
        return SmtpMailer("smtp://127.0.0.1:1", SENDER)


class AzureSide:
    """The SDK of Azure Communication Services over HTTP, to answers of the form that its reference gives."""

    def __init__(self, script: Script) -> None:
        self.mailer: Mailer = _azure(script.url)
        self._script = script
        script.answer(SEND, {"id": "8540c0de-899f-5cce-acb5-3ec493af3800", "status": "Running"}, 202)

    def arrived(self) -> list[Arrived]:
        calls = zip(self._script.bodies.get(SEND, []), self._script.headers.get(SEND, []), strict=True)
        return [_sent(json.loads(body), headers) for body, headers in calls]

    def refuse(self, *, for_good: bool) -> None:
        self._script.forget(SEND)
        error = {"error": {"code": "x", "message": "for ada@example.com"}}
        self._script.answer(SEND, error, 400 if for_good else 429)

    def away(self) -> Mailer:
        return _azure("http://127.0.0.1:1")


@contextmanager
def smtp_side() -> Iterator[SmtpSide]:
    """Yield the adapter with a mail server of its own, on a free port."""
    handler = _Handler()
    controller = _FreePort(handler, hostname="127.0.0.1", port=0, enable_SMTPUTF8=False)
    controller.start()
    try:
        yield SmtpSide(handler, f"smtp://127.0.0.1:{controller.port}")
    finally:
        controller.stop()


class _FreePort(Controller):
    """A controller that asks itself which port the system has chosen."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def _azure(url: str) -> AzureMailer:
    from azure.communication.email import EmailClient
    from azure.core.credentials import AzureKeyCredential

    return AzureMailer(EmailClient(url, AzureKeyCredential("a2V5"), retry_total=0), SENDER)


def _sent(message: dict[str, Any], headers: dict[str, str]) -> Arrived:
    content = message["content"]
    return Arrived(
        to=tuple(each["address"] for each in message["recipients"]["to"]),
        sender=message["senderAddress"],
        subject=content["subject"],
        text=content["plainText"],
        html=content["html"],
        repeat_id=headers["operation-id"],
    )


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
