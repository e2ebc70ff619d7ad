"""Why a use case turns a request down, in one form that every trigger can translate.

HTTP makes a problem of it, a queue the reason on its poison message, a timer a line in the log. A fault is no refusal: the base of
those that are worth a repeat is `StorageUnavailable` or `ProviderUnavailable`.
"""

from collections.abc import Iterable
from typing import Final

from domain.errors import ShopError
from domain.field_error import FieldError

MAX_ERRORS: Final = 50
"""How many errors of one request are named."""


class RequestRefused(ShopError):
    """A request is not acceptable, however often it is sent, unless a subclass says otherwise.

    Attributes:
        code: A stable name, for programs.
        detail: One sentence, without the caller's values.
        errors: What is wrong with which field, where that is known.
    """

    def __init__(self, code: str, detail: str, errors: Iterable[FieldError] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)


class Forbidden(RequestRefused):
    """The caller may not do this, whatever the request."""


class NotFound(RequestRefused):
    """There is nothing of this id."""


class Conflict(RequestRefused):
    """What exists already, or its present state, does not allow it."""


class TryAgain(RequestRefused):
    """The request is acceptable and had no effect: the same request may be sent again.

    Attributes:
        retry_after_s: When it is worth sending again, in seconds from now.
    """

    retry_after_s: int = 5


class Unreadable(RequestRefused):
    """The document is not of its format."""


class TooLarge(RequestRefused):
    """The document, or the number of its parts, is above a limit."""


class Invalid(RequestRefused):
    """The document was read, and some of its fields break a rule."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        named = tuple(errors)[:MAX_ERRORS]
        fields = ", ".join(dict.fromkeys(error.field for error in named))
        super().__init__("invalid_request", f"Not acceptable: {fields}.", named)

    @classmethod
    def of_field(cls, field: str, rule: str, message: str) -> "Invalid":
        """Return the refusal for one field."""
        return cls([FieldError(field=field, rule=rule, message=message)])


class OrderNotAcceptable(Invalid):
    """A field of an order breaks a rule that depends on the catalogue.

    Attributes:
        field: The path of the field.
        rule: For programs.
        message: For people.
    """

    def __init__(self, field: str, rule: str, message: str) -> None:
        super().__init__([FieldError(field=field, rule=rule, message=message)])
        self.field = field
        self.rule = rule
        self.message = message


class OrderIdTaken(Conflict):
    """The same id was sent with another request before."""

    def __init__(self) -> None:
        detail = "Another order has this id, or one that differs in case only: it was sent with another body before."
        super().__init__("order_id_taken", detail)
