"""Who calls, and what they may do.

One port, `domain.ports.Identity`, makes a `Caller` of what a request shows. Every operation of `triggers/http` declares its roles,
and `triggers.http.support.callers.caller()` is who called the one that is being served. What people do is recorded under
`Caller.name`, never under a name that a body states.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.errors import ShopError


class Role(StrEnum):
    """What a caller may do. The values are those of the app roles of the Entra application.

    Attributes:
        STOREFRONT: Places, cancels and reads the orders and carts of the customer that it speaks for.
        APPROVER: Decides on orders and expense claims of others.
        OPERATOR: Settles what is stuck, for any customer.
        CATALOGUE_MANAGER: Maintains products and prices, and restocks.
        AUDITOR: Reads everything, the audit log included.
    """

    STOREFRONT = "storefront"
    APPROVER = "approver"
    OPERATOR = "operator"
    CATALOGUE_MANAGER = "catalogue_manager"
    AUDITOR = "auditor"


EVERY_ROLE: Final = frozenset(Role)


class CallerKind(StrEnum):
    """How a caller is known.

    Attributes:
        PERSON: By name, as a member of the tenant or by the local switch.
        APPLICATION: By its own registration in the tenant.
        SERVICE_KEY: By a function key, which has no name.
        UNNAMED: Not at all: the developer's own machine, without a header or the switch.
    """

    PERSON = "person"
    APPLICATION = "application"
    SERVICE_KEY = "service_key"
    UNNAMED = "unnamed"


class NotAdmitted(ShopError):
    """What a request shows of its caller is not valid. The text is one sentence for the caller, without the values shown."""


class IdentityUnavailable(ShopError):
    """It cannot be checked now who calls; the same request may be sent again."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a request shows of its caller. headers: by name in lower case."""

    headers: Mapping[str, str]

    def header(self, name: str) -> str | None:
        """Return a header without blanks around it; None where it is absent or empty. name: in lower case."""
        return self.headers.get(name, "").strip() or None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls.

    Attributes:
        name: What ledger, history, logs and the audit log call them: for people of a tenant their sign-in name.
        customer: The customer that a storefront speaks for; None where it has named none.
    """

    name: str
    kind: CallerKind
    roles: frozenset[Role]
    customer: str | None = None

    def has(self, *roles: Role) -> bool:
        """Return whether the caller has one of these roles."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_named(self) -> bool:
        """Return whether the name is this caller's alone, as four eyes need it."""
        return self.kind in (CallerKind.PERSON, CallerKind.APPLICATION)

    def is_also(self, name: str | None) -> bool:
        """Return whether a recorded name is this caller's."""
        return self.is_named and name is not None and name.strip().casefold() == self.name.casefold()
