"""Which addresses a customer may ask a parcel to be sent to."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.shipping.shipment import Address, Destination
from tests.support.order_requests import ADDRESS

NO_LINES = [
    "   ",
    "\u00a0",
    "\t",
    "Ada\nLovelace",
    "Ada\r",
    "Ada\x00",
    "\x1b[31mAda",
    "Ada\x7f",
    "Ada\x85",
    "Ada\u2028Lovelace",
]


def broken(**changes: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as refused:
        Destination.model_validate({**ADDRESS, **changes})
    return [error["loc"] for error in refused.value.errors()]


@pytest.mark.parametrize("text", NO_LINES)
def test_a_text_that_cannot_be_printed_on_a_label_as_one_line_is_refused_in_every_field(text: str) -> None:
    fields = ("name", "street1", "street2", "city", "state")
    assert broken(**dict.fromkeys(fields, text)) == [(field,) for field in fields]


@pytest.mark.parametrize("text", ["A", "Ådne Ó Súilleabháin", "李小龍", "Hauptstraße 1 / 2. OG", " 5 ", "👩‍🚒 station"])
def test_a_line_in_any_script_is_taken_as_it_is(text: str) -> None:
    assert Destination.model_validate({**ADDRESS, "name": text}).name == text


def test_an_address_that_was_accepted_before_stays_readable() -> None:
    assert Address.model_validate({**ADDRESS, "name": "Ada\nLovelace"}).name == "Ada\nLovelace"
