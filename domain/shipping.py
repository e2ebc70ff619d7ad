"""Requests of the shipping steps."""

from typing import Annotated

from pydantic import Field

from domain.ids import Namespace, OrderId, provider_reference
from domain.wire import OneLine, Wire, in_words

_Text = Annotated[str, Field(min_length=1, max_length=100)]


class Address(Wire):
    """Where a parcel goes, or comes from. country: ISO 3166 alpha-2. state: where the country has them."""

    name: _Text
    street1: _Text
    street2: _Text | None = None
    city: _Text
    state: _Text | None = None
    postal_code: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9 -]{2,12}$"), in_words("Must be 2 to 12 ASCII letters, digits, blanks and -")
    ]
    country: Annotated[
        str, Field(pattern=r"^[A-Z]{2}$"), in_words("Must be two capital letters (ISO 3166), such as US")
    ]


class Destination(Address):
    """Where a customer asks for a parcel to go. Orders keep an `Address`: what was accepted once must stay readable."""

    name: OneLine
    street1: OneLine
    street2: OneLine | None = None
    city: OneLine
    state: OneLine | None = None


class ShipmentRequest(Wire):
    """A parcel to be announced to the carrier under the order's id, before any label is paid.

    namespace: whose order it is, where several programs use one account.
    """

    order_id: OrderId
    ship_to: Address
    weight_grams: Annotated[int, Field(ge=1)]
    namespace: Namespace = ""

    @property
    def reference(self) -> str:
        """The name of the parcel at the carrier."""
        return provider_reference(self.namespace, self.order_id)


class BuyLabelRequest(Wire):
    """Buy the label of an announced shipment. shipment_id: the carrier's."""

    order_id: OrderId
    shipment_id: str


class CancelShippingRequest(Wire):
    """Leave no paid parcel behind. shipment_id: once known; without it the shipment is looked up by the order's id.

    announced: what was asked for, by which a shipment that is found is told from another one under the same id.
    """

    order_id: OrderId
    shipment_id: str | None = None
    announced: ShipmentRequest | None = None
