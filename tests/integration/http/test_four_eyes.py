"""Four eyes, two approvers, the audit log, and links that fail."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER
from domain.orders.approval import approval_wait_id
from domain.workflows.decision_link import DecisionLink
from local_host.testing import Answer
from services.container import services
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings

ADA, BOB, EVE = "ada@shop.example", "bob@shop.example", "eve@shop.example"


async def call(shop: Shop, who: str, method: str, path: str, body: Any = None, roles: str | None = None) -> Answer:
    headers = {"X-Local-Caller": who, "X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    if roles is not None:
        headers["X-Local-Roles"] = roles
    return await shop.host.http.request(method, f"/api/{path}", json=body, headers=headers)


async def decide(shop: Shop, who: str, decision: str = "approved", **fields: Any) -> tuple[int, str | None]:
    answer = await call(shop, who, "POST", "orders/big-1/approval", {"decision": decision, **fields})
    return answer.status, answer.json().get("code")


@pytest.fixture
async def waiting(shop: Shop) -> Shop:
    """Return a shop with an order that Ada has placed and that waits for an approval."""
    await shop.stock("piano", 10, unit_price_cents=500_000)
    body = order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}], email=EVE)
    assert (await call(shop, ADA, "POST", "orders", body)).status == 202
    await shop.host.run_until_idle()
    return shop


async def shown(shop: Shop) -> dict[str, Any]:
    await shop.host.run_until_idle()
    return dict((await shop.get("orders/big-1")).json())


def of_approvals(order: dict[str, Any]) -> tuple[int | None, str | None]:
    return order["approval"]["approvers_needed"], order["approval"]["first_approver"]


async def test_an_approver_decides_on_no_order_of_their_own_whatever_name_they_state(waiting: Shop) -> None:
    assert await decide(waiting, ADA, approver="The CEO") == (403, "own_request")
    assert await decide(waiting, ADA.upper()) == (403, "own_request")
    assert await decide(waiting, EVE) == (403, "own_request")  # the customer
    assert (await shown(waiting))["status"] == "awaiting_approval"
    assert await decide(waiting, BOB, approver="The CEO") == (202, None)
    order = await shown(waiting)
    assert order["status"] == "completed"
    assert "The CEO" not in str(order)
    assert BOB in str(order)


async def test_another_caller_who_repeats_the_order_does_not_free_the_first(waiting: Shop) -> None:
    body = order_request(order_id="big-1", lines=[{"product_id": "piano", "quantity": 1}], email=EVE)
    assert (await call(waiting, BOB, "POST", "orders", body)).status == 202
    assert await decide(waiting, ADA) == (403, "own_request")
    assert await decide(waiting, BOB) == (403, "own_request")


async def test_approve_without_a_token_needs_an_approver(waiting: Shop) -> None:
    refused = await call(waiting, BOB, "POST", "approve/big-1", {"decision": "approved"}, roles="storefront,operator")
    assert (refused.status, refused.json()["code"]) == (403, "role_missing")
    own = await call(waiting, ADA, "POST", "approve/big-1", {"decision": "approved"})
    assert (own.status, own.json()["code"]) == (403, "own_request")


async def test_who_sends_a_batch_does_not_approve_its_orders_under_whatever_role_later(shop: Shop) -> None:
    await shop.stock("piano", 10, unit_price_cents=500_000)
    line = {"product_id": "piano", "quantity": 1}
    body = "".join(json.dumps(order_request(order_id=each, lines=[line])) + "\n" for each in ("big-1", "big-2"))
    headers = {"X-Local-Caller": ADA, "X-Local-Roles": "operator", "Content-Type": "application/x-ndjson"}
    sent = await shop.host.http.request("POST", "/api/orders/batch", data=body.encode(), headers=headers)
    assert sent.status == 202
    await shop.host.run_until_idle()
    assert (await shown(shop))["status"] == "awaiting_approval"
    assert await decide(shop, ADA.upper()) == (403, "own_request")
    assert await decide(shop, BOB) == (202, None)


async def test_above_the_second_limit_two_approvers_decide(waiting: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, SECOND_APPROVAL_LIMIT_CENTS="400000")
    assert of_approvals(await shown(waiting)) == (2, None)
    for _ in range(2):  # once more is no second approver
        assert await decide(waiting, BOB) == (202, None)
        assert of_approvals(await shown(waiting)) == (2, BOB)
    assert await decide(waiting, ADA) == (403, "own_request")
    assert await decide(waiting, "carl@shop.example") == (202, None)
    order = await shown(waiting)
    assert (order["status"], of_approvals(order)) == ("completed", (None, None))
    assert f"{BOB} and carl@shop.example" in str(order)
    assert await decide(waiting, "carl@shop.example") == (202, None)  # a repeat
    assert await decide(waiting, BOB) == (202, None)


async def test_one_rejection_is_enough(waiting: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, SECOND_APPROVAL_LIMIT_CENTS="400000")
    assert await decide(waiting, BOB) == (202, None)
    assert await decide(waiting, "carl@shop.example", "rejected") == (202, None)
    assert (await shown(waiting))["status"] == "rejected"
    assert await decide(waiting, BOB) == (409, "already_decided")


async def test_each_action_of_a_person_is_in_the_audit_log(waiting: Shop) -> None:
    await decide(waiting, ADA)
    await decide(waiting, BOB)
    listed: dict[str, Any] = (await call(waiting, EVE, "GET", f"audit?who={BOB}&limit=1", roles="auditor")).json()
    following: dict[str, Any] = (
        await call(waiting, EVE, "GET", f"audit?who={BOB}&cursor={listed['next_cursor']}", roles="auditor")
    ).json()
    (answered,), (requested,) = listed["records"], following["records"]
    assert (requested["event"], requested["status"], answered["event"], answered["status"]) == (
        "requested",
        None,
        "answered",
        202,
    )
    assert requested["action_id"] == answered["action_id"]
    assert (answered["who"], answered["operation"], answered["method"]) == (BOB, "decide_approval", "POST")
    assert (answered["path"], answered["source"]) == ("/api/orders/big-1/approval", "198.51.100.7")
    everything = (await call(waiting, EVE, "GET", "audit", roles="auditor")).json()["records"]
    assert [each["at"] for each in everything] == sorted((each["at"] for each in everything), reverse=True)
    assert (ADA, "decide_approval", 403) in [(each["who"], each["operation"], each["status"]) for each in everything]
    assert (await call(waiting, EVE, "GET", "audit", roles="operator,approver")).status == 403


async def test_what_cannot_be_recorded_is_not_done(waiting: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(record: Any) -> None:
        raise StorageUnavailable("the audit log did not answer")

    with monkeypatch.context() as for_now:
        for_now.setattr(services().audit_log, "append", away)
        assert (await decide(waiting, BOB))[0] == 503
    assert (await shown(waiting))["status"] == "awaiting_approval"


async def test_an_action_that_failed_in_the_console_is_recorded_as_failed(
    waiting: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*asked: Any) -> None:
        raise StorageUnavailable("away")

    headers = {"X-Local-Caller": BOB, "Content-Type": "application/x-www-form-urlencoded"}
    with monkeypatch.context() as for_now:
        for_now.setattr(services().approvals, "settle", away)
        path = "/console/orders/big-1/decide"
        answer = await waiting.host.http.request("POST", path, headers=headers, data="decision=approved")
    assert answer.status == 503
    records = (await call(waiting, EVE, "GET", f"audit?who={BOB}", roles="auditor")).json()["records"]
    assert {(each["event"], each["status"]) for each in records} == {("requested", None), ("answered", 503)}


async def test_links_that_fail_too_often_are_refused_and_good_ones_are_not(
    waiting: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(monkeypatch, LINK_SECRET="only for tests")

    async def try_link(address: str, token: str = "made-up") -> int:
        path, headers = f"/api/decisions?token={token}", {"X-Forwarded-For": address}
        return (await waiting.host.http.request("GET", path, headers=headers)).status

    # App Service names the port too, and each connection has another.
    assert [await try_link(f"198.51.100.7:{50_000 + number}") for number in range(10)] == [403] * 10
    change_settings(monkeypatch, LINK_SECRET="only for tests")  # another instance of the app
    assert [await try_link(f"198.51.100.7:{50_000 + number}") for number in range(11)] == [*[403] * 10, 429]
    change_settings(monkeypatch, LINK_SECRET="only for tests")
    assert await try_link("198.51.100.7") == 429
    assert await try_link("9.9.9.9, 198.51.100.7") == 429  # what the caller put before it is no other address
    assert await try_link("198.51.100.8") == 403
    link = DecisionLink(
        workflow=PROCESS_ORDER,
        key="big-1",
        wait_id=approval_wait_id("big-1"),
        approver=BOB,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    assert await try_link("198.51.100.7", services().decision_links.token(link)) == 200
    of_one_subscriber = [f"[2001:db8::{number:x}]:{50_000 + number}" for number in range(21)]
    assert [await try_link(address) for address in of_one_subscriber] == [*[403] * 20, 429]
    assert await try_link("2001:db8:0:1::1") == 403
    later, looks = datetime.now(UTC) + timedelta(hours=1), iter([True, False])
    assert services().failed_links.delete_unchanged_since(later, lambda: next(looks)) == 1, "no time for more"
    assert services().failed_links.delete_unchanged_since(later) == 3
    assert await try_link("9.9.9.9, 198.51.100.7") == 429  # this process remembers it
    change_settings(monkeypatch, LINK_SECRET="only for tests")
    assert await try_link("9.9.9.9, 198.51.100.7") == 403
