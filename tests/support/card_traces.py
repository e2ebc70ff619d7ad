"""Finds a card number, however its groups are joined, in what a test has to search."""

from __future__ import annotations

import re

# Two groups: one alone stands by chance in an id, a time or a port.
CARD_TRACE = r"4242.{0,12}?4242"


def traces_in(text: str, traces: tuple[str, ...] = (CARD_TRACE,)) -> list[str]:
    """Return those of the regular expressions that match somewhere in the text."""
    return [trace for trace in traces if re.search(trace, text, re.DOTALL)]
