"""No card number gets past the door, and what is none does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cards import card_number_paths, json_may_hold_card_number, looks_like_card_number

# Test numbers of the card schemes' own documentation; no account stands behind them.
VISA = "4242424242424242"
AMEX = "378282246310005"


@pytest.mark.parametrize(
    "text",
    [
        VISA,
        AMEX,
        f"{VISA} 12 27",
        f"7 {VISA}.",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        f"card={VISA};",
        f"pm_{VISA}",
        "5555555555554444",
    ],
)
def test_card_numbers_are_recognised(text):
    assert looks_like_card_number(text)


@pytest.mark.parametrize("separator", ["_", ":", "/", ",", "--", "  ", " - ", "\t", "\u00a0", "\u2011", "\u200b"])
def test_no_separator_hides_a_card_number(separator):
    assert looks_like_card_number(f"pm_{separator.join(('4242',) * 4)}")


@pytest.mark.parametrize("zero", ["\uff10", "\u0660"], ids=["full width", "Arabic"])
def test_no_script_hides_a_card_number(zero):
    assert looks_like_card_number("".join(chr(ord(zero) + int(digit)) for digit in VISA))


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_no_card_number(moment):
    assert not looks_like_card_number(moment.isoformat(timespec="microseconds"))


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # the check digit is wrong
        "424242424242",  # too short
        "12345678901234567890123",  # part of a longer run of digits
        "ord-0193a5c0d1e-9f8e7d6c5b4a3921",
        "2026-11-22T13:45:00.123456+00:00",
        "+49 30 1234567",
    ],
)
def test_what_is_no_card_number_passes(text):
    assert not looks_like_card_number(text)


@given(st.text(alphabet="0123456789", min_size=11, max_size=17), st.sampled_from("3456"))
def test_every_number_with_a_right_check_digit_is_recognised(body, first):
    digits = first + body
    check = next(d for d in "0123456789" if _luhn(digits + d) % 10 == 0)
    assert looks_like_card_number(digits + check)


def test_the_path_is_named_wherever_the_number_stands():
    document = {"a": [{"note": VISA}], "n": int(VISA), VISA: "key", "f": float(VISA), "fine": "hello"}
    assert sorted(map(str, card_number_paths(document))) == sorted(map(str, [("a", 0, "note"), ("n",), (), ("f",)]))


def _luhn(digits: str) -> int:
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled)


@pytest.mark.parametrize(
    "card",
    [
        VISA,
        r"\u00a0".join(("4242",) * 4),
        r"\t".join(("4242",) * 4),
        rf"\u0034{VISA[1:]}",
        rf"\uFF14{VISA[1:]}",
        rf"\ud835\udfd2{VISA[1:]}",  # a digit beyond the first 65,536 characters
    ],
)
def test_no_escape_of_json_hides_a_card_number(card):
    assert json_may_hold_card_number(f'{{"broken": "{card}"')


def test_escapes_are_no_card_number_by_themselves():
    assert not json_may_hold_card_number(r'{"name": "\u00e9\ud835 \"Ada\" \\ 4242\n", "n": 4242}')
