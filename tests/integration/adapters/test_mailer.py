"""Mails, by SMTP to a mail server and over the Azure SDK to a scripted service."""

import re
import socket

import pytest
from pydantic import ValidationError

from adapters.mail import smtp as smtp_mailer
from adapters.mail.azure import AzureMailer
from adapters.mail.mailer import NoMailer, connect
from adapters.mail.smtp import SmtpMailer
from domain.errors import ProviderUnavailable
from domain.mail.message import Mail
from domain.workflows.steps import Outcome
from mail_settings import MailSettings
from tests.integration.adapters.scripted import Script
from tests.support.mails import Mailbox, running_mailbox, text_of

MAIL = Mail(
    message_id="order-1.order_completed",
    to=("ada@example.com",),
    subject="Your order – ready",
    text="It is on its way.\n.\n",
    html="<p>It is on its way.</p>",
)
SEND = "POST /emails:send"


def azure(script: Script) -> AzureMailer:
    from azure.communication.email import EmailClient
    from azure.core.credentials import AzureKeyCredential

    return AzureMailer(EmailClient(script.url, AzureKeyCredential("a2V5"), retry_total=0), "shop@example.com")


def test_a_mail_arrives_whole_in_both_forms(mailbox: Mailbox) -> None:
    assert SmtpMailer(mailbox.url, "Shop <shop@example.com>").send(MAIL).outcome is Outcome.DONE
    (mail,) = mailbox.to("ada@example.com")
    assert (mail["Subject"], mail["From"]) == (MAIL.subject, "Shop <shop@example.com>")
    assert text_of(mail).splitlines() == ["It is on its way.", "."]
    assert "<p>It is on its way.</p>" in text_of(mail, "html")


def test_a_mail_sent_again_carries_the_same_message_id(mailbox: Mailbox) -> None:
    for _ in range(2):
        SmtpMailer(mailbox.url, "shop@example.com").send(MAIL)
    assert mailbox.taken == 2
    assert list(mailbox.mails) == ["<order-1.order_completed@example.com>"]


def test_a_refused_address_is_refused_and_a_busy_server_asked_again(mailbox: Mailbox) -> None:
    mailer = SmtpMailer(mailbox.url, "shop@example.com")
    mailbox.refuse("550 no such person")
    assert mailer.send(MAIL).reason_code == "mail_refused"
    mailbox.refuse("451 busy")
    with pytest.raises(ProviderUnavailable, match="451"):
        mailer.send(MAIL)
    assert mailbox.taken == 0


def test_every_server_takes_an_internationalised_domain(mailbox: Mailbox) -> None:
    mail = Mail.model_validate(MAIL.to_wire() | {"to": ["ada@münchen.de"]})
    assert SmtpMailer(mailbox.url, "shop@example.com").send(mail).outcome is Outcome.DONE
    assert len(mailbox.to("ada@xn--mnchen-3ya.de")) == 1


def test_an_address_outside_ascii_is_sent_where_smtputf8_is_offered_and_else_refused_for_good(mailbox: Mailbox) -> None:
    mail = Mail.model_validate(MAIL.to_wire() | {"to": ["dörte@example.com"]})
    mailer = SmtpMailer(mailbox.url, "shop@example.com")
    refused = mailer.send(mail)
    assert (refused.outcome, refused.reason_code) == (Outcome.REFUSED, "mail_refused")
    assert "SMTPUTF8" in str(refused.message)
    assert mailbox.taken == 0
    mailbox.catcher.smtputf8 = True
    assert mailer.send(mail).outcome is Outcome.DONE
    assert mailbox.taken == 1


@pytest.mark.parametrize(
    "to", ["a,b@example.com", "ada@example.com, eve@example.com", "ada@example.com\nBcc: eve@x.org"]
)
def test_one_recipient_is_one_address(to: str) -> None:
    with pytest.raises(ValidationError):
        Mail.model_validate(MAIL.to_wire() | {"to": [to]})


def test_a_mail_server_that_is_away_is_worth_another_try() -> None:
    with running_mailbox() as gone:
        url = gone.url
    with pytest.raises(ProviderUnavailable, match="did not answer"):
        SmtpMailer(url, "shop@example.com").send(MAIL)


def test_a_mail_server_that_says_nothing_is_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_mailer, "ANSWER_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ProviderUnavailable, match="did not answer"):
        SmtpMailer(f"smtp://127.0.0.1:{silent.getsockname()[1]}", "shop@example.com").send(MAIL)


def test_azure_receives_a_mail_once_per_message_id(script: Script) -> None:
    script.answer(SEND, {"id": "x", "status": "Running"}, 202)
    first, second = (azure(script).send(MAIL) for _ in range(2))
    assert first.outcome is Outcome.DONE
    assert first.reference == second.reference
    assert re.fullmatch(r"[0-9a-f-]{36}", str(first.reference))
    assert azure(script).send(MAIL.model_copy(update={"message_id": "order-2.x"})).reference != first.reference


@pytest.mark.parametrize("status", [401, 403, 409, 412, 429, 500, 503])
def test_azure_out_of_order_is_worth_another_try(script: Script, status: int) -> None:
    script.answer(SEND, {"error": {"code": "x", "message": "y"}}, status)
    with pytest.raises(ProviderUnavailable, match=str(status)):
        azure(script).send(MAIL)


def test_azure_refusing_a_mail_is_final_and_nothing_of_the_mail_is_repeated(script: Script) -> None:
    script.answer(SEND, {"error": {"code": "x", "message": "ada@example.com"}}, 400)
    refused = azure(script).send(MAIL)
    assert refused.reason_code == "mail_refused"
    assert "ada" not in str(refused.message)


def test_the_settings_choose_who_sends() -> None:
    assert isinstance(connect(MailSettings()), NoMailer)
    assert isinstance(connect(MailSettings(smtp_url="smtp://127.0.0.1:25")), SmtpMailer)
    assert isinstance(connect(MailSettings(endpoint="https://x.communication.azure.com", client_id="1")), AzureMailer)
    assert connect(MailSettings()).send(MAIL).reason_code == "mail_not_set_up"
