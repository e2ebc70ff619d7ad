"""Many orders in one file: each line for itself, every line with a result, no order twice."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.orders.batch import CHUNK_LINES, batch_order_id
from local_host.testing import Answer
from orchestrators.kernel.retry import STEP
from orchestrators.order_batch import CHUNK
from services.orders.csv_documents import TEMPLATE
from tests.invariants.workflows import instances_of
from tests.support.books import assert_balanced, finish
from tests.support.order_requests import order_request
from tests.support.patience import pauses
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import answering, failing, losing_answers

ACCEPT = "accept_order_of_many"


def jsonl(*documents: Any) -> str:
    return "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in documents)


async def send(shop: Shop, text: str, key: str | None = "b-1", media_type: str = "application/x-ndjson") -> Answer:
    headers = {"Content-Type": media_type} | ({} if key is None else {"Idempotency-Key": key})
    return await shop.post("orders/batch", data=text.encode(), headers=headers)


async def batch(shop: Shop, started: Answer) -> dict[str, Any]:
    """Return the run, when nothing is to be done any more."""
    await shop.host.run_until_idle()
    return dict((await shop.get(f"order-batches/{started.json()['id']}")).json())


async def results(shop: Shop, started: Answer) -> list[dict[str, Any]]:
    answer = await shop.get(f"order-batches/{started.json()['id']}/results")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def counts(run: dict[str, Any]) -> tuple[int, int, int, int]:
    detail = run["detail"]
    return detail["accepted"], detail["rejected"], detail["failed"], detail["not_started"]


async def test_every_line_gets_its_result_and_every_good_one_its_order(shop: Shop):
    await shop.stock("mug", 10)
    started = await send(
        shop,
        jsonl(
            order_request(order_id="a-1"),
            "not JSON",
            order_request(lines=[{"product_id": "unknown", "quantity": 1}]),
            order_request(),
        ),
    )
    assert started.status == 202
    assert started.headers["Location"].endswith(f"/api/order-batches/{started.json()['id']}")
    run = await batch(shop, started)
    assert (run["status"], counts(run)) == ("completed", (2, 2, 0, 0))
    fourth = batch_order_id(started.json()["id"], 4)
    shown = await results(shop, started)
    assert [(each["line"], each["outcome"], each.get("order_id")) for each in shown] == [
        (1, "accepted", "a-1"),
        (2, "rejected", None),
        (3, "rejected", batch_order_id(started.json()["id"], 3)),
        (4, "accepted", fourth),
    ]
    assert shown[2]["errors"][0]["field"] == "lines[0].product_id"
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}, fourth: {"mug": 2}})


async def test_a_file_sent_twice_is_one_batch_and_one_order_per_line(shop: Shop):
    await shop.stock("mug", 10)
    text = jsonl(order_request(), order_request())
    first = await send(shop, text, key=None)
    await batch(shop, first)
    again = await send(shop, text, key=None)
    assert again.json() == first.json()
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {batch_order_id(first.json()["id"], line): {"mug": 2} for line in (1, 2)})


async def test_a_key_of_another_file_is_refused_and_leaves_the_first_batch_alone(shop: Shop):
    await shop.stock("mug", 10)
    first = await send(shop, jsonl(order_request()))
    taken = await send(shop, jsonl(order_request(customer_id="bob")))
    assert (taken.status, taken.json()["code"]) == (409, "id_taken")
    assert counts(await batch(shop, first)) == (1, 0, 0, 0)
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {batch_order_id(first.json()["id"], 1): {"mug": 2}})


async def test_an_order_id_that_is_taken_is_that_lines_matter(shop: Shop):
    await shop.stock("mug", 10)
    started = await send(shop, jsonl(order_request(order_id="a-1"), order_request(order_id="a-1", customer_id="bob")))
    await batch(shop, started)
    outcomes = sorted((each["outcome"], each.get("reason_code")) for each in await results(shop, started))
    assert outcomes == [("accepted", None), ("rejected", "order_id_taken")]


async def test_csv_is_taken_too(shop: Shop):
    await shop.stock("mug", 10)
    header = (
        "order_id,customer_id,product_id,quantity,payment.payment_method,email,ship_to.name,ship_to.street1,"
        "ship_to.city,ship_to.state,ship_to.postal_code,ship_to.country"
    )
    row = "a-1,ada,mug,2,pm_card_visa,ada@example.com,Ada,388 Townsend St,San Francisco,CA,94107,US"
    started = await send(shop, f"{header}\n{row}\n", media_type="text/csv")
    assert counts(await batch(shop, started)) == (1, 0, 0, 0)
    await finish(shop)
    await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}})


@pytest.mark.parametrize(
    ("text", "media_type", "status"),
    [
        ("", "application/x-ndjson", 422),
        ("{}", "application/json", 415),
        ("a,a\n1,2\n", "text/csv", 422),
        (f'{TEMPLATE}"\n', "text/csv", 400),
        (" " * (8 * 1024 * 1024 + 1), "text/csv", 413),
    ],
)
async def test_a_file_that_is_none_starts_nothing(shop: Shop, text: str, media_type: str, status: int):
    answer = await send(shop, text, media_type=media_type)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await shop.host.operations.list_instances()).items == []


async def test_a_storage_that_does_not_answer_for_a_while_loses_no_line(shop: Shop):
    await shop.stock("mug", 10)
    with answering(shop, ACCEPT, {"outcome": "unknown", "reason_code": "unavailable"}):
        started = await send(shop, jsonl(order_request(), order_request()))
        assert (await batch(shop, started))["status"] == "running"
    await shop.host.advance(minutes=1)
    assert counts(await batch(shop, started)) == (2, 0, 0, 0)
    await finish(shop)
    await assert_balanced(
        shop, {"mug": 10}, {batch_order_id(started.json()["id"], line): {"mug": 2} for line in (1, 2)}
    )


async def test_a_line_that_storage_never_answered_for_is_reported_as_failed(shop: Shop):
    with answering(shop, ACCEPT, {"outcome": "unknown", "reason_code": "unavailable"}):
        started = await send(shop, jsonl(order_request(order_id="a-1")))
        await batch(shop, started)
        await shop.host.advance(hours=1)
        run = await batch(shop, started)
    assert (run["status"], counts(run)) == ("completed", (0, 0, 1, 0))
    assert (await results(shop, started))[0] | {"message": None} == {
        "line": 1,
        "outcome": "failed",
        "order_id": "a-1",
        "reason_code": "unavailable",
        "message": None,
    }


@pytest.mark.parametrize("step", ["read_batch_lines", "keep_batch_results", "collect_batch_results"])
async def test_blobs_that_do_not_answer_for_hours_lose_no_line(shop: Shop, step: str):
    await shop.stock("mug", 10)
    with failing(shop, step):
        started = await send(shop, jsonl(order_request(order_id="a-1"), order_request(order_id="a-2")))
        await shop.host.run_until_idle()
        await shop.host.advance(hours=2)
        assert (await batch(shop, started))["status"] == "running"
    await shop.host.advance(hours=1)
    assert counts(await batch(shop, started)) == (2, 0, 0, 0)
    await assert_balanced(shop, {"mug": 10}, {"a-1": {"mug": 2}, "a-2": {"mug": 2}})


async def test_a_batch_whose_process_died_half_way_goes_on_and_repeats_no_order(
    monkeypatch, storage_connection, sandbox, tmp_path
):
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox, state=tmp_path / "hub") as shop:
        with losing_answers(shop, "keep_batch_results"):
            await shop.stock("mug", 10)
            started = await send(shop, jsonl(order_request(), order_request()))
            assert (await batch(shop, started))["status"] == "running"
        await shop.host.restart()
        await shop.host.advance(minutes=1)
        assert counts(await batch(shop, started)) == (2, 0, 0, 0)
        await finish(shop)
        wanted = {batch_order_id(started.json()["id"], line): {"mug": 2} for line in (1, 2)}
        await assert_balanced(shop, {"mug": 10}, wanted)


async def test_a_cancelled_batch_stops_between_chunks_and_says_what_was_not_started(shop: Shop):
    lines = [order_request(lines=[{"product_id": "unknown", "quantity": 1}])] * (CHUNK_LINES + 1)
    with answering(shop, ACCEPT, {"outcome": "unknown", "reason_code": "unavailable"}):
        started = await send(shop, jsonl(*lines))
        await shop.host.run_until_idle()
        assert (await shop.post(f"order-batches/{started.json()['id']}/cancellation")).status == 202
    await shop.host.advance(minutes=1)
    run = await batch(shop, started)
    assert (run["status"], run["reason_code"]) == ("cancelled", "cancelled")
    assert counts(run) == (0, CHUNK_LINES, 0, 1)
    assert (await results(shop, started))[-1]["outcome"] == "not_started"
    late = await shop.post(f"order-batches/{started.json()['id']}/cancellation")
    assert (late.status, late.json()["code"]) == (409, "not_running")


async def test_a_batch_whose_chunk_was_stopped_from_outside_still_has_a_result_per_line(shop: Shop):
    with answering(shop, ACCEPT, {"outcome": "unknown", "reason_code": "unavailable"}):
        started = await send(shop, jsonl(*[order_request()] * (CHUNK_LINES + 1)))
        await shop.host.run_until_idle()
        (parent,) = await instances_of(shop, "order_batch")
        for number, pause in enumerate([*pauses(STEP, f"{parent}:{CHUNK}:0"), timedelta(0)]):
            chunk = (await instances_of(shop, CHUNK))[number]
            await shop.host.operations.terminate(chunk)
            await shop.host.advance(pause)
        run = await batch(shop, started)
    assert (run["status"], run["reason_code"]) == ("failed", "chunk_stopped")
    assert counts(run) == (0, 0, CHUNK_LINES, 1)
    assert len(await results(shop, started)) == CHUNK_LINES + 1


async def test_more_lines_than_a_chunk_are_all_taken_in(shop: Shop):
    lines = [
        order_request(order_id=f"a-{number}", lines=[{"product_id": "unknown", "quantity": 1}])
        for number in range(2 * CHUNK_LINES + 1)
    ]
    started = await send(shop, jsonl(*lines))
    assert counts(await batch(shop, started)) == (0, len(lines), 0, 0)
    assert [each["order_id"] for each in await results(shop, started)] == [line["order_id"] for line in lines]


async def test_results_of_an_unknown_batch_are_not_found(shop: Shop):
    assert (await shop.get("order-batches/unknown/results")).status == 404
    assert (await shop.get("order-batches/unknown")).status == 404


async def test_a_batch_does_not_wait_for_its_orders_to_end(shop: Shop):
    await shop.stock("mug", 10, unit_price_cents=60_000)
    started = await send(shop, jsonl(order_request(order_id="a-1")))
    assert (await batch(shop, started))["status"] == "completed"
    assert (await shop.get("orders/a-1")).json()["status"] == "awaiting_approval"
