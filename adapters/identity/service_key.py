"""Callers that show a function key. The platform has checked it before it called the app, and does not say which one it was."""

from typing import Final

from domain.identity import Caller, CallerKind, Evidence, Role

CUSTOMER_HEADER: Final = "x-customer-id"
_NAME: Final = "storefront"


class ServiceKeyIdentity:
    """Gives every caller a storefront's rights, and no other."""

    async def caller(self, evidence: Evidence) -> Caller | None:
        """Return the storefront."""
        return Caller(
            name=_NAME,
            kind=CallerKind.SERVICE_KEY,
            roles=frozenset({Role.STOREFRONT}),
            customer=evidence.header(CUSTOMER_HEADER),
        )
