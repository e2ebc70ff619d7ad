"""Mails share connections to the mail server, and none is lost or sent twice when one is over."""

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.mail import connections
from adapters.mail.smtp import SmtpMailer
from domain.errors import ProviderUnavailable
from domain.mail.message import Mail
from domain.workflows.steps import Outcome
from tests.integration.adapters.mail_servers import MailServer, running_mail_server
from tests.support.launching import POLL_INTERVAL_S


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running_mail_server() as running:
        yield running


@pytest.fixture
def mailer(server: MailServer) -> SmtpMailer:
    return SmtpMailer(server.url, "shop@example.com")


def mail(number: int = 1) -> Mail:
    return Mail(message_id=f"order-{number}.x", to=("ada@example.com",), subject="Hello", text="a\n", html="<p>a</p>")


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(POLL_INTERVAL_S)


def test_mails_share_a_connection(server: MailServer, mailer: SmtpMailer) -> None:
    for number in range(3):
        assert mailer.send(mail(number)).outcome is Outcome.DONE
    assert [commands.count("DATA") for commands in server.connections] == [3]
    assert server.said.count("EHLO") == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
@pytest.mark.parametrize("reply", ["", "421 closing", "452 too many mails", "550 too many mails"])
def test_a_mail_that_meets_the_end_of_a_connection_goes_over_a_new_one(
    server: MailServer, mailer: SmtpMailer, command: str, reply: str
) -> None:
    server.replies_to_known = {command: reply}
    for number in range(3):
        assert mailer.send(mail(number)).outcome is Outcome.DONE
    assert [b"<order-%d.x@" % number in content for number, content in enumerate(server.mails)] == [True, True, True]
    assert [commands.count("DATA") for commands in server.connections] == [1, 1, 1]


@pytest.mark.parametrize("reply", ["", "421 closing", "452 too many mails", "550 too many mails"])
def test_a_mail_whose_content_a_known_connection_does_not_want_goes_over_a_new_one(
    server: MailServer, mailer: SmtpMailer, reply: str
) -> None:
    server.replies_to_known = {"DATA": reply}
    for number in range(3):
        assert mailer.send(mail(number)).outcome is Outcome.DONE
    assert [b"<order-%d.x@" % number in content for number, content in enumerate(server.mails)] == [True, True, True]
    server.replies = {"DATA": "554 no"}
    assert mailer.send(mail(3)).reason_code == "mail_refused"


@pytest.mark.parametrize(
    ("command", "reply"),
    [(command, reply) for command in ("", "EHLO", "MAIL") for reply in ("530 TLS first", "535 log in", "421 later")]
    + [("", "554 no service here"), ("EHLO", "550 not from there")],
)
def test_a_server_that_does_not_serve_us_has_not_refused_the_mail(
    server: MailServer, mailer: SmtpMailer, command: str, reply: str
) -> None:
    server.replies = {command: reply, "HELO": reply}
    with pytest.raises(ProviderUnavailable):
        mailer.send(mail())
    assert server.mails == []


def test_a_mail_that_one_of_its_recipients_may_take_later_is_worth_another_try(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.replies_in_turn = {"RCPT": ["451 grey", "550 no such person"]}
    several = mail().model_copy(update={"to": ("ada@example.com", "bob@example.com")})
    with pytest.raises(ProviderUnavailable, match="451"):
        mailer.send(several)


def test_a_server_that_has_gone_since_is_worth_another_try(mailer: SmtpMailer, server: MailServer) -> None:
    mailer.send(mail())
    server.replies_to_known, server.replies = {"MAIL": ""}, {"EHLO": ""}
    with pytest.raises(ProviderUnavailable, match="did not answer"):
        mailer.send(mail())
    assert len(server.mails) == 1


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("reply", ["", "451 busy", "421 closing"])
def test_a_mail_whose_content_was_sent_is_not_sent_again_by_itself(
    server: MailServer, mailer: SmtpMailer, is_known: bool, reply: str
) -> None:
    if is_known:
        mailer.send(mail(1))
    server.content_reply = reply
    with pytest.raises(ProviderUnavailable):
        mailer.send(mail(2))
    assert sum(b"<order-2.x@" in content for content in server.mails) == 1
    server.content_reply = "250 ok"
    assert mailer.send(mail(3)).outcome is Outcome.DONE


@pytest.mark.parametrize("reply", ["", "421 closing", "500 what?"])
def test_a_mail_that_was_taken_is_sent_however_the_server_takes_leave(
    server: MailServer, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    monkeypatch.setattr(connections, "_MAX_MAILS_PER_CONNECTION", 1)
    server.replies_to_known = {"QUIT": reply}
    for number in range(2):
        assert mailer.send(mail(number)).outcome is Outcome.DONE
    assert (len(server.mails), len(server.connections)) == (2, 2)


def test_a_connection_that_waits_too_long_is_closed(
    server: MailServer, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_TIMEOUT_S", 0.01)
    mailer.send(mail())
    until(lambda: "QUIT" in server.said)
    assert mailer.send(mail(2)).outcome is Outcome.DONE
    assert len(server.connections) == 2


def test_few_connections_wait_and_none_outlives_its_mailer(server: MailServer, mailer: SmtpMailer) -> None:
    with ThreadPoolExecutor(12) as pool:
        outcomes = {result.outcome for result in pool.map(mailer.send, map(mail, range(40)))}
    assert outcomes == {Outcome.DONE}
    assert len({content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for content in server.mails}) == 40
    assert len(server.mails) == 40
    assert len(mailer._idle._idle) <= connections._MAX_IDLE_CONNECTIONS
    connections._close_all(mailer._idle._idle)
    until(lambda: all(commands[-1] == "QUIT" for commands in server.connections))


def test_what_waits_is_closed_with_its_mailer(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # The thread that watches them has them in hand until it ends.
    monkeypatch.setattr(connections.IdleConnections, "_watch", lambda _: None)
    SmtpMailer(server.url, "shop@example.com").send(mail())
    gc.collect()
    until(lambda: "QUIT" in server.said)
