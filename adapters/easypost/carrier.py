"""Announce a parcel, buy its label once, and give it back, through EasyPost.

An announced shipment costs nothing, so a second one by accident does no harm; its label does cost, and can be bought only once.
So the shipment's id is kept before anything is bought, and nothing is bought but that. A purchase may still be on its way when
it is compensated, and EasyPost has no request that forbids it; fresh rates take away the one it names.
"""

from typing import TYPE_CHECKING, Any, Final, Self

from adapters.easypost.client import new_client
from adapters.easypost.errors import CarrierRefused, about, easypost_errors
from adapters.easypost.rates import (
    CarrierMessage,
    Rate,
    as_offered,
    cheapest,
    is_no_longer_sold,
    may_pass,
    most_of,
    no_rates,
    readable_rates,
    refuses_the_parcel,
    to_hand_on,
    too_expensive,
)
from adapters.easypost.shipment import (
    GIVEN_BACK,
    Offer,
    Shipment,
    carriers_messages,
    given_back,
    is_of,
    shipment_of,
    the_shipment,
)
from adapters.easypost.words import address_words, customs_words, parcel_words, private_values, redacted
from domain.errors import ProviderUnavailable
from domain.shipping.shipment import Address, BuyLabelRequest, CancelShippingRequest, ShipmentRequest
from domain.workflows.commands import NOTHING_TO_COMPENSATE
from domain.workflows.steps import StepResult

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

    from domain.page import Page
    from domain.shipping.labels import CarrierLabel, FindLabel, ListLabels

# Carriers are slow to sell labels; the whole activity has to end within the host's limit.
ANSWER_TIMEOUT_S: Final = 20
_OF_THE_ACCOUNT: Final = frozenset({401, 402, 403})


