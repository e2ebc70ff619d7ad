"""What people type into fields of a form, as the values that a request holds."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from domain.money import rules_of
from domain.refusals import Invalid

_MAX_PRICE_CHARS: Final = 16


def _whole_number(text: Any) -> Any:
    """Return the number of a field's text. pydantic would accept blanks, fractions and other digits too."""
    if isinstance(text, str) and re.fullmatch(r"[+-]?[0-9]{1,9}", text.strip()):
        return int(text)
    raise PydanticCustomError("int_type", "Must be a whole number")


WHOLE_NUMBER: Final = BeforeValidator(_whole_number)


def _number_or_empty(text: Any) -> Any:
    return None if isinstance(text, str) and not text.strip() else _whole_number(text)


NUMBER_OR_EMPTY: Final = BeforeValidator(_number_or_empty)


def price(text: str, currency: str) -> int:
    """Return an amount that a person has typed, such as `12.50`, in the unit of its currency.

    Raises:
        Invalid: It is no amount, or has more decimals than the currency.
    """
    try:
        amount = Decimal(text.strip()) if len(text) <= _MAX_PRICE_CHARS else None
    except InvalidOperation:
        amount = None
    smallest = None if amount is None or not amount.is_finite() else amount.scaleb(rules_of(currency).exponent)
    if smallest is None or smallest != smallest.to_integral_value():
        raise Invalid.of_field(
            "price", "price_form", "Must be an amount such as 12.50, with the decimals of its currency"
        )
    return int(smallest)
