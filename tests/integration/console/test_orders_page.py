"""The list of orders in the console: search, filters, pages, export."""

import csv
import io
import re
from html import unescape

import pytest

from adapters.stores.order_index import PARTITIONS, index_rows
from console.web.csv_answer import csv_answer
from local_host.testing import Answer
from services.container import services
from tests.integration.console.pages import visit
from tests.support.order_requests import order_request
from tests.support.orders import NOON
from tests.support.shop import Shop


def orders_on(page: Answer) -> list[str]:
    return re.findall(r'<td><a href="/console/orders/([^"?]+)"', page.text)


async def place(shop: Shop, order_id: str, **changes: object) -> None:
    assert (await shop.post("orders", order_request(order_id=order_id, **changes))).status == 202


@pytest.fixture
async def sold(shop: Shop) -> Shop:
    await shop.stock("mug", 10)
    for number in range(3):
        await place(shop, f"o-{number}", customer_id=f"c-{number % 2}", email=f"c{number % 2}@example.com")
    await shop.host.run_until_idle()
    return shop


async def test_the_address_of_the_console_leads_to_the_orders_newest_first(sold: Shop):
    answer = await visit(sold, "")
    assert (answer.status, answer.headers["Location"]) == (303, "/console/orders")
    page = await visit(sold, "orders")
    assert (page.status, orders_on(page)) == (200, ["o-2", "o-1", "o-0"])
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("term", "kind", "found"),
    [
        ("c1@example.com", "email", ["o-1"]),
        ("c-0", "customer", ["o-2", "o-0"]),
        ("mug", "product", ["o-2", "o-1", "o-0"]),
    ],
)
async def test_a_term_is_searched_as_what_it_finds(sold: Shop, term: str, kind: str, found: list[str]):
    answer = await visit(sold, "orders", q=term, by="", status="")
    assert answer.headers["Location"] == f"/console/orders?q={term.replace('@', '%40')}&by={kind}"
    assert orders_on(await visit(sold, "orders", q=term, by=kind)) == found


async def test_payment_tracking_code_and_id_find_their_order(sold: Shop):
    order = (await sold.get("orders/o-1")).json()
    for kind, term in (("payment", order["payment"]["payment_id"]), ("tracking", order["parcel"]["tracking_code"])):
        answer = await visit(sold, "orders", q=term)
        assert answer.headers["Location"].endswith(f"by={kind}")
        assert orders_on(await visit(sold, "orders", q=term, by=kind)) == ["o-1"]
    by_id = await visit(sold, "orders", q="o-1", by="order")
    assert by_id.headers["Location"] == "/console/orders/o-1"


async def test_what_finds_nothing_says_so(sold: Shop):
    page = await visit(sold, "orders", q="<b>nothing</b>")
    assert (page.status, orders_on(page)) == (200, [])
    assert "Nothing was found for “<bdi>&lt;b&gt;nothing&lt;/b&gt;</bdi>”." in page.text


async def test_a_page_on_which_no_order_meets_the_filters_leads_on(sold: Shop):
    for partition in PARTITIONS:
        row = {"PartitionKey": partition, "customer_id": "c-9", "status": "completed", "updated_at": NOON}
        ids = [f"x-{partition}-{number}" for number in range(40)]
        rows = [index for each in ids for index in index_rows({**row, "RowKey": each, "listed_at": NOON}).values()]
        of_customer = [("create", index) for index in rows if index["RowKey"].startswith("$customer")]
        services().storage.table("orders").submit_transaction(of_customer)
    page = await visit(sold, "orders", q="c-9", by="customer", status="rejected")
    assert orders_on(page) == []
    assert "No order of these filters is on this page." in page.text
    assert 'rel="next"' in page.text


async def test_filters_are_counted_and_stand_in_the_address(sold: Shop):
    await sold.stock("piano", 5, unit_price_cents=600_000)
    await place(sold, "o-3", lines=[{"product_id": "piano", "quantity": 1}])
    await sold.host.run_until_idle()
    assert orders_on(await visit(sold, "orders", status="completed")) == ["o-2", "o-1", "o-0"]
    counts = dict(re.findall(r'status=(\w+)"[^>]*>[^<]*<span class="count">(\S+)</span>', (await counted(sold)).text))
    assert (counts["completed"], counts["awaiting_approval"], counts["failed"]) == ("3", "1", "0")


async def counted(shop: Shop) -> Answer:
    return await visit(shop, "order-counts")


async def test_older_orders_are_a_page_away(sold: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("console.pages.orders._PAGE_SIZE", 2)
    first = await visit(sold, "orders", status="completed")
    assert orders_on(first) == ["o-2", "o-1"]
    older = re.search(r'rel="next" href="/console/([^"]+)"', first.text)
    assert older is not None
    assert orders_on(await visit(sold, unescape(older[1]))) == ["o-0"]


async def test_an_unknown_filter_and_a_foreign_cursor_are_explained(sold: Shop):
    for query in ({"status": "sold"}, {"cursor": "x"}, {"since": "yesterday"}):
        page = await visit(sold, "orders", **query)
        assert page.status == 422
        assert f"<b>{next(iter(query))}</b>" in page.text


async def test_an_export_has_every_order_of_the_filters(sold: Shop):
    export = await visit(sold, "orders.csv", status="completed")
    rows = list(csv.DictReader(io.StringIO(export.text.removeprefix("\ufeff"))))
    assert [(row["order_id"], row["customer_id"]) for row in rows] == [("o-2", "c-0"), ("o-1", "c-1"), ("o-0", "c-0")]
    assert export.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'


def test_a_spreadsheet_finds_no_formula_in_an_export():
    text = csv_answer("x.csv", ("a", "b"), [{"a": "=1+1", "b": 'a "b", c'}, {"a": -1, "b": None}]).get_body().decode()
    assert text == '\ufeffa,b\r\n\'=1+1,"a ""b"", c"\r\n-1,\r\n'


async def test_static_files_are_kept_by_browsers_and_change_their_names_with_their_content(shop: Shop):
    page = await visit(shop, "orders")
    for address in re.findall(r'(?:src|href)="/console/(static/[^"]+)"', page.text):
        answer = await visit(shop, address)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert (await visit(shop, "static/console.css")).status == 404
    assert (await visit(shop, "none")).status == 404
