"""Send mails by SMTP. A repeat carries the same `Message-ID`.

A mail may go over a connection that has waited since the one before, and which the server may have closed. So until its content
is sent, whatever goes wrong there is done again over a new one; from then on nothing is, because the server may have the mail.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from functools import cached_property
from typing import Final
from urllib.parse import unquote, urlsplit

from adapters.mail.connections import Connection, IdleConnections, closed_on_error
from adapters.mail.mime import mail_bytes
from domain.email_address import needs_smtputf8
from domain.errors import ProviderUnavailable
from domain.mail.message import Mail
from domain.workflows.steps import StepResult

ANSWER_TIMEOUT_S: Final = 20
# It wants a login, or TLS first (RFC 4954, 6; RFC 3207, 4).
_OF_OUR_ACCESS: Final = frozenset({530, 534, 535, 538})
_LEADING_DOT: Final = re.compile(rb"^\.", re.MULTILINE)  # RFC 5321, 4.5.2
_SMTPUTF8: Final = ("SMTPUTF8", "BODY=8BITMIME")


class SmtpMailer:
    """A `domain.ports.Mailer` for any mail server. A password is only sent over TLS, or to this machine."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._address = parseaddr(sender)[1]
        self._idle = IdleConnections()

    def send(self, mail: Mail) -> StepResult:
        """Hand a mail over to the server. The reference is the message id."""
        is_internationalised = any(map(needs_smtputf8, (self._address, *mail.to)))
        content = mail_bytes(self._sender, mail, is_internationalised=is_internationalised)
        options = (f"SIZE={len(content)}", *(_SMTPUTF8 if is_internationalised else ()))
        try:
            with _smtp_errors():
                connection = self._ready_for(mail.to, options)
                with closed_on_error(connection):
                    connection.smtp.send(_LEADING_DOT.sub(b"..", content) + b".\r\n")
                    code, reply = connection.smtp.getreply()
                    if code != 250:
                        raise smtplib.SMTPDataError(code, reply)
        except _MailRefused as refusal:
            return StepResult.refused("mail_refused", f"the mail server {refusal}")
        self._idle.put(connection)
        return StepResult(reference=mail.message_id)

    def _ready_for(self, to: Sequence[str], options: Sequence[str]) -> Connection:
        """Return a connection over which the server has accepted sender and recipients, and waits for the content."""
        waiting = self._idle.take()
        if waiting is not None:
            # A new connection decides: this one may be over, or have had its number of mails.
            with suppress(smtplib.SMTPException, OSError, _MailRefused), closed_on_error(waiting):
                self._announce(waiting.smtp, to, options)
                return waiting
        connection = self._opened()
        with closed_on_error(connection):
            self._announce(connection.smtp, to, options)
        return connection

    def _announce(self, session: smtplib.SMTP, to: Sequence[str], options: Sequence[str]) -> None:
        """Name the sender and the recipients, and the content that is to follow. To read the header again might find others."""
        if _SMTPUTF8[0] in options and not session.has_extn("smtputf8"):
            raise _MailRefused("does not offer SMTPUTF8, which an address outside ASCII needs")
        understood = [option for option in options if "=" not in option or session.has_extn(option.partition("=")[0])]
        code, reply = session.mail(self._address, understood)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, reply, self._address)
        refused = {one: answer for one in to if (answer := session.rcpt(one))[0] not in (250, 251)}
        if len(refused) == len(to):
            raise smtplib.SMTPRecipientsRefused(refused)
        code, reply = session.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPDataError(code, reply)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Read the trusted certificates once: it takes longer than to send a mail."""
        return ssl.create_default_context()

    def _opened(self) -> Connection:
        try:
            connection = Connection(self._greeted())
            with closed_on_error(connection):
                connection.smtp.ehlo_or_helo_if_needed()
                if self._url.scheme == "smtp" and connection.smtp.has_extn("starttls"):
                    connection.smtp.starttls(context=self._tls)
                    connection.smtp.ehlo()
                self._log_in(connection.smtp)
        except smtplib.SMTPResponseException as error:  # not about a mail, and an operator can mend it
            step = "login" if isinstance(error, smtplib.SMTPAuthenticationError) else "connection"
            raise ProviderUnavailable(f"the mail server refused our {step} ({error.smtp_code})") from None
        return connection

    def _greeted(self) -> smtplib.SMTP:
        host = str(self._url.hostname)
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self._url.port or 465, timeout=ANSWER_TIMEOUT_S, context=self._tls)
        return smtplib.SMTP(host, self._url.port or 587, timeout=ANSWER_TIMEOUT_S)

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
        # One that may be accepted later is worth another try.
        raise _refusal(min(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        raise ProviderUnavailable(f"the mail server did not answer ({type(error).__name__})") from None


def _refusal(code: int) -> Exception:
    return (
        _MailRefused(f"refused the mail ({code})")
        if 500 <= code < 600 and code not in _OF_OUR_ACCESS
        else ProviderUnavailable(f"the mail server answered {code}")
    )
