"""Files of orders, line by line: what is an order, and what is said of a line that is none."""

import json
from typing import Any

import pytest

from domain.orders.batch import MAX_BATCH_LINES, batch_order_id
from domain.orders.order import OrderRequest
from domain.refusals import Invalid, RequestRefused, TooLarge, Unreadable
from services.input.documents import body_text
from services.orders.csv_documents import TEMPLATE
from services.orders.files import CSV, JSON_LINES, read_lines
from tests.support.order_requests import ADDRESS, order_request

COLUMNS = {
    "order_id": "a-1",
    "customer_id": "ada",
    "product_id": "mug",
    "quantity": "2",
    "payment.payment_method": "pm_card_visa",
    "payment.amount_cents": "2000",
    "email": "ada@example.com",
    **{f"ship_to.{name}": value for name, value in ADDRESS.items()},
}


def jsonl(*documents: Any) -> str:
    return "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in documents)


def csv_of(*rows: dict[str, str], columns: dict[str, str] = COLUMNS) -> str:
    lines = [",".join(columns), *(",".join((columns | row)[name] for name in columns) for row in rows)]
    return "\r\n".join(lines) + "\r\n"


def refusal(text: str, media_type: str = JSON_LINES) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        read_lines(text, media_type, "b-1")
    return caught.value


def test_every_line_of_json_is_an_order_of_its_own():
    text = jsonl(order_request(order_id="a-1"), "", order_request(customer_id="bob"))
    orders, rejected = read_lines(text, JSON_LINES, "b-1")
    assert rejected == []
    assert [(order.line, order.order_id) for order in orders] == [(1, "a-1"), (3, batch_order_id("b-1", 3))]
    assert orders[1].request.customer_id == "bob"


def test_a_row_of_csv_is_an_order_in_the_short_form():
    orders, rejected = read_lines("\ufeff" + csv_of({}, {"order_id": "", "quantity": "7"}), CSV, "b-1")
    assert rejected == []
    wanted = order_request(order_id="a-1", lines=None, product_id="mug", quantity=2)
    wanted["payment"]["amount_cents"] = 2_000
    assert orders[0].request == OrderRequest.model_validate(wanted)
    assert [(order.line, order.order_id) for order in orders] == [(2, "a-1"), (3, batch_order_id("b-1", 3))]
    assert orders[1].request.quantity == 7


def test_a_quoted_cell_may_hold_a_comma():
    orders, _ = read_lines(csv_of({"ship_to.street1": '"388 Townsend St, 2nd floor"'}), CSV, "b-1")
    assert orders[0].request.ship_to.street1 == "388 Townsend St, 2nd floor"


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ("{", "not_json", "body"),
        ("[]", "not_json", "body"),
        ('{"quantity": 1, "quantity": 2}', "not_json", "quantity"),
        (order_request(email=None), "invalid_request", "email"),
        (order_request(quantity=1), "invalid_request", "quantity"),
        (order_request(customer_id="4242 4242 4242 4242"), "invalid_request", "customer_id"),
    ],
)
def test_a_line_that_is_no_order_is_named_and_the_others_are_not_touched(line, code, field):
    orders, (rejected,) = read_lines(jsonl(order_request(), line, order_request()), JSON_LINES, "b-1")
    assert [order.line for order in orders] == [1, 3]
    assert (rejected.line, rejected.outcome, rejected.reason_code) == (2, "rejected", code)
    assert [error.field for error in rejected.errors] == [field]
    assert "4242" not in rejected.model_dump_json()


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"quantity": "two"}, "quantity"),
        ({"quantity": "9" * 5_000}, "quantity"),
        ({"product_id": ""}, "product_id"),
        ({"email": "ada,extra"}, "email"),
    ],
)
def test_a_row_that_is_no_order_is_named(row, field):
    orders, (rejected,) = read_lines(csv_of({}, row), CSV, "b-1")
    assert len(orders) == 1
    assert field in {error.field for error in rejected.errors}


@pytest.mark.parametrize(
    ("header", "rules"),
    [
        (",".join([*COLUMNS, "discount"]), {"unknown_column"}),
        (",".join([*COLUMNS, "email"]), {"duplicate_column"}),
        (",".join(name for name in COLUMNS if name != "email"), {"missing_column"}),
        ("Bestellung,Kunde", {"unknown_column", "missing_column"}),
        (":".join(COLUMNS), {"unknown_column", "missing_column"}),
    ],
)
def test_a_header_that_is_not_understood_refuses_the_whole_file_at_once(header, rules):
    refused = refusal(f"{header}\na,b\n", CSV)
    assert type(refused) is Invalid
    assert {error.rule for error in refused.errors} == rules
    assert {error.field for error in refused.errors} == {"header"}


