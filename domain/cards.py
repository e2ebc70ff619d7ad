"""Recognise card numbers, so that none is ever stored, logged or passed on."""

import re
from collections.abc import Iterator
from typing import Any

# 13 to 19 digits (ISO/IEC 7812), single blanks or dashes between them, not part of a longer run of digits.
_CANDIDATE = re.compile(r"(?<!\d)[2-6](?:[ \-.]?\d){12,18}(?!\d)")


def looks_like_card_number(text: str) -> bool:
    """Whether the text holds a run of digits that a payment card could carry: its length, first digit and check digit fit."""
    return any(_luhn_ok(re.sub(r"\D", "", match.group())) for match in _CANDIDATE.finditer(text))


def card_number_paths(value: Any) -> list[tuple[str | int, ...]]:
    """Where a decoded JSON document holds something like a card number, in keys, texts or numbers. Paths, never values."""
    return list(_walk(value, ()))


def _walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if looks_like_card_number(str(key)):
                yield path  # the key itself must not be repeated in an error
            else:
                yield from _walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*path, index))
    elif isinstance(value, str | int | float) and looks_like_card_number(str(value)):
        yield path


def _luhn_ok(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + position % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
