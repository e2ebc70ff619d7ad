"""Recognise card numbers, so that none is ever stored, logged or passed on. This is the only check for them.

A card number has a prefix that an issuer uses and one of the lengths that this issuer gives it, and its last digit is the check
digit (Luhn, ISO/IEC 7812-1). All three together refuse one in twenty-five random numbers of 16 digits, and no id of
another kind: EANs have 13 digits, IMEIs 15 that begin otherwise, dates begin with 19 or 20, and UUIDs and moments are known by
their form. Two choices: Visa's 13 digits, not issued since the 1990s, are not a card number, because every tenth German, Japanese
and Nordic EAN would be one; and digits in the middle of a longer number are looked at only where people glue them together: a card
number after zeros or an expiry date, or before a security code, an expiry date or another number.

The work is linear in the length of the text. docs/card-numbers.md lists everything that passes through here.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Any, Final
from urllib.parse import unquote

from domain.errors import TooDeep

MAX_JSON_DEPTH: Final = 64
"""Deeper documents are refused: nothing that the shop takes is nested more than five levels deep."""

# First digits, as ranges, and the lengths of the numbers that begin so. The ranges are those of braintree/credit-card-type
# (src/lib/card-types.ts, June 2026) without lengths that are only reserved; RuPay (60, 82) as NPCI publishes it.
_ISSUERS: Final[tuple[tuple[int, int, tuple[int, ...]], ...]] = (
    (2200, 2204, (16,)),  # Mir
    (2221, 2720, (16,)),  # Mastercard
    (3000, 3059, (14, 16, 19)),  # Diners Club
    (3090, 3099, (14, 16, 19)),
    (3400, 3499, (15,)),  # American Express
    (3528, 3589, (16, 19)),  # JCB
    (3600, 3699, (14, 16, 19)),  # Diners Club
    (3700, 3799, (15,)),  # American Express
    (3800, 3999, (14, 16, 19)),  # Diners Club
    (4000, 4999, (16, 19)),  # Visa
    (5000, 5099, (16, 18, 19)),  # Maestro, Elo, Verve
    (5100, 5599, (16,)),  # Mastercard
    (5600, 5999, (16, 18, 19)),  # Maestro
    (6000, 6199, (16, 18, 19)),  # Discover, Maestro, RuPay, Hipercard
    (6200, 6299, (16, 17, 18, 19)),  # UnionPay
    (6300, 6999, (16, 18, 19)),  # Discover, Maestro, RuPay, Elo, Troy
    (8100, 8199, (16, 17, 18, 19)),  # UnionPay
    (8200, 8299, (16,)),  # RuPay
    (9792, 9792, (16,)),  # Troy
)
_MAX_ESCAPES: Final = 2  # text copied out of a link is escaped by the page and again by the program that sends it
_MONTH_DIGITS: Final = 2
_MAX_AFTER_DIGITS: Final = 10  # an expiry date and a security code
_MIN_RUN_DIGITS: Final = 14  # so many digits glued to a card number are no security code: a second number

# Patterns are compiled by their first use, which keeps cold starts short.
# Digits with a little of anything but letters between them, as people and forms write card numbers. Possessive: no backtracking.
_RUN: Final = r"[0-9](?:[\W_]{0,8}+[0-9]){13,}+"
_GROUP: Final = r"[0-9]+"
# With anything between them, letters too, in the groups that stand on a card.
_PRINTED: Final = (
    r"(?<![0-9])(?=([0-9]{4})[^0-9]{1,6}([0-9]{4})[^0-9]{1,6}([0-9]{4})[^0-9]{1,6}([0-9]{4})(?![0-9])"
    r"|([0-9]{4})[^0-9]{1,6}([0-9]{6})[^0-9]{1,6}([0-9]{4,5})(?![0-9]))"
)
_EXPIRY: Final = r"(?:(?:0[1-9]|1[0-2])(?:20)?[2-4][0-9]|(?:20)?[2-4][0-9](?:0[1-9]|1[0-2]))"
_CODE: Final = r"[0-9]{3,4}"
_AFTER: Final = rf"{_CODE}|{_EXPIRY}(?:{_CODE})?|{_CODE}{_EXPIRY}"
_BEFORE: Final = r"(?:0[1-9]|1[0-2])(?:20)?[2-4][0-9](?=[0-9]{16})"
# What has as many digits as a card number and a form of its own.
_KNOWN_FORMS: Final = (
    r"(?<![0-9A-Za-z])(?=[0-9-]{0,36}[A-Fa-f])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[1-8][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}"
    r"-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"  # a UUID (RFC 9562), unless it is of digits alone
    r"|(?<![0-9A-Za-z])(?=[0-9]{0,31}[A-Fa-f])[0-9A-Fa-f]{12}[1-8][0-9A-Fa-f]{3}[89ABab][0-9A-Fa-f]{15}"
    r"(?![0-9A-Za-z])"  # the same without dashes
    r"|(?<![0-9])[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]"
    r"(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?(?![0-9]) ?(?:Z|[+-][0-9]{2}:?[0-9]{2}(?::[0-9]{2})?)?(?![0-9])"  # a moment (ISO 8601)
)
_JSON_ESCAPE: Final = r"(?s)\\(?:u([0-9a-fA-F]{4})|.)"
_URL_ESCAPE: Final = r"%[0-9a-fA-F]{2}"
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


class _PlainDigits(dict[int, str | int]):
    """For `str.translate`: digits of every script and style (full-width, circled, raised) as ASCII digits.

    Character by character: to normalise a whole text takes quadratic time when it has many combining marks in a row.
    """

    def __missing__(self, code: int) -> str | int:
        if code < 128:
            return code
        character = chr(code)
        digit = unicodedata.digit(character, None)  # also of scripts that count otherwise, and white on black
        if digit is not None:
            return str(digit)
        plain = unicodedata.normalize("NFKC", character)
        return plain if any("0" <= each <= "9" for each in plain) else code


_PLAIN_DIGITS: Final = _PlainDigits()


def looks_like_card_number(text: str) -> bool:
    """Return whether the text holds digits that a payment card could carry, in whatever spelling, also escaped as in a URL."""
    for _ in range(_MAX_ESCAPES):
        if _plainly_holds_card(text):
            return True
        if re.search(_URL_ESCAPE, text) is None:
            return False
        text = unquote(text)
    return _plainly_holds_card(text)


def _plainly_holds_card(text: str) -> bool:
    if not text.isascii():
        text = text.translate(_PLAIN_DIGITS)
    if re.search(_RUN, text) is None and re.search(_PRINTED, text) is None:
        return False
    plain = re.sub(_KNOWN_FORMS, "T", text)
    return any(map(_run_holds_card, re.findall(_RUN, plain))) or any(
        _is_card("".join(filter(None, groups))) for groups in re.findall(_PRINTED, plain)
    )


def json_may_hold_card_number(text: str) -> bool:
    """Return whether JSON text, valid or not, may hold a card number, in escapes too."""
    plain = re.sub(_JSON_ESCAPE, lambda escape: chr(int(escape[1], 16)) if escape[1] else " ", text)
    # Some digits are spelled by two escapes, each of which is half a character.
    whole = plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return looks_like_card_number(text) or looks_like_card_number(whole)


def holds_card_number(value: Any) -> bool:
    """Return whether a decoded JSON document holds something like a card number, or is nested too deeply to be searched."""
    try:
        return next(card_number_paths(value), None) is not None
    except TooDeep:
        return True


def card_number_paths(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every key, text or number of a JSON document that looks like a card number.

    Raises:
        TooDeep: The document is nested more than MAX_JSON_DEPTH levels deep.
    """
    return _walk(value, ())


