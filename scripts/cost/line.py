"""The lines of a bill."""

from typing import NamedTuple


class Line(NamedTuple):
    """One line of a bill.

    Attributes:
        item: What is paid for.
        quantity: How much of it, for people.
        dollars: None where no price was found.
    """

    item: str
    quantity: str
    dollars: float | None
