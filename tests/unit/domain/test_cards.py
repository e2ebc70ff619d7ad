"""No card number gets past the door, and what is none does."""

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cards import card_number_paths, json_may_hold_card_number, looks_like_card_number
from domain.errors import TooDeep
from domain.ids import new_order_id

VISA = "4242424242424242"
AMEX = "378282246310005"

# The numbers of https://docs.stripe.com/testing (by brand, by country, declined, fraudulent, disputed, refunded, authenticated);
# no account stands behind them.
TEST_CARDS = """
    4242424242424242 4000056655665556 5555555555554444 2223003122003222 5200828282828210 5105105105105100 378282246310005
    371449635398431 6011111111111117 6011000990139424 6011981111111113 3056930009020004 36227206271667 6555900000604105
    3566002020360505 6200000000000005 6200000000000047 6205500000000000004
    4000002500001001 5555552500001001 4000050360000001 5555050360000080
    4000000320000021 4000000760000002 4000001240000000 4000004840008001 4000005910000000 4000006040000068 4000001880000005
    4000002180000000 4000001700000003 4000008580000003
    4000007840000001 4000000400000008 4000000560000004 4000001000000000 4000001120000005 4000001960000008 4000002030000002
    4000002080000001 4000002330000009 4000002460000001 4000002500000003 4000002760000016 4000002920000005 4000003000000030
    4000003480000005 4000003720000005 4000003800000008 4000004280000005 4000004380000004 4000004400000000 4000004420000006
    4000004700000007 4000005280000002 4000005780000007 4000006160000005 4000006200000007 4000006420000001 4000007050000006
    4000007030000001 4000007240000007 4000007520000008 4000007560000009 4000008260000000 4000058260000005 5555558265554449
    4000000360000006 4000001560000002 4000003440000004 4000003560000008 4000003920000003 3530111333300000 4000004580000002
    4000005540000008 4000007020000003 4000001580000008 4000007640000003 4000057640000008
    4000000000000002 4000000000009995 4000000000009987 4000000000009979 4000000000000069 4000000000000127 4000000000000119
    4000000000006975 4000000000000341 4100000000000019 4000000000004954 4000000000009235 4000000000000101 4000000000000036
    4000000000000010 4000000000000028 4000000000000259 4000000000002685 4000000000001976 4000000000005423 4000000404000079
    4000000404000061 4000000000000077 4000003720000278 4000000000007726 4000000000005126 4000002500003155 4000002760003184
    4000003800000446 4000000000003220 4000000000003055 4000008400001629 4000008400001280 4000000000003097 4000008260003178
    4012888888881881 4111111111111111 30569309025904 38520000023237
""".split()  # noqa: SIM905 - a list literal of a hundred lines would say no more

USUAL_IDS = 100_000


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
        "4242%204242%204242%204242",
        "card%3D4242%C2%A04242%C2%A04242%C2%A04242%0A",
        "".join(f"%{ord(digit):02x}" for digit in VISA),
        "".join(f"%25{ord(digit):02X}" for digit in VISA),
        f"100 %, {VISA}",
        "%EF%BC%94%EF%BC%92" * 8,
    ],
)
def test_card_numbers_are_recognised(text):
    assert looks_like_card_number(text)


def spellings(card: str) -> list[str]:
    groups = [card[start : start + 4] for start in range(0, len(card), 4)]
    printed = [card[:4], card[4:10], card[10:]] if len(card) in (14, 15) else groups
    return [
        card,
        " ".join(groups),
        "-".join(groups),
        " - ".join(printed),
        ".".join(card),
        "\u200b".join(card),
        card.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
        f"0000{card}",
        f"{card}123",
        f"{card}1234",
        f"{card}0429",
        f"{card}042029123",
        f"{card} 04/29 123",
        f"{card}04/29",
        f"{card}04/2029",
        f"{card}29-04",
        f"{card}04/29/123",
        f"{card}{card}",
        f"my{card}card",
    ]


