"""A mail is put together so that mail programs read what was written."""

import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.mime import mail_bytes
from domain.mail.message import Mail

SENDER = "Shop <shop@example.com>"
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",))),
    st.text(st.sampled_from("a .=?-\t\n\r\u20ac"), max_size=300),
    st.integers(900, 1_100).map("x".__mul__),
)


def sent(sender: str = SENDER, **changes: object) -> tuple[bytes, EmailMessage]:
    values = {"message_id": "o-1.x", "to": ("ada@example.com",), "subject": "Hi", "text": "a\n", "html": "<p>a</p>\n"}
    raw = mail_bytes(sender, Mail.model_validate(values | changes), is_internationalised=False)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return raw, mail


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


@given(text=_TEXTS, html=_TEXTS)
def test_both_forms_are_read_as_they_were_written(text: str, html: str) -> None:
    raw, mail = sent(text=text, html=html)
    assert [content(mail, "plain"), content(mail, "html")] == [re.sub(r"\r\n?", "\n", each) for each in (text, html)]
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "servers refuse a bare CR or LF (RFC 5321, 2.3.8)"


@pytest.mark.parametrize(
    "subject",
    ["Hello", "Grüße – 12,50 €", "=?utf-8?q?not_encoded?=", "a " * 99 + "b", "€ " * 99 + "b", "ä" * 200, "a: b, <c>"],
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    raw, mail = sent(subject=subject)
    assert mail["Subject"] == subject
    assert raw.isascii()


@pytest.mark.parametrize(
    ("sender", "name"),
    [(SENDER, "Shop"), ("shop@example.com", ""), ("Müller & Söhne <shop@example.com>", "Müller & Söhne")],
)
def test_the_headers_are_those_of_an_automatic_mail(sender: str, name: str) -> None:
    raw, mail = sent(sender, to=("ada@example.com", "bob@xn--mnchen-3ya.de"))
    [author] = mail["From"].addresses
    assert (author.display_name, author.addr_spec) == (name, "shop@example.com")
    assert [each.addr_spec for each in mail["To"].addresses] == ["ada@example.com", "bob@xn--mnchen-3ya.de"]
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<o-1.x@example.com>", "auto-generated")
    assert mail.get_content_type() == "multipart/alternative"
    assert not mail.defects
    assert raw.endswith(b"--\r\n")
