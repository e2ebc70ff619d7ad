import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.stores.dead_letters import DeadLetters
from domain.ids import dead_letter_instance_id
from domain.orders.order import OrderProgress
from domain.workflows import dead_letter
from domain.workflows.dead_letter import DeadLetterChanged, Resolution
from services.container import services
from tests.support.messages import waiting_messages
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop
from tests.support.unreliable import failing

LETTER = "dead-letters/a-1.cancel_payment"
RESOLUTION = {"resolved_by": "grace", "reason": "voided by hand at the provider"}


@pytest.fixture
async def stuck(shop: Shop) -> Shop:
    """Return a shop whose order `a-1` was rejected, but whose payment could not be voided: it needs attention."""
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    nowhere = {**ADDRESS, "street1": "1 Undeliverable Way"}
    await shop.post("orders", order_request(order_id="a-1", ship_to=nowhere))
    await shop.host.advance(hours=8)
    assert await order_status(shop) == "needs_attention"
    return shop


async def order_status(shop: Shop) -> str:
    return str((await shop.get("orders/a-1")).json()["status"])


async def replay(shop: Shop) -> None:
    assert (await shop.post(f"{LETTER}/replay")).status == 202
    await shop.host.advance(hours=1)


async def test_what_could_not_be_compensated_is_listed_and_shown(stuck: Shop):
    (listed,) = (await stuck.get("dead-letters")).json()["dead_letters"]
    assert (listed["workflow"], listed["key"]) == ("process_order", "a-1")
    assert (listed["step"], listed["state"]) == ("cancel_payment", "open")
    shown = await stuck.get(LETTER)
    assert shown.status == 200
    assert shown.json() == {**listed, "latest_replay": None}


async def test_dead_letters_are_listed_by_state(stuck: Shop):
    assert len((await stuck.get("dead-letters", state="open")).json()["dead_letters"]) == 1
    assert (await stuck.get("dead-letters", state="resolved")).json()["dead_letters"] == []
    assert (await stuck.get("dead-letters", state="lost")).status == 422


async def test_a_successful_replay_closes_the_dead_letter_and_the_order(stuck: Shop):
    stuck.sandbox.clear_faults()
    started = await stuck.post(f"{LETTER}/replay")
    assert (started.status, started.json()["attempt"]) == (202, 1)
    assert started.headers["Location"] == f"{stuck.host.origin}/api/{LETTER}"
    await stuck.host.run_until_idle()
    letter = (await stuck.get(LETTER)).json()
    assert letter["state"] == "replayed"
    assert letter["latest_replay"]["result"]["outcome"] == "done"
    assert await order_status(stuck) == "rejected"
    totals = stuck.sandbox.totals()
    assert totals["voided"] == totals["authorised"]


async def test_a_failed_replay_leaves_the_dead_letter_open_for_another(stuck: Shop):
    await replay(stuck)
    letter = (await stuck.get(LETTER)).json()
    assert (letter["state"], letter["replays"]) == ("open", 1)
    latest = letter["latest_replay"]
    assert (latest["attempt"], latest["runtimeStatus"]) == (1, "Completed")
    assert latest["result"]["outcome"] == "unknown"
    stuck.sandbox.clear_faults()
    await replay(stuck)
    assert (await stuck.get(LETTER)).json()["replays"] == 2
    assert await order_status(stuck) == "rejected"