@pytest.mark.parametrize("card", TEST_CARDS)
def test_every_test_card_is_recognised_in_any_spelling(card):
    missed = [text for text in spellings(card) if not looks_like_card_number(text)]
    assert missed == []


@pytest.mark.parametrize(
    "separator",
    [
        "_",
        ":",
        "/",
        ",",
        "--",
        "  ",
        " - ",
        "\t",
        "\r\n",
        "\u00a0",
        "\u2011",
        "\u200b",
        "\u0301",
        " " * 8,
        "x",
        " and ",
    ],
)
def test_no_separator_hides_a_card_number(separator):
    assert looks_like_card_number(f"pm_{separator.join(('4242',) * 4)}")


@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\U0001d7ce"], ids=["full width", "Arabic", "bold"])
def test_no_script_hides_a_card_number(zero):
    assert looks_like_card_number("".join(chr(ord(zero) + int(digit)) for digit in VISA))


@pytest.mark.parametrize(
    "text",
    ["④②" * 8, "⁴²" * 8, "4\ufe0f\u20e32\ufe0f\u20e3" * 8, "❹❷" * 8, "⓸⓶" * 8, "➃➁" * 8, "፬፪" * 8],
    ids=["circled", "raised", "keycaps", "white on black", "circled twice", "sans serif", "Ethiopic"],
)
def test_no_dress_hides_a_card_number(text):
    assert looks_like_card_number(text)


@pytest.mark.parametrize("expiry", ["1229", "122029", "12/29", "12/2029", "12-29"])
def test_an_expiry_date_may_come_first(expiry):
    assert looks_like_card_number(f"{expiry}{VISA}")


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_no_card_number(moment):
    assert not looks_like_card_number(moment.isoformat(timespec="microseconds"))
    assert not looks_like_card_number(moment.isoformat(sep=" "))


def test_a_moment_hides_no_card_number_behind_its_point():
    assert looks_like_card_number(f"2026-11-26T20:15:02.{VISA}")


def test_a_uuid_of_digits_alone_is_no_excuse():
    assert looks_like_card_number("42424242-4242-4242-8000-000000000000")
    assert looks_like_card_number("42424242424242428000000000000000")


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # the check digit is wrong
        "42424242424242",  # a Visa number has 16 digits
        "424242424242",  # too short
        "12345678901234567890123",  # part of a longer run of digits
        "ord-0193a5c0d1e-9f8e7d6c5b4a3921",
        "2026-11-22T13:45:00.123456+00:00",
        "+49 30 1234567",
    ],
)
def test_what_is_no_card_number_passes(text):
    assert not looks_like_card_number(text)


