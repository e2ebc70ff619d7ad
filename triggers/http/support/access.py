"""Who may call an operation. Roles belong here once callers have them."""

from enum import Enum

import azure.functions as func


class Access(Enum):
    """What the caller of an operation has to show.

    Attributes:
        FUNCTION_KEY: A function key, which the platform checks before it calls the app.
        ANONYMOUS: Nothing. The operation gives nothing away, or the request carries a proof of its own, such as a signature.
    """

    FUNCTION_KEY = func.AuthLevel.FUNCTION
    ANONYMOUS = func.AuthLevel.ANONYMOUS

    @property
    def auth_level(self) -> func.AuthLevel:
        """The level that the platform enforces."""
        return self.value
