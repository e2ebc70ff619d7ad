"""The PaymentIntent endpoints that only look: retrieve, list, search."""

from sandbox.core.exchange import Answer, Call
from sandbox.ledger import payments
from sandbox.ledger.store import Ledger
from sandbox.stripe import listing, payment_params, payment_store, search
from sandbox.stripe.errors import invalid_request
from sandbox.stripe.intent import PaymentIntent
from sandbox.stripe.wire import intent_body, list_body

# What merchants in India are answered (https://docs.stripe.com/search#regional-availability).
_NO_SEARCH = "The search feature is temporarily unavailable in your region."


def retrieve(call: Call, ledger: Ledger) -> Answer:
    """Answer with a payment."""
    given = payment_params.read(call, payment_params.RETRIEVE)
    return Answer(body=intent_body(payment_store.find(call, ledger), payment_params.expansions(given)))


def list_all(call: Call, ledger: Ledger) -> Answer:
    """Answer with a page of payments."""
    given = payment_params.read(call, payment_params.LIST)
    bodies = (
        intent_body(PaymentIntent.from_json(state), payment_params.expansions(given, "data."))
        for state in payments.newest_first(ledger)
    )
    if "customer" in given:
        bodies = (body for body in bodies if body["customer"] == given["customer"])
    data, more = listing.page(bodies, given, what="payment_intent")
    return Answer(body=list_body("/v1/payment_intents", data, has_more=more))


def find_matching(call: Call, ledger: Ledger) -> Answer:
    """Search, in an index that may be behind. `page` is the id of the last hit of the page before."""
    given = payment_params.read(call, payment_params.SEARCH, required=("query",))
    if call.refusal is not None:
        raise invalid_request(call.refusal.message or _NO_SEARCH, code=call.refusal.code)
    query = search.parse(given["query"])
    states = iter(()) if call.lagging else payments.indexed_newest_first(ledger)
    bodies = (
        intent_body(PaymentIntent.from_json(state), payment_params.expansions(given, "data.")) for state in states
    )
    cursor = {"starting_after": given["page"]} if "page" in given else {}
    paging = {"limit": given.get("limit", 10)} | cursor
    data, more = listing.page(filter(query.matches, bodies), paging, what="payment_intent")
    next_page = data[-1]["id"] if more else None
    return Answer(
        body={
            "object": "search_result",
            "data": data,
            "has_more": more,
            "next_page": next_page,
            "url": "/v1/payment_intents/search",
        }
    )