def _walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if len(path) > MAX_JSON_DEPTH:
        raise TooDeep
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
    elif isinstance(value, str | int | float) and looks_like_card_number(str(value)):
        yield path


def _run_holds_card(run: str) -> bool:
    """Return whether neighbouring groups of a run are a card number. One pass: sums of all prefixes answer for any part of it."""
    groups = re.findall(_GROUP, run)
    digits = "".join(groups)
    sums = _luhn_sums(digits)
    ends = list(accumulate(map(len, groups)))
    whole_ends = frozenset(ends)
    for before, group, end in zip(("", *groups), groups, ends, strict=False):
        for start in _starts(before, group, end - len(group)):
            for length in _lengths(digits[start : start + 4]):
                last = start + length
                if last > len(digits) or not _check_digit_fits(sums, start, last):
                    continue
                if last in whole_ends or _is_glued(digits, last, ends):
                    return True
    return False


def _starts(before: str, group: str, at: int) -> Iterator[int]:
    """Yield where a card number may begin in a group of digits: at its first that is not 0, and after an expiry date.

    Args:
        before: The group before it, which may have the month of that date.
        group: The group.
        at: Where it begins.
    """
    yield at + len(group) - len(group.lstrip("0"))
    month = before if len(before) == _MONTH_DIGITS else ""
    for known in {"", month}:
        expiry = re.match(_BEFORE, known + group)
        if expiry is not None and expiry.end() > len(known):
            yield at + expiry.end() - len(known)


def _is_glued(digits: str, last: int, ends: list[int]) -> bool:
    """Return whether the digits right after a card number are what people write there, perhaps with a separator in it: 12/27."""
    group = bisect_left(ends, last)
    if ends[group] - last >= _MIN_RUN_DIGITS:
        return True
    rests = (digits[last:end] for end in ends[group : group + 2] if end - last <= _MAX_AFTER_DIGITS)
    return any(re.fullmatch(_AFTER, rest) for rest in rests)


@cache
def _lengths(prefix: str) -> tuple[int, ...]:
    if len(prefix) < 4:
        return ()
    return next((lengths for first, last, lengths in _ISSUERS if first <= int(prefix) <= last), ())


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Return the sums of all prefixes, with the digits at odd places doubled, and with those at even places doubled."""
    values = [int(digit) for digit in digits]
    odd_doubled, even_doubled = values[:], values[:]
    odd_doubled[1::2] = [_DOUBLED[value] for value in values[1::2]]
    even_doubled[::2] = [_DOUBLED[value] for value in values[::2]]
    return list(accumulate(odd_doubled, initial=0)), list(accumulate(even_doubled, initial=0))


def _check_digit_fits(sums: tuple[list[int], list[int]], start: int, end: int) -> bool:
    # The last digit is not doubled, nor is every second one before it.
    chosen = sums[(end - 1) % 2]
    return (chosen[end] - chosen[start]) % 10 == 0


def _is_card(digits: str) -> bool:
    return len(digits) in _lengths(digits[:4]) and _check_digit_fits(_luhn_sums(digits), 0, len(digits))
