"""`expand`: which related objects an answer shows whole instead of by id."""

from collections.abc import Collection

from sandbox.core.exchange import JsonObject
from sandbox.stripe.errors import StripeRefusal, invalid_request

_MAX_LEVELS = 4


def wanted(given: JsonObject, expandable: Collection[str], prefix: str = "") -> set[str]:
    """Return the properties that the parameter `expand` names, without the prefix that lists have.

    Args:
        given: The call's parameters.
        expandable: What can be expanded, such as `payment_intent.latest_charge`.
        prefix: `data.` in a list.

    Raises:
        StripeRefusal: A property cannot be expanded, or is too deep.
    """
    names = given.get("expand", [])
    for name in names:
        if name.count(".") >= _MAX_LEVELS:
            raise invalid_request(
                f"You cannot expand more than {_MAX_LEVELS} levels of a property. Property: {name[:60]}"
            )
        if not name.startswith(prefix) or name.removeprefix(prefix) not in expandable:
            raise _not_expandable(name, f"{prefix}{name}" if prefix and name in expandable else None)
    return {name.removeprefix(prefix) for name in names}


def _not_expandable(name: str, instead: str | None) -> StripeRefusal:
    hint = "" if instead is None else f" You may want to try expanding '{instead}' instead."
    return invalid_request(f"This property cannot be expanded ({name[:60]}).{hint}")
