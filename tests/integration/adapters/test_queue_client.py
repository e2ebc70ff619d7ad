"""Messages by our queues against messages by the library's own client: the same requests, answers and errors."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient, TextBase64DecodePolicy, TextBase64EncodePolicy

from adapters.azure_storage.queue_client import QuickQueueClient
from tests.integration.adapters.recorded_sessions import (
    Answers,
    Recording,
    Scripted,
    Tokens,
    answered,
    asked_tokens,
    course,
    outcome,
)

KINDS = (QueueClient, QuickQueueClient)
URL = "https://shop.queue.core.windows.net"
QUEUE = "messages"
CALLS: dict[str, Callable[[QueueClient], Any]] = {
    "a message": lambda queue: queue.send_message('é "quoted" <b>&amp;</b>\r\n'),
    "a message for ever": lambda queue: queue.send_message("text", time_to_live=-1),
    "a message for later": lambda queue: queue.send_message("text", time_to_live=3600, visibility_timeout=60),
    "a message for now": lambda queue: queue.send_message("text", time_to_live=-1, visibility_timeout=0),
    "a message that is too large": lambda queue: queue.send_message("x" * 60_000),
    "a message that ends before it begins": lambda queue: queue.send_message("x", time_to_live=5, visibility_timeout=9),
    "no message": lambda queue: queue.send_message(""),
    "no text": lambda queue: queue.send_message(7),
    "no number of seconds": lambda queue: queue.send_message("text", time_to_live="x"),
}
ENCODING: dict[str, Any] = {
    "message_encode_policy": TextBase64EncodePolicy(),
    "message_decode_policy": TextBase64DecodePolicy(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("is_there", [True, False])
def test_the_same_call_sends_the_same_and_ends_the_same(
    storage_connection: str, call: Callable[[QueueClient], Any], is_there: bool
) -> None:
    seen = []
    for kind in KINDS:
        session = Recording()
        client = kind.from_connection_string(
            storage_connection, QUEUE, session=session, session_owner=False, **ENCODING
        )
        if is_there:
            client.create_queue()
        session.sent.clear()
        ended = outcome(partial(call, client))
        sent = list(session.sent)
        waiting = [message.content for message in client.peek_messages()] if is_there else []
        seen.append((sent, without_ids(ended), waiting))
        if is_there:
            client.delete_queue()
    assert seen[0] == seen[1]


def without_ids(ended: Any) -> str:
    """Return an outcome without the ids, receipts and times that the service chose."""
    return re.sub(r"'(id|pop_receipt)': \(<class 'str'>, '[^']*'\)|datetime\.datetime\(\d[^)]*\)", r"\1", repr(ended))


def refused(status: int, code: str, **headers: str) -> requests.Response:
    body = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>this is {code}</Message></Error>"
    return answered(status, body, Content_Type="application/xml", x_ms_request_id="r", x_ms_error_code=code, **headers)


def taken() -> requests.Response:
    times = "".join(
        f"<{name}>Fri, 27 Nov 2026 18:22:33 GMT</{name}>"
        for name in ("InsertionTime", "ExpirationTime", "TimeNextVisible")
    )
    message = f"<QueueMessage><MessageId>7</MessageId><PopReceipt>p</PopReceipt>{times}</QueueMessage>"
    body = f"<?xml version='1.0' encoding='utf-8'?><QueueMessagesList>{message}</QueueMessagesList>"
    return answered(201, body, Content_Type="application/xml", x_ms_request_id="r")


def challenged() -> requests.Response:
    challenge = 'Bearer authorization_uri="https://login.example/tenant/oauth2" resource_id="https://other.example"'
    return refused(401, "InvalidAuthenticationInfo", WWW_Authenticate=challenge)


FAULTS: dict[str, Callable[[], Answers]] = {
    "none": lambda: [taken()],
    "busy, then well": lambda: [refused(503, "ServerBusy"), taken()],
    "busy for longer": lambda: [refused(503, "ServerBusy") for _ in range(9)],
    "a fault without a body": lambda: [answered(500, x_ms_request_id="r") for _ in range(9)],
    "cut off, then well": lambda: [requests.ConnectionError("cut"), taken()],
    "cut off for longer": lambda: [requests.ConnectionError("cut") for _ in range(9)],
    "slow for longer": lambda: [requests.exceptions.ReadTimeout("slow") for _ in range(9)],
    "being deleted": lambda: [refused(409, "QueueBeingDeleted")],
    "too large": lambda: [refused(413, "RequestBodyTooLarge")],
    "there is none": lambda: [answered(404, x_ms_request_id="r")],
    "forbidden": lambda: [refused(403, "AuthorizationFailure")],
    "a code of its own": lambda: [refused(400, "OfNoOneElse")],
    "an error in no known form": lambda: [answered(400, "<html>", Content_Type="text/html", x_ms_request_id="r")],
    "a proxy's page": lambda: [answered(200, "<html>", Content_Type="text/html") for _ in range(9)],
    "a proxy's way elsewhere": lambda: [answered(302, Location="https://proxy.example/") for _ in range(9)],
    "an answer that is no XML": lambda: [answered(201, "<", Content_Type="application/xml", x_ms_request_id="r")],
    "asked for another token": lambda: [challenged(), taken()],
    "asked for a token for ever": lambda: [challenged(), challenged()],
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_met_as_by_the_library(fault: Callable[[], Answers], caplog: pytest.LogCaptureFixture) -> None:
    at_once = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}
    library, ours = (
        course(partial(kind, URL, QUEUE, **at_once, **ENCODING), CALLS["a message"], fault(), caplog) for kind in KINDS
    )
    assert ours == library


@pytest.mark.parametrize("kind", ["application/xml", "application/json", "text/html"])
@pytest.mark.parametrize(
    "body", ["", "<QueueMessagesList/>", "{}", "<l><QueueMessage><MessageId>7</MessageId></QueueMessage></l>"]
)
def test_an_answer_without_the_message_is_none(body: str, kind: str) -> None:
    session = Scripted(answered(201, body, Content_Type=kind, x_ms_request_id="r"))
    options = {"session": session, "session_owner": False, **ENCODING}
    queue = QuickQueueClient(URL, QUEUE, Tokens(timedelta(hours=1)), **options)
    with pytest.raises(AzureError):
        queue.send_message("text")


@pytest.mark.parametrize("lifetime", [timedelta(hours=1), timedelta(0)])
def test_a_token_is_asked_for_as_often_as_by_the_library(lifetime: timedelta) -> None:
    library, ours = (
        asked_tokens(partial(kind, URL, QUEUE, **ENCODING), CALLS["a message"], lifetime, [taken(), taken()])
        for kind in KINDS
    )
    assert ours == library
    assert len(ours) == (1 if lifetime else 2)
