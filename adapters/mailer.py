"""Send mails: through Azure Communication Services by identity, or by SMTP to any other server.

A repeat carries the same id, as the operation's (Azure) or as `Message-ID` (SMTP), so that it is dropped where the receiving side
can tell. Neither addresses nor texts are repeated in errors.
"""

import smtplib
import ssl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from domain.errors import ProviderUnavailable
from domain.mail import Mail
from domain.steps import StepResult
from settings import MailSettings

if TYPE_CHECKING:
    from azure.communication.email import EmailClient

ANSWER_S: Final = 20
_OPERATIONS: Final = uuid.UUID("5c1a9ac7-6d0c-4a55-9a10-0d0f2e4a1f3c")
_CONFLICT: Final = 409
_NOT_ABOUT_THIS_MAIL: Final = frozenset({401, 403, 404, 408, 429})


class Mailer(Protocol):
    """Whatever sends mails."""

    def send(self, mail: Mail) -> StepResult:
        """Refused: mail_refused. Raises ProviderUnavailable when the same mail is worth sending again."""


def connect(mail: MailSettings) -> Mailer:
    """The one that the settings ask for."""
    if mail.endpoint:
        return AzureMailer.connect(mail.endpoint, mail.client_id, mail.sender)
    if mail.smtp_url:
        return SmtpMailer(mail.smtp_url, mail.sender)
    return NoMailer()


class NoMailer:
    """For a shop that has set up no mails yet: what it should have sent is parked, and can be replayed."""

    def send(self, mail: Mail) -> StepResult:
        return StepResult.faulted("mail_not_set_up", "neither MAIL_ENDPOINT nor SMTP_URL is set")


class AzureMailer:
    """Azure Communication Services. It has taken a mail when it says so; bounces are seen in its own logs."""

    def __init__(self, client: "EmailClient", sender: str) -> None:
        self._client = client
        self._sender = sender

    @classmethod
    def connect(cls, endpoint: str, client_id: str | None, sender: str) -> "AzureMailer":
        """client_id: of the user-assigned identity; None for the default credential."""
        from azure.communication.email import EmailClient
        from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

        credential = ManagedIdentityCredential(client_id=client_id) if client_id else DefaultAzureCredential()
        return cls(EmailClient(endpoint, credential, retry_total=2, read_timeout=ANSWER_S), sender)

    def send(self, mail: Mail) -> StepResult:
        from azure.core.exceptions import AzureError, HttpResponseError

        operation_id = str(uuid.uuid5(_OPERATIONS, mail.message_id))
        message: Any = {
            "senderAddress": self._sender,
            "recipients": {"to": [{"address": address} for address in mail.to]},
            "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
        }
        try:
            self._client.begin_send(message, operation_id=operation_id, polling=False)
        except HttpResponseError as error:
            return _azure_verdict(error.status_code, operation_id)
        except AzureError as error:
            raise ProviderUnavailable(f"the mail service did not answer ({type(error).__name__})") from None
        return StepResult(reference=operation_id)


class SmtpMailer:
    """Any mail server. A password is only sent over TLS, or to this machine."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender

    def send(self, mail: Mail) -> StepResult:
        try:
            with _smtp_errors(), self._session() as session:
                session.send_message(self._message(mail))
        except _MailRefused as refusal:
            return StepResult.refused("mail_refused", f"the mail server refused the mail ({refusal.code})")
        return StepResult(reference=mail.message_id)

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(mail.to)
        message["Subject"] = mail.subject
        message["Message-ID"] = f"<{mail.message_id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        host, tls = str(self._url.hostname), ssl.create_default_context()
        session: smtplib.SMTP
        if self._url.scheme == "smtps":
            session = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=ANSWER_S, context=tls)
        else:
            session = smtplib.SMTP(host, self._url.port or 587, timeout=ANSWER_S)
        with session:
            session.ehlo()
            if self._url.scheme == "smtp" and session.has_extn("starttls"):
                session.starttls(context=tls)
                session.ehlo()
            self._log_in(session)
            yield session

    def _log_in(self, session: smtplib.SMTP) -> None:
        if not self._url.username:
            return
        if not isinstance(session.sock, ssl.SSLSocket) and self._url.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ProviderUnavailable("the mail server offers no TLS, and a password is not sent without")
        session.login(unquote(self._url.username), unquote(self._url.password or ""))


class _MailRefused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def _smtp_errors() -> Iterator[None]:
    """Turn what the library raises into ProviderUnavailable or, for what the server will never take, _MailRefused."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(max(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPAuthenticationError as error:  # not about this mail, and somebody can mend it
        raise ProviderUnavailable(f"the mail server refused our login ({error.smtp_code})") from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        raise ProviderUnavailable(f"the mail server did not answer ({type(error).__name__})") from None


def _refusal(code: int) -> Exception:
    return _MailRefused(code) if 500 <= code < 600 else ProviderUnavailable(f"the mail server answered {code}")


def _azure_verdict(status: int | None, operation_id: str) -> StepResult:
    if status == _CONFLICT:  # the operation is there: an earlier try was taken
        return StepResult(reference=operation_id)
    if status is None or status >= 500 or status in _NOT_ABOUT_THIS_MAIL:
        raise ProviderUnavailable(f"the mail service did not take the mail ({status})")
    return StepResult.refused("mail_refused", f"the mail service refused the mail ({status})")