class EasyPostCarrier:
    """A `domain.ports.Carrier`. Every method raises ProviderUnavailable when the same request is worth sending again."""

    def __init__(self, client: "EasyPostClient", ship_from: Address) -> None:
        self._client = client
        self._ship_from = ship_from

    @classmethod
    def connect(cls, api_key: str, api_base: str | None, ship_from: Address, answer_s: int = ANSWER_TIMEOUT_S) -> Self:
        """Connect to EasyPost. api_base: None for EasyPost's own. answer_s: how long to wait for an answer."""
        return cls(new_client(api_key, api_base, answer_s), ship_from)

    def create_shipment(self, request: ShipmentRequest) -> StepResult:
        """Announce a parcel, unless it was announced before. The reference is the shipment's id. Refused: undeliverable.

        The offer that it hands on, if any, is the label that `buy_label` would choose.
        """
        try:
            with about(private_values(request.ship_to)):
                shipment = self._announced(request) or self._announce(request)
                if not shipment.to_address.is_verified:
                    self._verify(request)
        except CarrierRefused as refusal:
            if refusal.code.startswith("ADDRESS.VERIF"):
                detail = redacted(refusal.detail, refusal.private)
                return StepResult.refused("undeliverable", f"the carrier cannot deliver to this address: {detail}")
            return _refused(refusal)
        return StepResult(reference=shipment.id, handed_on=to_hand_on(readable_rates(shipment.rates)))

    def buy_label(self, request: BuyLabelRequest) -> StepResult:
        """Buy the cheapest label, unless one was bought before. The reference is the tracking code, the facts name the carrier.

        Refused: shipping_cancelled, when the label was given back before; shipping_too_expensive; undeliverable.
        """
        rate = as_offered(request.offer, most_of(request))
        try:
            bought = self._buy_cheapest(request) if rate is None else self._buy(request.shipment_id, rate)
        except CarrierRefused as refusal:
            return _refused(refusal)
        if isinstance(bought, StepResult):
            return bought
        if bought.refund_status in GIVEN_BACK:
            return StepResult.refused("shipping_cancelled", "the label was given back before", bought.id)
        return StepResult(reference=bought.tracking_code, facts=bought.label_facts or None)

    def cancel(self, request: CancelShippingRequest) -> StepResult:
        """Give a bought label back. The message says what there was: label_refunded or nothing_to_compensate."""
        try:
            shipment = self._settled(request)
            if shipment is None or shipment.postage_label is None:
                return StepResult(message=NOTHING_TO_COMPENSATE)
            if shipment.refund_status not in GIVEN_BACK:
                shipment = self._give_back(shipment)
        except CarrierRefused as refusal:
            return _faulted(refusal, "")
        return given_back(shipment)

    def list_labels(self, wanted: "ListLabels") -> "Page[CarrierLabel]":
        """Return a page of the labels of the shop's shipments that were announced in a span of time."""
        from adapters.easypost.labels import list_labels  # an order needs none of it

        return list_labels(self._client, wanted)

    def find_label(self, wanted: "FindLabel") -> "CarrierLabel | None":
        """Return the label of one shipment as it is now; None when there is none with the shop's mark."""
        from adapters.easypost.labels import find_label

        return find_label(self._client, wanted)

    def _settled(self, request: CancelShippingRequest) -> Shipment | None:
        """Return the order's shipment, once nothing can be bought for it any more."""
        if request.shipment_id is not None:
            shipment: Shipment | None = self._retrieve(request.shipment_id)
        else:
            # An earlier run may know its id, and be buying its label.
            shipment = self._announced(request.announced) if request.announced else self._of_reference(request.order_id)
        if shipment is None or shipment.postage_label is not None:
            return shipment
        try:
            self._rates_anew(shipment.id)
        except CarrierRefused:
            bought = self._retrieve(shipment.id)
            if bought.postage_label is None:
                raise
            return bought  # since the first look
        return self._retrieve(shipment.id)

    def _announced(self, request: ShipmentRequest) -> Shipment | None:
        """Return the order's announced shipment, if any. One of another program or an earlier order does not count."""
        shipment = self._of_reference(request.reference)
        return shipment if shipment is not None and is_of(request, shipment) else None

    def _of_reference(self, reference: str) -> Shipment | None:
        """Return the shipment of this reference: EasyPost takes references where it takes ids."""
        try:
            with easypost_errors():
                shipment = shipment_of(self._client.shipment.retrieve(reference))
        except CarrierRefused as refusal:
            if refusal.status == 404:
                return None
            raise
        # An order may be named like the id of another one's shipment.
        return shipment if shipment.reference == reference else None

    def _announce(self, request: ShipmentRequest) -> Shipment:
        with easypost_errors():
            shipment = self._client.shipment.create(
                reference=request.reference,
                # It verifies the address with the same request, and then nothing undeliverable is announced.
                to_address={**address_words(request.ship_to), "verify_strict": True},
                from_address=address_words(self._ship_from),
                parcel=parcel_words(request),
                **({} if request.customs is None else {"customs_info": customs_words(request.customs)}),
            )
            return shipment_of(shipment)

    def _verify(self, request: ShipmentRequest) -> None:
        """Verify an address by itself: of a shipment whose answer does not say that it was."""
        with easypost_errors():
            self._client.address.create(
                verify_strict=True, reference=request.reference, **address_words(request.ship_to)
            )

    def _buy_cheapest(self, request: BuyLabelRequest) -> Shipment | StepResult:
        """Return the shipment with its label, which is bought if it was not before; or why it may not be."""
        shipment = self._retrieve(request.shipment_id)
        if shipment.postage_label is not None:
            return shipment
        private = shipment.to_address.private
        rates, messages = readable_rates(shipment.rates), shipment.messages
        if not rates:
            with about(private):
                rates, anew = self._rates_anew(shipment.id)
            messages = anew or messages
        if not rates:
            return no_rates(messages, carriers_messages(messages, private))
        rate = cheapest(rates, request.currency)
        return too_expensive(rate, most_of(request)) or self._buy(shipment.id, rate)

    def _buy(self, shipment_id: str, rate: Rate) -> Shipment:
        """Buy the label of a rate.

        A refused rate is not replaced here: it may have been taken away by a compensation, and no label is bought after that. A
        later attempt, which only a run makes that is alive, chooses among the rates of then.
        """
        try:
            with easypost_errors():
                return the_shipment(shipment_id, self._client.shipment.buy(shipment_id, rate={"id": rate.id}))
        except CarrierRefused as refusal:
            now = self._retrieve(shipment_id)
            if now.postage_label is not None:
                return now  # bought by a repeat of this very request
            refusal.private = now.to_address.private
            if is_no_longer_sold(refusal.code, refusal.detail):
                with about(refusal.private):
                    self._rates_anew(shipment_id)
            elif refusal.status in _OF_THE_ACCOUNT or not may_pass(refusal.detail):
                raise
            raise ProviderUnavailable(f"the carrier does not sell the label at the moment ({refusal.code})") from None

    def _rates_anew(self, shipment_id: str) -> tuple[tuple[Rate, ...], tuple[CarrierMessage, ...]]:
        with easypost_errors():
            answer: Any = self._client.shipment.regenerate_rates(shipment_id)
            offered = Offer.model_validate(answer if isinstance(answer, dict) else answer.to_dict())
            return readable_rates(offered.rates), offered.messages

    def _give_back(self, shipment: Shipment) -> Shipment:
        try:
            with easypost_errors():
                return the_shipment(shipment.id, self._client.shipment.refund(shipment.id))
        except CarrierRefused:
            now = self._retrieve(shipment.id)
            if now.refund_status not in GIVEN_BACK:
                raise
            return now

    def _retrieve(self, shipment_id: str) -> Shipment:
        with easypost_errors():
            return the_shipment(shipment_id, self._client.shipment.retrieve(shipment_id))


def _refused(refusal: CarrierRefused) -> StepResult:
    detail = redacted(refusal.detail, refusal.private)
    if refusal.status not in _OF_THE_ACCOUNT and refuses_the_parcel(refusal.detail):
        return StepResult.refused("undeliverable", f"the carrier does not take this parcel ({refusal.code}): {detail}")
    return _faulted(refusal, detail)


def _faulted(refusal: CarrierRefused, detail: str) -> StepResult:
    message = f"the carrier refused the request ({refusal.code})"
    return StepResult.faulted("carrier_request_refused", f"{message}: {detail}" if detail else message)
