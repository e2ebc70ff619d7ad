"""What an operator does next about a run, in words that end a message, with the operation that does it."""

from typing import Final

from domain.ids import PROCESS_ORDER

_MAX_MESSAGE_CHARS: Final = 500


def settlement_operation(workflow: str, key: str) -> str:
    """Return the operation that settles a run: `POST /api/orders/a-1/settlement`."""
    run = f"orders/{key}" if workflow == PROCESS_ORDER else f"runs/{workflow}/{key}"
    return f"POST /api/{run}/settlement"


def with_settlement(message: str, workflow: str, key: str) -> str:
    """Return a message of one or more sentences, and how what is open of the run is settled. A long message is cut."""
    advice = f" {settlement_operation(workflow, key)} settles what is open."
    sentence = message if message.endswith(".") else f"{message}."
    return f"{sentence[: _MAX_MESSAGE_CHARS - len(advice)]}{advice}"