# Prefix, length: https://github.com/braintree/credit-card-type, src/lib/card-types.ts.
ISSUED = [("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("6011", 16),
          ("644", 16), ("65", 16), ("3528", 16), ("3589", 16), ("300", 14), ("36", 14), ("38", 14), ("62", 16), ("62", 19),
          ("6759", 16), ("2204", 16), ("9792", 16)]  # fmt: skip


@given(st.sampled_from(ISSUED), st.text(alphabet="0123456789", min_size=19, max_size=19))
def test_every_number_of_an_issuer_with_a_right_check_digit_is_recognised(issued, random_digits):
    prefix, length = issued
    digits = (prefix + random_digits)[: length - 1]
    check = next(d for d in "0123456789" if _luhn(digits + d) % 10 == 0)
    assert looks_like_card_number(digits + check)


@pytest.mark.parametrize(
    "text",
    [
        "20270117042155",
        "4008092810893",
        "355386782260719",
        "8e9b3610-8138-4551-90d8-224e2a910585",
        "2026-11-26 20:15:02Z",
        "4222222222222",  # 13 digits: Visa's of the 1990s, and no difference from an EAN
        "20149999999999",  # 14 digits beginning 20
    ],
)
def test_ids_that_look_a_little_like_one_pass(text):
    assert not looks_like_card_number(text)


def moment(chance: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randrange(365 * 86_400_000_000))


def with_check_digit(digits: str, weights: tuple[int, int]) -> str:
    total = sum(int(digit) * weights[place % 2] for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def imei(chance: random.Random) -> str:
    digits = f"35{chance.randrange(10**12):012}"
    return next(digits + check for check in "0123456789" if _luhn(digits + check) % 10 == 0)


KINDS: dict[str, tuple[Callable[[random.Random], str], float]] = {
    # Kind: a maker, and the largest share that may be taken for card numbers.
    "moment, 14 digits": (lambda chance: f"{moment(chance):%Y%m%d%H%M%S}", 0),
    "moment, 17 digits": (lambda chance: f"{moment(chance):%Y%m%d%H%M%S%f}"[:17], 0),
    "moment, 20 digits": (lambda chance: f"{moment(chance):%Y%m%d%H%M%S%f}", 0),
    "moment, ISO 8601": (lambda chance: moment(chance).isoformat(), 0),
    "moment, blank": (lambda chance: moment(chance).isoformat(sep=" "), 0),
    "milliseconds": (lambda chance: str(int(moment(chance).timestamp() * 1000)), 0),
    "nanoseconds": (lambda chance: f"{int(moment(chance).timestamp() * 1_000_000)}{chance.randrange(1000):03}", 0),
    "order number with a date": (lambda chance: f"ORD-{moment(chance):%Y%m%d}-{chance.randrange(10**6):06}", 0),
    "EAN-13": (lambda chance: with_check_digit(f"{chance.randrange(10**12):012}", (3, 1)), 0),
    "EAN-8": (lambda chance: with_check_digit(f"{chance.randrange(10**7):07}", (3, 1)), 0),
    "UPC": (lambda chance: with_check_digit(f"{chance.randrange(10**11):011}", (3, 1)), 0),
    "IMEI": (imei, 0),
    "shop system's id, 13 digits": (lambda chance: str(chance.randrange(10**12, 10**13)), 0),
    "variant's id, 14 digits beginning 4": (lambda chance: str(chance.randrange(40 * 10**12, 50 * 10**12)), 0),
    "snowflake": (lambda chance: str(chance.randrange(10**18, 2 * 10**18)), 0.0005),
    "UUID": (lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)), 0),
    "UUID without dashes": (lambda chance: uuid.UUID(int=chance.getrandbits(128), version=4).hex, 0),
    "our own": (lambda chance: new_order_id(moment(chance), chance.randbytes(8)), 0.0005),
    "telephone number": (lambda chance: f"+49 {chance.randrange(1500, 1800)} {chance.randrange(10**8):08}", 0),
    # Three in ten numbers of 16 digits begin as a card's do, and of these every tenth has a check digit that fits.
    "any 16 digits": (lambda chance: f"{chance.randrange(10**16):016}", 0.05),
}


@pytest.mark.parametrize(("make", "most"), KINDS.values(), ids=KINDS.keys())
def test_ids_of_the_usual_kinds_pass(make, most):
    chance = random.Random(20261126)
    taken = sum(looks_like_card_number(make(chance)) for _ in range(USUAL_IDS))
    assert taken / USUAL_IDS <= most


def test_the_path_is_named_wherever_the_number_stands():
    document = {"a": [{"note": VISA}], "n": int(VISA), VISA: "key", "f": float(VISA), "fine": "hello"}
    assert sorted(map(str, card_number_paths(document))) == sorted(map(str, [("a", 0, "note"), ("n",), (), ("f",)]))


def test_a_document_that_is_nested_too_deeply_is_not_walked():
    document: list[object] = []
    for _ in range(100):
        document = [document]
    with pytest.raises(TooDeep):
        list(card_number_paths(document))


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
