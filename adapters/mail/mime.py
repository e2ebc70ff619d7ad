"""Put a mail together as a mail server takes it (RFC 5322, RFC 2045 to 2047): its text in two forms, in ASCII alone.

`email.message` parses each header that it is given and folds each that it writes, which takes several times as long as to hand the
mail over. So it is asked only for what needs it: the sender, once; a subject outside ASCII; a mail with addresses outside ASCII.
"""

import binascii
import re
import secrets
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import lru_cache
from typing import Final

from domain.mail.message import Mail

_MAX_ENCODED_CHARS: Final = 76
_MAX_LINE_BYTES: Final = 998  # RFC 5322, 2.1.1
_LINE_END: Final = re.compile(r"\r\n?")
_AS_IT_IS: Final = re.compile(rb"[\t\n\x20-\x7e]*")


def mail_bytes(sender: str, mail: Mail, *, is_internationalised: bool) -> bytes:
    """Return a mail with line ends as they are sent.

    Args:
        sender: The value of its From header.
        mail: What is written.
        is_internationalised: Whether an address is outside ASCII (RFC 6532), and so the headers may be.
    """
    message_id = f"<{mail.message_id}@{sender.rpartition('@')[2].rstrip('>')}>"
    if is_internationalised:
        return _internationalised(sender, message_id, mail)
    boundary = f"=_{secrets.token_hex(16)}"
    head = (
        _from(sender),
        "To: " + ",\r\n ".join(mail.to),
        "Subject: " + _subject(mail.subject),
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    )
    lines = ["\r\n".join(head).encode("ascii"), b""]
    for subtype, text in (("plain", mail.text), ("html", mail.html)):
        lines += [f"--{boundary}".encode(), *_part(subtype, text)]
    return b"\r\n".join((*lines, f"--{boundary}--".encode(), b""))


@lru_cache(maxsize=8)
def _from(sender: str) -> str:
    message = EmailMessage(SMTP)
    message["From"] = sender
    return message.as_string().rstrip("\r\n")


def _subject(subject: str) -> str:
    # What looks like an encoded word would be decoded by who reads it.
    if subject.isascii() and "=?" not in subject:
        return subject
    return Header(subject, "utf-8", maxlinelen=_MAX_ENCODED_CHARS, header_name="Subject").encode(linesep="\r\n")


def _part(subtype: str, text: str) -> list[bytes]:
    """Return the lines of one form of the text."""
    content, encoding = _LINE_END.sub("\n", text).encode(), "7bit"
    if not _AS_IT_IS.fullmatch(content) or max(map(len, content.split(b"\n"))) > _MAX_LINE_BYTES:
        content, encoding = binascii.b2a_qp(content), "quoted-printable"
    return [
        f'Content-Type: text/{subtype}; charset="utf-8"'.encode(),
        f"Content-Transfer-Encoding: {encoding}".encode(),
        b"",
        content.replace(b"\n", b"\r\n"),
    ]


def _internationalised(sender: str, message_id: str, mail: Mail) -> bytes:
    message = EmailMessage(SMTPUTF8)
    message["From"] = sender
    message["To"] = ", ".join(mail.to)
    message["Subject"] = mail.subject
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()
