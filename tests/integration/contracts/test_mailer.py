"""What every mail adapter promises (`domain.ports.Mailer`), held against what the receiving side got."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.mail.mailer import NoMailer
from domain.errors import ProviderUnavailable
from domain.mail.message import Mail
from domain.ports import Mailer
from domain.workflows.steps import Outcome
from tests.integration.contracts.mail_sides import SENDER, AzureSide, MailSide, smtp_side

MAIL = Mail(
    message_id="order-1.order_completed",
    to=("ada@example.com", "bob@example.com"),
    subject="Your order \u2013 ready, for 12,50 \u20ac",
    text="It is on its way.\n.\nA line that begins with a dot is kept.\n",
    html="<p>It is on its way, <b>Ad\u00e4</b>.</p>\n",
)


@pytest.fixture(params=["smtp", "azure"])
def side(request: pytest.FixtureRequest) -> Iterator[MailSide]:
    if request.param == "azure":
        yield AzureSide(request.getfixturevalue("script"))
        return
    with smtp_side() as smtp:
        yield smtp


def test_a_mail_arrives_whole_at_every_recipient(side: MailSide) -> None:
    result = side.mailer.send(MAIL)
    assert result.outcome is Outcome.DONE
    assert result.reference
    [mail] = side.arrived()
    assert (mail.to, mail.sender, mail.subject) == (MAIL.to, SENDER, MAIL.subject)
    assert mail.text.splitlines() == MAIL.text.splitlines()
    assert mail.html.strip() == MAIL.html.strip()


def test_a_repeat_is_distinguished_from_another_mail(side: MailSide) -> None:
    first, second = side.mailer.send(MAIL), side.mailer.send(MAIL)
    assert first == second
    side.mailer.send(MAIL.model_copy(update={"message_id": "order-2.order_completed"}))
    ids = [mail.repeat_id for mail in side.arrived()]
    assert ids[0] == ids[1]
    assert ids[2] != ids[0]


def test_a_mail_that_is_refused_for_good_is_a_refusal_and_nothing_of_it_is_repeated(side: MailSide) -> None:
    side.refuse(for_good=True)
    result = side.mailer.send(MAIL)
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "mail_refused")
    assert "ada" not in str(result.message)


def test_a_receiver_that_is_busy_is_worth_another_try(side: MailSide) -> None:
    side.refuse(for_good=False)
    with pytest.raises(ProviderUnavailable) as caught:
        side.mailer.send(MAIL)
    assert "ada" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_receiver_that_is_away_is_worth_another_try(side: MailSide) -> None:
    with pytest.raises(ProviderUnavailable):
        side.away().send(MAIL)


def test_mails_may_be_sent_from_several_threads(side: MailSide) -> None:
    mails = [MAIL.model_copy(update={"message_id": f"order-{number}.x"}) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert {result.outcome for result in pool.map(side.mailer.send, mails)} == {Outcome.DONE}
    assert len({mail.repeat_id for mail in side.arrived()}) == 8


def test_a_shop_that_sends_no_mails_faults_so_that_they_are_dead_lettered() -> None:
    mailer: Mailer = NoMailer()
    result = mailer.send(MAIL)
    assert (result.outcome, result.reason_code) == (Outcome.FAULTED, "mail_not_set_up")