def test_an_unknown_column_is_named_with_its_place_and_the_separator():
    (error,) = refusal(csv_of({}, columns={**COLUMNS, "discount": ""}), CSV).errors
    assert error.message == "Line 1, column 14, 'discount', is no column of an order (read as separated by commas)"


def one_row(*, end: str = "\n", by: str = ",", before: str = "", after: str = "", **cells: str) -> str:
    row = COLUMNS | {name.replace("__", "."): value for name, value in cells.items()}
    return before + by.join(row) + after + end + by.join(row.values()) + after + end


# How Excel, LibreOffice and older ones write CSV.
@pytest.mark.parametrize(
    "text",
    [
        one_row(by=";"),
        one_row(by="\t"),
        one_row(by="|"),
        one_row(before="sep=,\n"),
        one_row(before="sep=;\r\n", by=";", end="\r\n"),
        one_row(before='"sep=;"\r\n', by=";"),
        one_row(before="SEP=^\n", by="^"),
        one_row(before="\n \n,,,\n"),
        one_row(after=",,"),
        one_row(end="\r"),
        one_row(end="\n\n,,,,\n"),
        one_row() + ",,,,\n\n",
        "\ufeff" + one_row(),
        one_row().replace("customer_id", " Customer_ID "),
        one_row().replace("email,", '"email",'),
    ],
)
def test_a_file_is_read_as_spreadsheets_write_it(text):
    orders, rejected = read_lines(text, CSV, "b-1")
    assert rejected == []
    assert [order.order_id for order in orders] == ["a-1"]


def test_a_cell_may_have_a_line_end_and_each_row_keeps_its_first_line():
    rows = csv_of({"ship_to.street1": '"388 Townsend\r\nSt"'}, {"quantity": "none"}, {"order_id": "a-3"})
    orders, rejected = read_lines(rows, CSV, "b-1")
    assert [(line.line, [error.field for error in line.errors]) for line in rejected] == [
        (2, ["ship_to.street1"]),
        (4, ["quantity"]),
    ]
    assert [order.line for order in orders] == [5]


def test_a_value_in_a_column_without_a_name_is_an_error_of_its_row():
    text = one_row(after=",") + ",".join(COLUMNS.values()) + ",what\n"
    orders, (rejected,) = read_lines(text, CSV, "b-1")
    assert len(orders) == 1
    assert (rejected.line, [error.field for error in rejected.errors]) == (3, ["column_14"])


def test_lines_of_json_may_end_with_cr_alone():
    orders, rejected = read_lines(jsonl(order_request(), order_request()).replace("\n", "\r"), JSON_LINES, "b-1")
    assert (len(orders), rejected) == (2, [])


def test_a_line_of_json_is_no_longer_than_a_body():
    (rejected,) = read_lines(jsonl(order_request(), {"x": "y" * 70_000}), JSON_LINES, "b-1")[1]
    assert (rejected.line, [error.rule for error in rejected.errors]) == (2, ["line_too_long"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_body_is_utf_8_or_utf_16_with_its_mark(encoding):
    assert body_text("José".encode(encoding), 100) == "José"


def test_a_body_in_latin_1_is_refused_with_its_line():
    with pytest.raises(Unreadable) as caught:
        body_text("a,b\nx,José\n".encode("latin-1"), 100)
    assert caught.value.code == "not_utf8"
    assert "line 2" in caught.value.detail


def test_utf_16_without_its_mark_is_refused():
    with pytest.raises(Unreadable) as caught:
        body_text("a,b\n".encode("utf-16-le"), 100)
    assert caught.value.code == "not_utf8"


def test_the_template_is_a_header_that_is_understood():
    assert refusal(TEMPLATE, CSV).errors[0].rule == "empty"
    assert set(COLUMNS) < set(TEMPLATE.removeprefix("\ufeff").strip().split(","))


def test_a_csv_that_cannot_be_taken_apart_is_refused():
    problem = refusal(csv_of({"email": '"ada"x'}), CSV)
    assert (type(problem), problem.code) == (Unreadable, "not_csv")
    assert "ada" not in problem.detail


@pytest.mark.parametrize(("text", "media_type"), [("", JSON_LINES), ("\n \n", JSON_LINES), ("", CSV), (csv_of(), CSV)])
def test_a_file_without_a_line_is_refused(text, media_type):
    assert refusal(text, media_type).errors[0].rule == "empty"


def test_a_file_with_too_many_lines_is_refused_whole():
    assert type(refusal("{\n" * (MAX_BATCH_LINES + 1))) is TooLarge
