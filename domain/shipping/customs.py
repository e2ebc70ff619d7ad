"""What customs want to know of a parcel that crosses a border.

"You need to pass customs information whenever you are shipping between two countries."
(https://docs.easypost.com/guides/customs-guide)
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from domain.money import Money
from domain.shipping.addresses import state_code
from domain.trade_codes import CountryCode, HsCode
from domain.wire import Cents, Currency, Wire

ContentsType = Literal["merchandise", "gift", "sample", "documents", "returned_goods", "humanitarian_donation"]

# Addresses of the armed forces are in the United States and served from abroad.
_ARMED_FORCES: Final = frozenset({"AA", "AE", "AP"})
# Above it, an export from the United States has to be filed first, unless it goes to Canada
# (15 CFR 30.37(a) and 30.36, https://docs.easypost.com/guides/customs-guide).
_FREE_OF_FILING: Final = Money(250_000, "usd")


class CustomsItem(Wire):
    """One line of goods: quantity, weight and value are those of the whole line. description: what it is, in plain words."""

    description: Annotated[str, Field(min_length=1, max_length=200)]
    quantity: Annotated[int, Field(ge=1)]
    weight_grams: Annotated[int, Field(ge=1)]
    value_cents: Cents
    currency: Currency
    hs_code: HsCode
    origin_country: CountryCode


class CustomsDeclaration(Wire):
    """What is declared, and who answers for it. exemption: the rule by which no export has to be filed; None outside the US."""

    signer: str
    contents: ContentsType
    items: Annotated[tuple[CustomsItem, ...], Field(min_length=1, max_length=100)]
    exemption: str | None = None


class CustomsRules(NamedTuple):
    """What the shop declares. hs_code, origin_country: of products that have none of their own; None when they must have."""

    signer: str
    contents: ContentsType = "merchandise"
    hs_code: str | None = None
    origin_country: str | None = None


def crosses_border(from_country: str, to_country: str, to_state: str | None) -> bool:
    """Return whether a parcel needs a customs declaration."""
    return from_country != to_country or (to_country == "US" and state_code("US", to_state) in _ARMED_FORCES)


def exemption(from_country: str, to_country: str) -> str | None:
    """Return the rule that exempts an export from the US from filing, as labels show it."""
    if from_country != "US":
        return None
    return "NOEEI 30.36" if to_country == "CA" else "NOEEI 30.37(a)"


def must_be_filed(from_country: str, to_country: str, values: Sequence[Money]) -> bool:
    """Return whether the export has to be filed with the authorities first, which the shop cannot do."""
    if from_country != "US" or to_country == "CA":
        return False
    return any(value > _FREE_OF_FILING.about_in(value.currency) for value in values)
