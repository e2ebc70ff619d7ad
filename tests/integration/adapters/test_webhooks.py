"""Webhooks: signed, to public addresses only, over the connection that was checked."""

import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from adapters.web.webhooks import MAX_ANSWER_BYTES, WebhookSender
from domain.errors import ProviderUnavailable
from domain.workflows.steps import Outcome
from domain.workflows.webhook import Webhook
from tests.support.certificates import self_signed
from tests.support.webhooks import SECRET, Receiver, running_receiver


def webhook(url: str, **changes: object) -> Webhook:
    return Webhook.model_validate(
        {
            "webhook_id": "r-1.report_completed",
            "run_id": "r-1",
            "url": url,
            "type": "report.completed",
            "data": {"id": "r-1"},
            **changes,
        }
    )


def sender(*addresses: str, local: bool = False, secret: str | None = SECRET, answer_s: float = 5.0) -> WebhookSender:
    """One to whom every name resolves to these addresses; without any, as the system says."""

    def resolver(_host: str) -> Sequence[str]:
        return addresses

    options = {"resolver": resolver} if addresses else {}
    return WebhookSender(secret, allow_loopback=local, answer_s=answer_s, **options)


def test_a_webhook_arrives_signed_and_a_repeat_carries_the_same_id(receiver: Receiver) -> None:
    for _ in range(2):
        assert sender(local=True).send(webhook(receiver.url)).outcome is Outcome.DONE
    assert receiver.verified() == [{"type": "report.completed", "data": {"id": "r-1"}}] * 2
    assert [headers["webhook-id"] for headers, _ in receiver.got] == ["r-1.report_completed"] * 2


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",  # metadata of most clouds
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",  # 10.0.0.1 behind a translator
    ],
)
def test_an_address_that_is_not_public_is_refused_before_and_at_delivery(address: str) -> None:
    url = "https://innocent.example/hook"
    assert sender(address).problem_with(url) == "must lead to a public address"
    assert sender(address).send(webhook(url)).reason_code == "webhook_forbidden"


def test_one_private_address_among_public_ones_is_refused() -> None:
    assert sender("93.184.216.34", "10.0.0.1").problem_with("https://bent.example/") == "must lead to a public address"


def test_a_public_address_is_accepted() -> None:
    assert sender("93.184.216.34").problem_with("https://hooks.example:8443/path?x=1") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "http://127.0.0.1/",
        "ftp://hooks.example/",
        "https://",
        "https://user:secret@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:99999/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX: y",
        "https://[::1/",
        "https://xn--\u00e9.example/",
    ],
)
def test_an_address_of_another_form_is_refused(url: str) -> None:
    assert sender("93.184.216.34").problem_with(url) is not None
    assert sender("93.184.216.34").send(webhook(url)).reason_code == "webhook_forbidden"


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"])
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    assert sender().problem_with(f"https://{host}/") in (
        "must lead to a public address",
        "must name a host that can be found",
    )


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    with running_receiver() as elsewhere:
        receiver.answers, receiver.headers = [307], {"Location": elsewhere.url}
        assert sender(local=True).send(webhook(receiver.url)).reason_code == "webhook_redirected"
        assert elsewhere.got == []


def test_a_server_that_wants_no_more_is_not_asked_again(receiver: Receiver) -> None:
    receiver.answers = [410]
    assert sender(local=True).send(webhook(receiver.url)).reason_code == "webhook_gone"


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_any_other_answer_is_worth_another_try(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    with pytest.raises(ProviderUnavailable, match=str(status)):
        sender(local=True).send(webhook(receiver.url))


def test_a_server_that_is_away_is_worth_another_try() -> None:
    with running_receiver() as gone:
        url = gone.url
    with pytest.raises(ProviderUnavailable):
        sender(local=True).send(webhook(url))


def test_a_server_that_says_nothing_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ProviderUnavailable):
        sender(local=True, answer_s=0.2).send(webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/"))


def test_a_server_that_never_comes_to_the_point_is_not_listened_to_for_longer() -> None:
    def prattle(server: socket.socket) -> None:
        with suppress(OSError), server.accept()[0] as connection:
            while True:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        prattling = Thread(target=prattle, args=(server,))
        prattling.start()
        with pytest.raises(ProviderUnavailable):
            sender(local=True, answer_s=0.2).send(webhook(f"http://127.0.0.1:{server.getsockname()[1]}/"))
        server.shutdown(socket.SHUT_RDWR)  # on a busy machine the time may be over before the connection is there
        prattling.join()


def test_what_cannot_be_sent_is_not_tried(receiver: Receiver) -> None:
    long = webhook(receiver.url, data={"text": "x" * MAX_ANSWER_BYTES})
    assert sender(local=True).send(long).reason_code == "webhook_not_sendable"
    assert sender(local=True, secret=None).send(webhook(receiver.url)).reason_code == "webhook_not_sendable"
    assert sender("93.184.216.34", secret=None).problem_with("https://hooks.example/") is not None
    assert receiver.got == []


def test_the_connection_goes_to_the_checked_address_and_the_certificate_must_show_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path, "hooks.example")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running_receiver(server_side) as receiver:
        # No resolver knows these names: what is connected to is the address that was checked.
        to_loopback = sender("127.0.0.1", local=True)
        sent = to_loopback.send(webhook(f"https://hooks.example:{receiver.port}/"))
        assert sent.outcome is Outcome.DONE
        assert receiver.got[0][0]["Host"] == f"hooks.example:{receiver.port}"
        with pytest.raises(ProviderUnavailable, match="SSLCertVerificationError"):
            to_loopback.send(webhook(f"https://other.example:{receiver.port}/"))
        # The same host, named from the root.
        assert to_loopback.send(webhook(f"https://hooks.example.:{receiver.port}/")).outcome is Outcome.DONE
    assert len(receiver.got) == 2
