"""How this process learns who calls. It stands apart from the container, as it needs none of the other settings to be right."""

import os
from functools import cache
from typing import TYPE_CHECKING

from domain.identity import Role
from identity_settings import IdentitySettings, identity_settings

if TYPE_CHECKING:
    from domain.ports import Identity


def identity() -> "Identity":
    """Return what says who calls.

    Raises:
        InvalidSetting: A setting is missing or not of its form.
    """
    return _identity(identity_settings(os.environ))


def is_local() -> bool:
    """Return whether callers say themselves who they are, as on a developer's own machine. Raises InvalidSetting."""
    return identity_settings(os.environ).kind == "local"


def signs_in() -> bool:
    """Return whether the platform has a page on which people sign in. Raises InvalidSetting."""
    return identity_settings(os.environ).platform_authenticates


def local_caller_cookie(name: str, roles: frozenset[Role]) -> str:
    """Return the `Set-Cookie` that makes a browser call as this person; as the unnamed caller for an empty name."""
    from adapters.identity.local import chosen_caller

    return chosen_caller(name, roles)


@cache
def _identity(chosen: IdentitySettings) -> "Identity":
    from adapters.identity.entra import EntraIdentity
    from adapters.identity.local import LocalIdentity
    from adapters.identity.service_key import ServiceKeyIdentity

    if chosen.kind == "entra":
        return EntraIdentity(chosen)
    return LocalIdentity() if chosen.kind == "local" else ServiceKeyIdentity()
