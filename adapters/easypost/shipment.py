"""A shipment as EasyPost shows it, as far as we use it."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from adapters.easypost.rates import CarrierMessage
from adapters.easypost.words import ounces, redacted
from domain.errors import ProviderUnavailable
from domain.shipping.shipment import CARRIER, LABEL_REFUNDED, SERVICE, TRACKER, TRACKING_URL, ShipmentRequest
from domain.workflows.steps import MAX_FACT_CHARS, StepResult

GIVEN_BACK: Final = frozenset({"submitted", "refunded"})
"""What `refund_status` is of a label that the carrier takes back."""


class _Parcel(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    weight: float | None = None


class _Recipient(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    name: str | None = None
    company: str | None = None
    street1: str | None = None
    street2: str | None = None
    city: str | None = None
    zip: str | None = None
    country: str | None = None
    verifications: dict[str, Any] | None = None

    @property
    def is_verified(self) -> bool:
        """Whether EasyPost has found that mail is delivered there."""
        delivery = (self.verifications or {}).get("delivery")
        return isinstance(delivery, dict) and delivery.get("success") is True

    @property
    def private(self) -> list[str | None]:
        return [self.name, self.company, self.street1, self.street2, self.city, self.zip]


class _Tracker(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    id: str | None = None
    public_url: str | None = None


class _SelectedRate(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    carrier: str | None = None
    service: str | None = None


class Offer(BaseModel):
    """rates: as they came; which of them can be read is decided one by one."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    rates: tuple[Any, ...] = ()
    messages: tuple[CarrierMessage, ...] = ()


class Shipment(Offer):
    """A parcel that was announced. postage_label, selected_rate, tracker: None until its label is bought."""

    id: str
    reference: str | None = None
    # Made when needed: a model that is made here would be completed by the import.
    parcel: _Parcel = Field(default_factory=_Parcel)
    to_address: _Recipient = Field(default_factory=_Recipient)
    postage_label: dict[str, Any] | None = None
    tracking_code: str | None = None
    selected_rate: _SelectedRate | None = None
    tracker: _Tracker | None = None
    refund_status: str | None = None

    @property
    def label_facts(self) -> dict[str, str]:
        """What a customer may know of the label: by whom the parcel goes, and where its way is shown."""
        rate, tracker = self.selected_rate or _SelectedRate(), self.tracker or _Tracker()
        url = tracker.public_url if tracker.public_url and tracker.public_url.startswith("https://") else None
        facts = {CARRIER: rate.carrier, SERVICE: rate.service, TRACKING_URL: url, TRACKER: tracker.id}
        return {name: value for name, value in facts.items() if value and len(value) <= MAX_FACT_CHARS}


def shipment_of(answer: Any) -> Shipment:
    """Return the shipment that an answer of the SDK is. Raises ValueError and the like where it is none."""
    return Shipment.model_validate(answer.to_dict())


def the_shipment(shipment_id: str, answer: Any) -> Shipment:
    """Return a shipment that was asked about by its id. Raises ProviderUnavailable for another one."""
    shipment = shipment_of(answer)
    if shipment.id != shipment_id:
        raise ProviderUnavailable("the carrier's answer is about another shipment")
    return shipment


def is_of(request: ShipmentRequest, shipment: Shipment) -> bool:
    """Return whether it is the parcel of the request. The verified address is written anew: case and blanks may differ."""
    to, wanted = shipment.to_address, request.ship_to
    return (
        shipment.reference == request.reference
        and shipment.parcel.weight == ounces(request.weight_grams)
        and to.country == wanted.country
        and _plain(to.name) == _plain(wanted.name)
    )


def given_back(shipment: Shipment) -> StepResult:
    """Return what became of the refund that was asked for."""
    if shipment.refund_status in GIVEN_BACK:
        return StepResult(reference=shipment.id, message=LABEL_REFUNDED)
    if shipment.refund_status == "not_applicable":  # billed when scanned: what is never shipped is never paid
        return StepResult(reference=shipment.id, message=LABEL_REFUNDED)
    return StepResult.faulted("refund_rejected", f"the carrier does not take the label back ({shipment.refund_status})")


def _plain(text: str | None) -> str:
    return " ".join((text or "").split()).casefold()


def carriers_messages(messages: Sequence[CarrierMessage], private: Sequence[str | None]) -> str:
    """Return the carriers' messages, as the operator may read them."""
    texts = (f"{redacted(each.carrier or 'a carrier', ())}: {redacted(each.message, private)}" for each in messages)
    return "; ".join(dict.fromkeys(texts))[:400]
