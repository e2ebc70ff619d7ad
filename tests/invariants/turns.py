"""An activity that takes several steps in turn, and ends between two of them."""

from typing import Any


def first_commands(request: dict[str, Any], count: int) -> dict[str, Any]:
    """Return the request for only so many of the steps."""
    return {**request, "commands": request["commands"][:count]}
