"""Send mails by SMTP. A repeat carries the same `Message-ID`."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from functools import cached_property
from typing import Final
from urllib.parse import unquote, urlsplit

from domain.email_address import needs_smtputf8
from domain.errors import ProviderUnavailable
from domain.mail.message import Mail
from domain.workflows.steps import StepResult

ANSWER_TIMEOUT_S: Final = 20


class SmtpMailer:
    """A `domain.ports.Mailer` for any mail server. A password is only sent over TLS, or to this machine."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender

    def send(self, mail: Mail) -> StepResult:
        """Hand a mail over to the server. The reference is the message id."""
        try:
            with _smtp_errors(), self._session() as session:
                if any(map(needs_smtputf8, mail.to)) and not session.has_extn("smtputf8"):
                    raise _MailRefused("does not offer SMTPUTF8, which an address outside ASCII needs")
                # The recipients are named, because to read them from the header again might find others.
                session.send_message(self._message(mail), to_addrs=list(mail.to))
        except _MailRefused as refusal:
            return StepResult.refused("mail_refused", f"the mail server {refusal}")
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

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Read the trusted certificates once: it takes longer than to send a mail."""
        return ssl.create_default_context()

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        host = str(self._url.hostname)
        session: smtplib.SMTP
        if self._url.scheme == "smtps":
            session = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=ANSWER_TIMEOUT_S, context=self._tls)
        else:
            session = smtplib.SMTP(host, self._url.port or 587, timeout=ANSWER_TIMEOUT_S)
        with session:
            session.ehlo()
            if self._url.scheme == "smtp" and session.has_extn("starttls"):
                session.starttls(context=self._tls)
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
    """The mail server will never take this mail. The text is what it did."""


@contextmanager
def _smtp_errors() -> Iterator[None]:
    """Turn what the library raises into ProviderUnavailable or, for what the server will never take, _MailRefused."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(max(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPAuthenticationError as error:  # not about this mail, and an operator can mend it
        raise ProviderUnavailable(f"the mail server refused our login ({error.smtp_code})") from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        raise ProviderUnavailable(f"the mail server did not answer ({type(error).__name__})") from None


def _refusal(code: int) -> Exception:
    return (
        _MailRefused(f"refused the mail ({code})")
        if 500 <= code < 600
        else ProviderUnavailable(f"the mail server answered {code}")
    )
