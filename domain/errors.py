"""The errors of the shop, by cause. Business refusals are values (`domain.workflows.steps`), not exceptions."""


class ShopError(Exception):
    """Base of every error this application raises on purpose."""


class ProviderUnavailable(ShopError):
    """A provider did not answer in time or asked to be asked later: the same request may be sent again.

    Whether the request took effect is unknown.
    """


class ProviderRefused(ShopError):
    """A provider refuses the request for good. The error's text holds nothing private."""


class SignatureInvalid(ShopError):
    """A webhook is not signed with the secret that the shop and the provider share."""


class StorageUnavailable(ShopError):
    """The shop's own tables, queues or blobs did not answer: the same request may be sent again."""


class EndNotKnown(StorageUnavailable):
    """The order repository has not recorded an order's end yet: the same request may be sent again later."""


class IllegalTransition(ShopError):
    """An order was about to move between two statuses that the transition table does not connect: a bug, never input."""

    def __init__(self, current: str, wanted: str) -> None:
        super().__init__(f"an order cannot move from {current} to {wanted}")
        self.current = current
        self.wanted = wanted


class UnknownProduct(ShopError):
    """An order names a product that the catalogue does not hold, or no longer sells."""

    def __init__(self, line: int, product_id: str) -> None:
        super().__init__(f"line {line}: the catalogue has no product {product_id!r} for sale")
        self.line = line
        self.product_id = product_id


class MixedCurrencies(ShopError):
    """A product is priced in another currency than the order is paid in."""

    def __init__(self, line: int, product_currency: str, order_currency: str) -> None:
        super().__init__(f"line {line}: priced in {product_currency}, but the order is paid in {order_currency}")
        self.line = line


class AmountDiffers(ShopError):
    """The caller's amount is not what the catalogue's prices add up to."""

    def __init__(self, stated_cents: int, total_cents: int) -> None:
        super().__init__(f"amount_cents is {stated_cents}, but the catalogue's prices add up to {total_cents}")
        self.total_cents = total_cents


class AmountTooLarge(ShopError):
    """The order's total is above the limit of one order, which `most` holds as people read it."""

    def __init__(self, most: str) -> None:
        super().__init__(f"the order's total is above {most}, the most that one order may cost")
        self.most = most


class AmountNotChargeable(ShopError):
    """The order's total breaks a rule of its currency, which `rule` holds in words."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"the order's total cannot be charged: {rule}")
        self.rule = rule


class NotShippable(ShopError):
    """The shop cannot send an order's parcel.

    Attributes:
        rule: The broken rule, for programs.
        message: The broken rule, for people.
        line: The line at fault, from 0; None for the whole parcel.
        of_address: Whether the address is at fault.
    """

    def __init__(self, rule: str, message: str, *, line: int | None = None, of_address: bool = False) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.line = line
        self.of_address = of_address


class TooDeep(ShopError):
    """The document is nested too deeply."""
