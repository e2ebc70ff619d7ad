"""The local mail server keeps what it is given, as files that people open."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

from scripts.local_copy import start_mail_catcher
from scripts.service import wait_until_ready


def test_mails_are_kept_as_files_and_a_repeat_replaces_itself(tmp_path: Path) -> None:
    mails = tmp_path / "mails"
    service = start_mail_catcher(mails, 0, log=tmp_path / "mail.log")
    try:
        wait_until_ready([service])
        match = service.ready_match()
        assert match is not None
        port = int(match[1].rpartition(":")[2])
        for text in ("first", "second\n.\nwith a lonely dot"):
            with smtplib.SMTP("127.0.0.1", port) as session:
                session.send_message(mail(text))
    finally:
        assert service.stop()
    assert service.exit_code == 0
    assert {path.name for path in mails.iterdir()} == {"a-1.._x@shop.example.eml", "a-1.._x@shop.example.html"}
    assert "with a lonely dot" in (mails / "a-1.._x@shop.example.eml").read_text()
    assert (mails / "a-1.._x@shop.example.html").read_text() == "<p>second</p>\n"


def mail(text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "shop@example.com", "ada@example.com"
    message["Subject"] = "Hello"
    message["Message-ID"] = "<a-1../x@shop.example>"
    message.set_content(text)
    message.add_alternative(f"<p>{text.split()[0]}</p>", subtype="html")
    return message
