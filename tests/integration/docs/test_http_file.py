"""docs/durable-orders.http is up to date, and the app accepts what it sends."""

import re

from scripts.http_file import FILE, http_file
from scripts.seed import CATALOGUE
from tests.support.api import openapi_document
from tests.support.shop import Shop

MALFORMED = {400, 405, 413, 415, 422, 500}


def test_the_file_is_made_from_the_present_document() -> None:
    assert FILE.read_text(encoding="utf-8") == http_file(openapi_document()), "run `python -m scripts.http_file`"


async def test_the_app_accepts_every_request_of_the_file(desk: Shop) -> None:
    for seed in CATALOGUE:
        await desk.stock(seed.product_id, seed.quantity, unit_price_cents=seed.unit_price_cents)
    statuses = {}
    for operation, method, path, headers, body in read(FILE.read_text(encoding="utf-8")):
        send = getattr(desk.host.http, method.lower())
        answer = await send(path, data=body or None, headers=headers)
        statuses[operation] = answer.status
        assert answer.status not in MALFORMED, (operation, answer.text)
        await desk.host.run_until_idle()
    documented = {op["operationId"] for path in openapi_document()["paths"].values() for op in path.values()}
    assert set(statuses) == documented
    assert {operation for operation, status in statuses.items() if status >= 400} <= {
        "cancel_order",  # it is completed
        "settle_order",  # nothing of it is open
        "settle_run",
        "decide_approval",  # it needs none
        "cancel_file_batch",
        "cancel_order_batch",
        "withdraw_expenses",
        "approve_instance",
        "get_invoice",  # the order was paid by card
        "record_invoice_payment",
        "erase_customer",  # an order is under way
        "get_erasure",
        "get_dead_letter",  # there is none
        "resolve_payment_drift",
        "start_replay",
        "resolve_dead_letter",
        "show_decision",  # the token comes from a mail
        "take_decision",
        "receive_carrier_webhook",  # the signature comes from the carrier
        "get_shipment",  # it is not watched yet
        "get_cart_change",  # the id comes from the change
        "get_stock_movement",
        "get_cart_checkout",  # the id comes from the checkout
        "get_order_batch",  # the id comes from the batch
        "get_order_batch_results",
        "get_customer_data_run",  # the id comes from the export or the erasure
        "check_out_cart",  # the cart was emptied
        "change_cart_item",
        "remove_cart_item",
    }, statuses


def read(text: str):
    """Yield name, method, path, headers and body of every request, as the editor sends them."""
    values = dict(re.findall(r"^@(\w+) = (.*)$", text, re.MULTILINE)) | {"host": ""}
    for part in text.split("### ")[1:]:
        filled = re.sub(r"{{(\w+)}}", lambda name: values[name[1]], part)
        head, _, body = filled.partition("\n\n")
        name, *lines = (line for line in head.splitlines() if not line.startswith("#"))
        method, _, path = lines[0].partition(" ")
        yield name, method, path, dict(line.split(": ", 1) for line in lines[1:]), body.strip()
