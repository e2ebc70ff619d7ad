"""What a caller has to be to call an operation, and what the platform checks before the app does."""

import os
from collections.abc import Collection
from typing import Final

import azure.functions as func

from domain.identity import Role
from identity_settings import identity_kind

ANYONE: Final[frozenset[Role]] = frozenset()
"""For an operation that gives nothing away, or whose requests carry a proof of their own, such as a signature."""


def auth_level(roles: Collection[Role]) -> func.AuthLevel:
    """Return the level that the platform enforces: where Entra says who calls, no operation needs a function key as well.

    Raises:
        InvalidSetting: IDENTITY is none of the known ways.
    """
    if not roles or identity_kind(os.environ) == "entra":
        return func.AuthLevel.ANONYMOUS
    return func.AuthLevel.FUNCTION
