"""Translate our addresses, measures and declarations into EasyPost's words, and carriers' messages into ours."""

import re
from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, Final

from domain.cards import looks_like_card_number
from domain.money import Money, rules_of
from domain.shipping.addresses import state_code
from domain.shipping.customs import CustomsDeclaration, CustomsItem
from domain.shipping.shipment import Address, ShipmentRequest

_GRAMS_PER_OUNCE: Final = Decimal("28.349523125")
_MM_PER_INCH: Final = Decimal("25.4")
_TENTH: Final = Decimal("0.1")
_MAX_MESSAGE_CHARS: Final = 200
# Addresses of mails, keys, and long numbers: of telephones, accounts, parcels.
_PRIVATE: Final = re.compile(r"\S+@\S+|\bEZ[TA]K\w+|\+?\d[\d ()./-]{5,}\d")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def address_words(address: Address) -> dict[str, Any]:
    """Return an address. Its state is a code, as on labels."""
    words = {**address.model_dump(exclude_none=True, exclude={"postal_code"}), "zip": address.postal_code}
    return words if address.state is None else {**words, "state": state_code(address.country, address.state)}


def parcel_words(request: ShipmentRequest) -> dict[str, float]:
    """Return a parcel: ounces, and inches where its sides are known."""
    words = {"weight": ounces(request.weight_grams)}
    if request.size_mm is not None:
        height, width, length = (_inches(side) for side in sorted(request.size_mm))
        words |= {"length": length, "width": width, "height": height}
    return words


def customs_words(declared: CustomsDeclaration) -> dict[str, Any]:
    """Return a CustomsInfo (https://docs.easypost.com/docs/customs-infos)."""
    words = {
        "customs_certify": True,
        "customs_signer": declared.signer,
        "contents_type": declared.contents,
        "restriction_type": "none",
        "non_delivery_option": "return",
        "customs_items": [_item_words(item) for item in declared.items],
    }
    return words if declared.exemption is None else {**words, "eel_pfc": declared.exemption}


def ounces(grams: int) -> float:
    """Return ounces, rounded up to a tenth, as carriers weigh."""
    return _tenths_up(Decimal(grams) / _GRAMS_PER_OUNCE)


def redacted(text: object, private: Iterable[str | None]) -> str:
    """Return a carrier's text without what is private in it. private: what is known of the customer."""
    shown = _CONTROL.sub(" ", str(text))
    for value in sorted((value for value in private if value), key=len, reverse=True):
        shown = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", shown, flags=re.IGNORECASE)
    shown = _PRIVATE.sub("…", shown)[:_MAX_MESSAGE_CHARS].strip()
    return "(hidden)" if looks_like_card_number(shown) else shown


def private_values(address: Address) -> list[str | None]:
    """Return what of an address must not be repeated. Its country identifies no person."""
    return [address.name, address.street1, address.street2, address.city, address.postal_code]


def _inches(mm: int) -> float:
    return _tenths_up(Decimal(mm) / _MM_PER_INCH)


def _tenths_up(number: Decimal) -> float:
    # Not by `//`, which cuts decimals off towards 0.
    return float(number.quantize(_TENTH, ROUND_UP))


def _item_words(item: CustomsItem) -> dict[str, Any]:
    """Return a CustomsItem: value and weight are the whole line's. A weight that is rounded up could exceed the parcel's."""
    value = Decimal(item.value_cents).scaleb(-rules_of(item.currency).exponent)
    return {
        "description": item.description,
        "quantity": item.quantity,
        "value": float(value),
        "currency": Money(item.value_cents, item.currency).currency.upper(),
        "weight": max(
            float((Decimal(item.weight_grams) / _GRAMS_PER_OUNCE).quantize(Decimal("0.001"), ROUND_DOWN)), 0.001
        ),
        "hs_tariff_number": item.hs_code,
        "origin_country": item.origin_country,
    }
