"""Search through the real Stripe SDK."""

import pytest
import stripe

from sandbox.testing import Sandbox
from sandbox_tests.builders import payment


@pytest.fixture
def made(shop: stripe.StripeClient) -> dict[str, str]:
    """Three payments by order: one held, one captured, one cancelled."""
    ids = {name: shop.v1.payment_intents.create(payment(name)).id for name in ("held", "captured", "cancelled")}
    shop.v1.payment_intents.capture(ids["captured"], {"amount_to_capture": 100})
    shop.v1.payment_intents.cancel(ids["cancelled"])
    return ids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("metadata['order_id']:'held'", {"held"}),
        ('metadata["order_id"]:"held"', {"held"}),
        ("metadata['order_id']:'held' AND status:'requires_capture'", {"held"}),
        ("metadata['order_id']:'held' AND status:'succeeded'", set()),
        ("status:'succeeded' OR status:'canceled'", {"captured", "cancelled"}),
        ("metadata['order_id']:'held' OR status:'succeeded'", {"held", "captured"}),
        ("-metadata['order_id']:'held'", {"captured", "cancelled"}),
        ("-status:'canceled'", {"held", "captured"}),
        ("metadata['order_id']~'cap'", {"captured"}),
        ("amount>2499 AND currency:'usd'", {"held", "captured", "cancelled"}),
        ("amount<2500", set()),
        ("metadata['other']:null", {"held", "captured", "cancelled"}),
        ("metadata['order_id']:'missing'", set()),
    ],
)
def test_a_query_finds_what_it_describes(
    shop: stripe.StripeClient, made: dict[str, str], query: str, found: set[str]
) -> None:
    hits = {payment.id for payment in shop.v1.payment_intents.search({"query": query}).auto_paging_iter()}
    assert hits == {made[name] for name in found}


def test_hits_come_page_by_page(shop: stripe.StripeClient, made: dict[str, str]) -> None:
    first = shop.v1.payment_intents.search({"query": "amount:2500", "limit": 2})
    assert (len(first.data), first.has_more) == (2, True)
    assert {payment.id for payment in first.auto_paging_iter()} == set(made.values())


@pytest.mark.parametrize(
    "query",
    ["", "status", "status:", "colour:'red'", "status:'a' AND amount:1 OR amount:2", "status>'a'", "metadata:'x'"],
)
def test_what_is_no_query_is_refused(shop: stripe.StripeClient, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_intents.search({"query": query})


def test_the_index_can_lag_behind(shop: stripe.StripeClient, sandbox: Sandbox, made: dict[str, str]) -> None:
    sandbox.fault(operation="payment_intents.search", kind="lag", next=1)
    query = "metadata['order_id']:'held'"
    assert shop.v1.payment_intents.search({"query": query}).data == []
    assert [hit.id for hit in shop.v1.payment_intents.search({"query": query}).data] == [made["held"]]


@pytest.mark.parametrize(
    "query", ["metadata['order_id']:'HELD'", "metadata['order_id']~'EL'", "currency:'USD' AND amount:2500"]
)
def test_text_is_compared_without_case(shop: stripe.StripeClient, made: dict[str, str], query: str) -> None:
    """See https://docs.stripe.com/search#search-query-language ."""
    assert made["held"] in {hit.id for hit in shop.v1.payment_intents.search({"query": query}).data}


def test_an_index_that_is_behind_knows_payments_as_they_were(
    shop: stripe.StripeClient, sandbox: Sandbox, made: dict[str, str]
) -> None:
    """https://docs.stripe.com/search#data-freshness: lists are not behind."""
    sandbox.advance(3_600)
    sandbox.lag_search(60)
    shop.v1.payment_intents.capture(made["held"])
    new = shop.v1.payment_intents.create(payment("new")).id
    query = {"query": "metadata['order_id']:'held' OR metadata['order_id']:'new'"}
    assert [(hit.id, hit.status) for hit in shop.v1.payment_intents.search(query).data] == [
        (made["held"], "requires_capture")
    ]
    assert shop.v1.payment_intents.list({"limit": 1}).data[0].id == new
    sandbox.advance(61)
    assert [(hit.id, hit.status) for hit in shop.v1.payment_intents.search(query).data] == [
        (new, "requires_capture"),
        (made["held"], "succeeded"),
    ]


def test_an_account_may_have_no_search(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    """See https://docs.stripe.com/search#regional-availability ."""
    sandbox.fault(operation="payment_intents.search", kind="refuse")
    with pytest.raises(stripe.InvalidRequestError, match="unavailable in your region"):
        shop.v1.payment_intents.search({"query": "amount:2500"})
