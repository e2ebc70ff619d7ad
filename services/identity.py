"""How this process learns who calls. It stands apart from the container, as it needs none of the other settings to be right."""

import os
from functools import cache
from typing import TYPE_CHECKING

from identity_settings import IdentitySettings, identity_settings

if TYPE_CHECKING:
    from domain.ports import Identity


def identity() -> "Identity":
    """Return what says who calls.

    Raises:
        InvalidSetting: A setting is missing or not of its form.
    """
    return _identity(identity_settings(os.environ))


@cache
def _identity(chosen: IdentitySettings) -> "Identity":
    from adapters.identity.entra import EntraIdentity
    from adapters.identity.local import LocalIdentity
    from adapters.identity.service_key import ServiceKeyIdentity

    if chosen.kind == "entra":
        return EntraIdentity(chosen)
    return LocalIdentity() if chosen.kind == "local" else ServiceKeyIdentity()