async def test_only_one_replay_runs_at_a_time(stuck: Shop):
    answers = await asyncio.gather(*(stuck.post(f"{LETTER}/replay") for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [202, 409, 409, 409]
    running = await stuck.post(f"{LETTER}/replay")
    assert (running.status, running.json()["code"]) == (409, "replay_running")
    resolved = await stuck.post(f"{LETTER}/resolve", RESOLUTION)
    assert (resolved.status, resolved.json()["code"]) == (409, "replay_running")


async def test_a_resolved_dead_letter_records_who_and_why_and_closes_the_order(stuck: Shop):
    resolved = await stuck.post(f"{LETTER}/resolve", RESOLUTION)
    assert (resolved.status, resolved.json()["state"]) == (200, "resolved")
    assert resolved.json()["resolution"] == RESOLUTION
    assert resolved.json()["closed_at"]
    order = (await stuck.get("orders/a-1")).json()
    assert order["status"] == "rejected"
    assert order["steps"][-1]["message"] == "resolved by grace: voided by hand at the provider"


@pytest.mark.parametrize("first", ["replay", "resolve"])
async def test_of_a_replay_and_a_resolution_at_once_one_wins_and_the_other_is_a_409(shop: Shop, first: str):
    rounds = [f"r-{number}" for number in range(10)]
    await shop.stock("mug", 100)
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    for order_id in rounds:
        nowhere = {**ADDRESS, "street1": "1 Undeliverable Way"}
        await shop.post("orders", order_request(order_id=order_id, ship_to=nowhere))
    await shop.host.advance(hours=8)
    shop.sandbox.clear_faults()
    replayed = []
    for order_id in rounds:
        letter = f"dead-letters/{order_id}.cancel_payment"
        posts = {"replay": shop.post(f"{letter}/replay"), "resolve": shop.post(f"{letter}/resolve", RESOLUTION)}
        order = [first, *(posts.keys() - {first})]
        answers = dict(zip(order, await asyncio.gather(*(posts[name] for name in order)), strict=True))
        statuses = {name: answer.status for name, answer in answers.items()}
        assert statuses in ({"replay": 202, "resolve": 409}, {"replay": 409, "resolve": 200}), order_id
        await shop.host.run_until_idle()
        closed = (await shop.get(letter)).json()
        if statuses["replay"] == 202:
            replayed.append(order_id)
            assert (closed["state"], closed["resolution"]) == ("replayed", None)
        else:
            assert (closed["state"], closed["replays"], closed["resolution"]) == ("resolved", 0, RESOLUTION)
    totals = shop.sandbox.totals()
    assert totals["voided"] * len(rounds) == totals["authorised"] * len(replayed), "a replay that lost does nothing"


async def test_a_resolution_that_read_the_record_before_a_replay_was_asked_for_loses(stuck: Shop):
    record = services().dead_letters.get("a-1.cancel_payment")
    assert record is not None
    assert (await stuck.post(f"{LETTER}/replay")).status == 202
    with pytest.raises(DeadLetterChanged):
        services().dead_letters.update(record.dead_letter.claim_resolution(Resolution(**RESOLUTION)), record.etag)


async def test_a_replay_that_starts_after_a_resolution_does_nothing(stuck: Shop, monkeypatch: pytest.MonkeyPatch):
    """Its process stood still between asking the record and starting the instance, for longer than that is waited for."""
    stuck.sandbox.clear_faults()
    monkeypatch.setattr(dead_letter, "REPLAY_START_TIMEOUT", timedelta(0))
    record = services().dead_letters.get("a-1.cancel_payment")
    assert record is not None
    claimed = record.dead_letter.claim_replay(datetime.now(UTC))
    services().dead_letters.update(claimed, record.etag)
    assert (await stuck.post(f"{LETTER}/resolve", RESOLUTION)).status == 200
    instance_id = dead_letter_instance_id(claimed.dead_letter_id, 1)
    await stuck.host.start("replay_dead_letter", claimed.to_wire(), instance_id=instance_id)
    await stuck.host.run_until_idle()
    letter = (await stuck.get(LETTER)).json()
    assert (letter["state"], letter["latest_replay"]["result"]["reason_code"]) == ("resolved", "overtaken")
    assert stuck.sandbox.totals()["voided"] == 0


async def test_a_replay_that_was_asked_for_and_never_started_blocks_for_a_minute_only(
    stuck: Shop, monkeypatch: pytest.MonkeyPatch
):
    record = services().dead_letters.get("a-1.cancel_payment")
    assert record is not None
    services().dead_letters.update(record.dead_letter.claim_replay(datetime.now(UTC)), record.etag)
    blocked = [await stuck.post(f"{LETTER}/replay"), await stuck.post(f"{LETTER}/resolve", RESOLUTION)]
    assert [(answer.status, answer.json()["code"]) for answer in blocked] == [(409, "replay_running")] * 2
    monkeypatch.setattr(dead_letter, "REPLAY_START_TIMEOUT", timedelta(0))
    started = await stuck.post(f"{LETTER}/replay")
    assert (started.status, started.json()["attempt"]) == (202, 2)


async def test_a_resolution_that_stopped_half_way_is_finished_by_sending_it_again(stuck: Shop):
    record = services().dead_letters.get("a-1.cancel_payment")
    assert record is not None
    services().dead_letters.update(record.dead_letter.claim_resolution(Resolution(**RESOLUTION)), record.etag)
    other = [
        await stuck.post(f"{LETTER}/replay"),
        await stuck.post(f"{LETTER}/resolve", {**RESOLUTION, "resolved_by": "eve"}),
    ]
    assert [(answer.status, answer.json()["code"]) for answer in other] == [(409, "resolution_under_way")] * 2
    assert (await stuck.post(f"{LETTER}/resolve", RESOLUTION)).json()["state"] == "resolved"
    assert await order_status(stuck) == "rejected"


@pytest.mark.parametrize("by", ["replay", "resolution"])
async def test_the_customer_is_notified_once_an_operator_has_closed_the_order(stuck: Shop, by: str):
    stuck.sandbox.clear_faults()
    if by == "replay":
        await replay(stuck)
    else:
        await stuck.post(f"{LETTER}/resolve", RESOLUTION)
    (recorded,) = waiting_messages()
    assert (recorded["message_id"], recorded["kind"]) == ("a-1.order_closed", "order_closed")
    assert recorded["email"] == order_request()["email"]


async def test_resolving_again_is_the_same_for_the_same_resolution_and_a_409_for_another(stuck: Shop):
    await stuck.post(f"{LETTER}/resolve", RESOLUTION)
    again = await stuck.post(f"{LETTER}/resolve", RESOLUTION)
    assert again.status == 200
    other = await stuck.post(f"{LETTER}/resolve", {**RESOLUTION, "resolved_by": "eve"})
    assert (other.status, other.json()["code"]) == (409, "closed")
    messages = [step["message"] for step in (await stuck.get("orders/a-1")).json()["steps"]]
    assert messages.count("resolved by grace: voided by hand at the provider") == 1


async def test_a_closed_dead_letter_is_not_replayed(stuck: Shop):
    await stuck.post(f"{LETTER}/resolve", RESOLUTION)
    calls = len(stuck.sandbox.calls())
    refused = await stuck.post(f"{LETTER}/replay")
    assert (refused.status, refused.json()["code"]) == (409, "closed")
    await stuck.host.run_until_idle()
    assert len(stuck.sandbox.calls()) == calls


async def test_a_resolution_without_a_reason_is_refused(stuck: Shop):
    refused = await stuck.post(f"{LETTER}/resolve", {"resolved_by": "grace"})
    assert refused.status == 422
    assert (await stuck.get(LETTER)).json()["state"] == "open"


@pytest.mark.parametrize("dead_letter_id", ["unknown.cancel_payment", "a b"])
async def test_an_unknown_dead_letter_is_a_404(shop: Shop, dead_letter_id):
    answers = [
        await shop.get(f"dead-letters/{dead_letter_id}"),
        await shop.post(f"dead-letters/{dead_letter_id}/replay"),
        await shop.post(f"dead-letters/{dead_letter_id}/resolve", RESOLUTION),
    ]
    assert [answer.status for answer in answers] == [404] * 3


async def test_an_order_stays_open_while_another_of_its_dead_letters_is_being_stored(shop: Shop):
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="shipments.refund", kind="refuse")
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.advance(hours=8)
    DeadLetters(services().storage)._blob("a-1.cancel_payment").delete_blob()  # as before it was written
    assert (await shop.post("dead-letters/a-1.cancel_shipping/resolve", RESOLUTION)).status == 200
    assert await order_status(shop) == "needs_attention"


async def test_a_resolution_before_the_end_is_recorded_can_be_repeated(shop: Shop):
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await shop.stock("mug", 10)
    nowhere = {**ADDRESS, "street1": "1 Undeliverable Way"}
    with failing(shop, "record_run"):
        await shop.post("orders", order_request(order_id="a-1", ship_to=nowhere))
        await shop.host.advance(hours=16)
    early = await shop.post(f"{LETTER}/resolve", RESOLUTION)
    assert (early.status, early.json()["code"]) == (409, "end_not_known")
    assert (await shop.get(LETTER)).json()["state"] == "open"
    ended = (await shop.get("orders/a-1", view="durable")).json()["output"]
    services().order_repository.record(OrderProgress.model_validate(ended))
    assert (await shop.post(f"{LETTER}/resolve", {**RESOLUTION, "reason": "said otherwise"})).status == 200
    assert await order_status(shop) == "rejected"
