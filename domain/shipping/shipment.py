"""Requests of the shipping steps."""

from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.ids import Namespace, OrderId, provider_reference
from domain.money import Limit, Money
from domain.shipping.addresses import address_problems
from domain.shipping.customs import CustomsDeclaration
from domain.wire import VISIBLE_LINE, Cents, Currency, Edge, Wire, in_words, is_absent
from domain.workflows.steps import MAX_FACT_CHARS, Fact, StepResult

LABEL_REFUNDED: Final = "label_refunded"
"""The message of a cancellation that gave a label back."""

CARRIER: Final = "carrier"
SERVICE: Final = "service"
TRACKING_URL: Final = "tracking_url"
TRACKER: Final = "tracker_id"
"""The facts of a label in the ledger: by whom the parcel goes, by which service, the page that shows its way, and the id of what
tracks it at the carrier service."""

LABEL_PERCENT: Final = 100
"""A label costs no more than the goods, unless the settings allow it."""

LABEL_LIMIT: Final = Limit(stated=Money(50_000, "usd"))
"""The most that any label may cost, unless the settings allow more."""

MAX_LINE_CHARS: Final = 35
MAX_CITY_CHARS: Final = 30
"""Characters that every carrier prints. UPS is the strictest (developer.ups.com, Shipping: Name and AddressLine 35, City 30); FedEx
takes 35 of each."""

PostalCode = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9 -]{2,12}$"), in_words("Must be 2 to 12 ASCII letters, digits, blanks and -")
]
_Text = Annotated[str, Field(min_length=1, max_length=100)]


class Address(Wire):
    """Where a parcel goes, or comes from. country: ISO 3166 alpha-2. city, state, postal_code: where the country has them."""

    name: _Text
    street1: _Text
    street2: _Text | None = None
    city: _Text | None = None
    state: _Text | None = None
    postal_code: PostalCode | None = None
    country: Annotated[
        str, Field(pattern=r"^[A-Z]{2}$"), in_words("Must be two capital letters (ISO 3166), such as US")
    ]


_Line = Annotated[str, Field(min_length=1, max_length=MAX_LINE_CHARS), VISIBLE_LINE]


def _as_printed(code: Any) -> Any:
    """Return a postal code in capitals, with single blanks; None for a blank one."""
    return (" ".join(code.upper().split()) or None) if isinstance(code, str) and len(code) <= MAX_LINE_CHARS else code


class Destination(Address, Edge):
    """Where a customer asks for a parcel to go: in lines that carriers print, and as addresses are in the country.

    Orders keep an `Address`: what was accepted once must stay readable.
    """

    name: _Line
    street1: _Line
    street2: _Line | None = None
    city: Annotated[str, Field(min_length=1, max_length=MAX_CITY_CHARS), VISIBLE_LINE] | None = None
    state: _Line | None = None
    postal_code: Annotated[PostalCode | None, BeforeValidator(_as_printed)] = None

    @model_validator(mode="after")
    def _fits_its_country(self, info: ValidationInfo) -> Self:
        # At the edge only: the data of a newer version must not turn away what is on its way.
        if info.context is None:
            return self
        problems = [
            InitErrorDetails(type=PydanticCustomError(each.rule, each.message), loc=(each.field,), input=None)
            for each in address_problems(self.country, city=self.city, state=self.state, postal_code=self.postal_code)
        ]
        if problems:
            raise ValidationError.from_exception_data(type(self).__name__, problems, hide_input=True)
        return self


class ShipmentRequest(Wire):
    """A parcel to be announced to the carrier under the order's id, before any label is paid.

    size_mm: its three sides, where they are known. customs: of a parcel that crosses a border. namespace: whose order it is,
    where several programs use one account.
    """

    order_id: OrderId
    ship_to: Address
    weight_grams: Annotated[int, Field(ge=1)]
    namespace: Namespace = ""
    size_mm: Annotated[tuple[int, int, int] | None, Field(exclude_if=is_absent)] = None
    customs: Annotated[CustomsDeclaration | None, Field(exclude_if=is_absent)] = None

    @property
    def reference(self) -> str:
        """The name of the parcel at the carrier."""
        return provider_reference(self.namespace, self.order_id)


class LabelOffer(Wire):
    """The label that the carrier offered when a shipment was announced.

    rate_id: the carrier's. price: in major units of its currency, as the carrier writes both.
    """

    rate_id: Annotated[str, Field(min_length=1, max_length=MAX_FACT_CHARS)]
    price: Fact
    currency: Fact

    @classmethod
    def of(cls, announced: StepResult) -> Self | None:
        """Return what an announcement has handed on; None where it has no offer that can be read."""
        try:
            return None if announced.handed_on is None else cls.model_validate(announced.handed_on)
        except ValidationError:
            return None


class BuyLabelRequest(Wire):
    """Buy the label of an announced shipment. shipment_id: the carrier's.

    max_cost_cents: the most that the label may cost, in the order's currency; None for the most that any label may.
    offer: the label to be bought; without one the shipment is looked at, and the cheapest of its rates bought.
    """

    order_id: OrderId
    shipment_id: str
    max_cost_cents: Cents | None = None
    currency: Currency = "usd"
    offer: Annotated[LabelOffer | None, Field(exclude_if=is_absent)] = None


class CancelShippingRequest(Wire):
    """Leave no paid parcel behind. shipment_id: once known; without it the shipment is looked up by the order's id.

    announced: the request, which distinguishes a shipment that is found from another one under the same id.
    """

    order_id: OrderId
    shipment_id: str | None = None
    announced: ShipmentRequest | None = None
