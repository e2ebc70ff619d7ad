"""Recognise card numbers, so that none is ever stored, logged or passed on."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

# Groups of digits with a little of anything but letters between them, however people and forms write card numbers.
_RUN = re.compile(r"\d+(?:[\W_]{1,3}\d+)*")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_LENGTHS = range(13, 20)  # ISO/IEC 7812
# A moment in time has as many digits as a card number, and every tenth would pass for one.
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")


def looks_like_card_number(text: str) -> bool:
    """Whether the text holds digits that a payment card could carry: their number, the first and the check digit fit."""
    if not text.isascii():
        text = "".join(map(_ascii_digit, text))
    plain = _MOMENT.sub("T", text)
    return any(_could_be_card(digits) for run in _RUN.findall(plain) for digits in _whole_groups(run))


def json_may_hold_card_number(text: str) -> bool:
    """The same of JSON text, valid or not, whose escapes may spell the digits or what stands between them."""
    plain = _JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else " ", text)
    # Some digits are spelled by two escapes, each of which is half a character.
    whole = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return looks_like_card_number(text) or looks_like_card_number(whole)


def _ascii_digit(character: str) -> str:
    """The same digit, in whatever script it is written; anything else as it is."""
    return character if character.isascii() or not character.isdecimal() else str(unicodedata.decimal(character))


def _whole_groups(run: str) -> Iterator[str]:
    """Every sequence of neighbouring groups: a card number may be followed by its expiry date, say."""
    groups = re.split(r"\D+", run)
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > _LENGTHS[-1]:
                break
            yield digits


def _could_be_card(digits: str) -> bool:
    return len(digits) in _LENGTHS and digits[0] in "23456" and _luhn_ok(digits)


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
    elif isinstance(value, float) and value.is_integer():
        yield from _walk(int(value), path)
    elif isinstance(value, str | int) and looks_like_card_number(str(value)):
        yield path


def _luhn_ok(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + position % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
