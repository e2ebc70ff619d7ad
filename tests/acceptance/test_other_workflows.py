"""Every other workflow is accepted with an address, is polled there to its end, and is one run however often it is sent."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scripts.decision_mail import decision_token
from tests.acceptance.caller import Caller
from tests.support.order_requests import order_request

USER = {
    "name": "Ada Lovelace",
    "country": "US",
    "postal_code": "94107",
    "birth_date": "1990-12-10",
    "accepts_terms": True,
}


def expense_claim() -> dict[str, Any]:
    """Return a claim of today."""
    today = datetime.now(UTC).date().isoformat()
    item = {"category": "meals", "amount_cents": 1_450, "currency": "usd", "spent_on": today}
    return {"employee_id": "ada", "email": "ada@example.com", "items": [item]}


REQUESTS: dict[str, dict[str, Any]] = {
    "onboarding": USER,
    "reports": {"placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z", "format": "html"},
    "file-batches": {"container": "incoming", "prefix": "acceptance-test-has-no-files/"},
}


def request_of(path: str, run_id: str) -> dict[str, Any]:
    """Return a request under an id. A user is one per mail address, so each has one of their own."""
    return REQUESTS[path] | {"id": run_id} | ({"email": f"{run_id}@example.com"} if path == "onboarding" else {})


@pytest.mark.parametrize("path", REQUESTS)
def test_a_run_is_accepted_once_and_ends(caller, path):
    body = request_of(path, caller.new_id())
    first = caller.accepted(path, body)
    assert caller.accepted(path, body).body == first.body
    run = caller.ended(first.headers["Location"])
    assert (run["id"], run["status"], run["succeeded"]) == (body["id"], "completed", True)
    assert {step["outcome"] for step in run["steps"]} == {"done"}


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("onboarding", {"name": "Grace Hopper"}),
        ("reports", {"format": "csv"}),
        ("file-batches", {"prefix": "acceptance-test-has-none-here/"}),
    ],
)
def test_another_request_under_a_taken_id_is_a_conflict(caller, path, change):
    body = request_of(path, caller.new_id())
    caller.accepted(path, body)
    assert caller.post(path, body | change).problem() == (409, "application/problem+json")


@pytest.mark.parametrize("path", REQUESTS)
def test_a_run_that_does_not_exist_is_not_found(caller, path):
    assert caller.get(f"{path}/{caller.new_id()}").problem() == (404, "application/problem+json")


def waiting_claim(caller: Caller) -> tuple[str, str]:
    """Hand in expenses; return their id and their address once they wait for a decision."""
    accepted = caller.accepted("expenses", expense_claim() | {"id": caller.new_id()})
    location = accepted.headers["Location"]
    caller.until(lambda: caller.get(location), lambda claim: bool(claim.body["detail"].get("wait")))
    return accepted.body["id"], location


def token_in_mail(caller: Caller, mails: Path, claim_id: str) -> str:
    """Return the token of the link in the approver's mail."""
    caller.until(lambda: caller.get(f"expenses/{claim_id}"), lambda _: decision_token(mails, claim_id) is not None)
    return str(decision_token(mails, claim_id))


def test_approved_expenses_are_paid(caller, mails):
    claim_id, location = waiting_claim(caller)
    decision = {"decision": "approved", "token": token_in_mail(caller, mails, claim_id)}
    caller.accepted(f"approve/expense_approval.{claim_id}", decision)
    assert caller.ended(location)["status"] == "completed"


def test_rejected_expenses_are_not_paid(caller, mails):
    claim_id, location = waiting_claim(caller)
    token = token_in_mail(caller, mails, claim_id)
    decision = {"decision": "rejected", "token": token, "comment": "No receipt."}
    caller.accepted(f"approve/expense_approval.{claim_id}", decision)
    assert caller.ended(location)["status"] == "rejected"


def test_withdrawn_expenses_are_not_paid(caller):
    accepted = caller.accepted("expenses", expense_claim() | {"id": caller.new_id()})
    claim_id, location = accepted.body["id"], accepted.headers["Location"]
    caller.until(lambda: caller.get(location), lambda claim: bool(claim.body["detail"].get("wait")))
    unsigned = {"token": "a-stranger-has-none"}
    assert caller.post(f"expenses/{claim_id}/withdrawal", unsigned).problem() == (403, "application/problem+json")
    repeated = caller.accepted("expenses", expense_claim() | {"id": claim_id}).body
    assert repeated["withdrawal_token"] is None  # everyone who has seen the claim can repeat it
    caller.accepted(f"expenses/{claim_id}/withdrawal", {"token": accepted.body["withdrawal_token"]})
    assert caller.ended(location)["status"] == "cancelled"


def test_a_cart_becomes_one_order_and_is_empty(caller):
    product, customer = caller.sell(units=5), caller.new_id()
    addition = {"product_id": product, "quantity": 2, "key": caller.new_id()}
    for _ in range(2):
        caller.accepted(f"carts/{customer}/items", addition)
    assert caller.get(f"carts/{customer}").body["items"] == [{"product_id": product, "quantity": 2}]

    details = {name: order_request()[name] for name in ("payment", "ship_to", "email")}
    checkout = caller.accepted(f"carts/{customer}/checkout", details)
    order_id = caller.ended(checkout.headers["Location"])["detail"]["order_id"]
    assert caller.ended(f"orders/{order_id}")["status"] == "completed"
    assert caller.get(f"carts/{customer}").body["items"] == []


def test_every_line_of_a_file_of_orders_is_accepted_or_says_why(caller):
    product = caller.sell(units=5)
    good = order_request(order_id=caller.new_id(), lines=[{"product_id": product, "quantity": 1}])
    lines = "\n".join(map(json.dumps, [good, good | {"order_id": caller.new_id(), "email": "not an address"}]))
    options = {"data": lines, "headers": {"Content-Type": "application/x-ndjson"}}
    accepted = caller.accepted("orders/batch", **options)
    assert caller.accepted("orders/batch", **options).body == accepted.body

    assert caller.ended(accepted.headers["Location"])["id"] == accepted.body["id"]
    results = caller.get(f"order-batches/{accepted.body['id']}/results")
    assert results.status == 200
    assert [json.loads(line)["line"] for line in results.text.splitlines()] == [1, 2]
    assert caller.ended(f"orders/{good['order_id']}")["status"] == "completed"
