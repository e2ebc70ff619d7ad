"""Which label to buy, and what it means when a carrier offers none. Pure: EasyPost's answer in, a result out."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.errors import ProviderUnavailable
from domain.money import Money, UnknownCurrency
from domain.shipping.shipment import LABEL_LIMIT, BuyLabelRequest, LabelOffer
from domain.workflows.steps import StepResult

# "The message value … comes directly from the carrier" (https://docs.easypost.com/docs/shipments/messages): their words decide.
_PASSING: Final = re.compile(
    r"time[d -]?out|temporar|unavailable|try(?:ing)? again|later|connection|internal (?:server )?error|too many|rate limit"
    r"|throttl|maintenance|could not (?:be )?(?:reach|connect)|not respond|\b50[0-4]\b",
    re.IGNORECASE,
)
_OF_THE_ACCOUNT: Final = re.compile(
    r"credential|authenticat|authoriz|unauthori[sz]ed|\baccount\b|\bapi key\b|licen[cs]e|agreement|billing|insufficient funds",
    re.IGNORECASE,
)
# Of a shipment that is there: "belongs to" another one, is of an account that is not used any more, or has had its time
# (github.com/EasyPost/easypost-php/issues/44, github.com/EasyPost/easypost-python/issues/36,
# github.com/solidusio-contrib/solidus_easypost/issues/20).
_NO_LONGER_SOLD: Final = frozenset(
    {"NOT_FOUND", "SHIPMENT.MISSING_RATE", "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID", "SHIPMENT.RATE.EXPIRED"}
)
_RATE_IS_OLD: Final = re.compile(
    r"\brates?\b.{0,40}\b(?:expired|no longer|not found|out ?dated|stale)|\b(?:expired|valid|invalid) rate\b",
    re.IGNORECASE,
)


class CarrierMessage(BaseModel):
    """Why one carrier offers no rate."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    carrier: str | None = None
    message: object = ""


class Rate(BaseModel):
    """What a label would cost. rate: in major units."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    id: str
    rate: Decimal
    currency: str = "USD"

    @property
    def cost(self) -> Money:
        """Return the cost, rounded up to the currency's unit."""
        return Money.at_least(self.rate, self.currency.lower())


def readable_rates(rates: object) -> tuple[Rate, ...]:
    """Return the rates that have a price in a known currency: the others cannot be compared with anything."""
    readable = []
    for rate in rates if isinstance(rates, list | tuple) else ():
        try:
            read = Rate.model_validate(rate)
            if read.rate.is_finite() and read.cost.amount >= 0:
                readable.append(read)
        except (ValidationError, UnknownCurrency):
            continue
    return tuple(readable)


def cheapest(rates: Sequence[Rate], currency: str) -> Rate:
    """Return the cheapest rate in the order's currency; where there is none, in dollars, or in the first currency by its code."""
    offered = sorted({rate.cost.currency for rate in rates})
    chosen = next((code for code in (currency, "usd") if code in offered), offered[0])
    return min((rate for rate in rates if rate.cost.currency == chosen), key=lambda rate: rate.cost)


def to_hand_on(rates: Sequence[Rate]) -> dict[str, str] | None:
    """Return the cheapest rate, as an announcement hands it on; None where that depends on the order's currency, or is too long."""
    if len({rate.cost.currency for rate in rates}) != 1:
        return None
    best = cheapest(rates, rates[0].cost.currency)
    offer = {"rate_id": best.id, "price": str(best.rate), "currency": best.currency}
    try:
        return LabelOffer.model_validate(offer).to_wire()
    except ValidationError:
        return None


def as_offered(offer: LabelOffer | None, most: Money) -> Rate | None:
    """Return the rate that was offered; None where there is none that may be bought without another look at the shipment."""
    if offer is None:
        return None
    read = readable_rates(({"id": offer.rate_id, "rate": offer.price, "currency": offer.currency},))
    return read[0] if read and too_expensive(read[0], most) is None else None


def most_of(request: BuyLabelRequest) -> Money:
    """Return the most that a label may cost, in the order's currency."""
    if request.max_cost_cents is None:
        return LABEL_LIMIT.for_currency(request.currency)
    return Money(request.max_cost_cents, request.currency)


def too_expensive(rate: Rate, most: Money) -> StepResult | None:
    """Return the refusal of a label that costs more than it may; None for one that may be bought.

    most: in the order's currency. A label in another one is compared with an amount of the same order of magnitude.
    """
    allowed = most.about_in(rate.cost.currency)
    if rate.cost <= allowed:
        return None
    return StepResult.refused("shipping_too_expensive", f"the label costs {rate.cost}, and may cost {allowed}")


def no_rates(messages: Sequence[CarrierMessage], shown: str) -> StepResult:
    """Return what it means that no carrier offers a rate. shown: their messages, as the operator may read them.

    Raises ProviderUnavailable when that may pass.
    """
    texts = [str(message.message) for message in messages]
    if not texts or any(_PASSING.search(text) for text in texts):
        raise ProviderUnavailable(
            f"no carrier offers a rate for this parcel at the moment{shown and ': '}{shown}"[:500]
        )
    if all(_OF_THE_ACCOUNT.search(text) for text in texts):
        return StepResult.faulted("carrier_request_refused", f"no carrier can be used with this account: {shown}")
    return StepResult.refused("undeliverable", f"no carrier takes this parcel: {shown}")


def refuses_the_parcel(text: str) -> bool:
    """Return whether a refusal is about the parcel or its address, and not about the account or the moment."""
    words = r"customs|weight|dimension|address|destination|oversize|exceed|not serviced|undeliverable|prohibited"
    is_about = re.search(words, text, re.IGNORECASE) is not None
    return is_about and not _PASSING.search(text) and not _OF_THE_ACCOUNT.search(text)


def is_no_longer_sold(code: str, text: str) -> bool:
    """Return whether a purchase was refused because of the rate that it named, and not of the parcel."""
    return code in _NO_LONGER_SOLD or _RATE_IS_OLD.search(text) is not None


def may_pass(text: str) -> bool:
    """Return whether a refusal is about the moment."""
    return _PASSING.search(text) is not None and not _OF_THE_ACCOUNT.search(text)
