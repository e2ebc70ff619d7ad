"""Which users the shop takes in, and how it writes them down."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.onboarding import CheckUser, OnboardingRequest, UserChecked, check_user, user_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def checked(**changes: Any) -> UserChecked:
    request = {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "country": "US",
        "postal_code": "94107",
        "birth_date": date(1990, 12, 10),
        "accepts_terms": True,
        **changes,
    }
    return check_user(CheckUser(request=OnboardingRequest.model_validate(request), now=NOW))


def rules(**changes: Any) -> list[tuple[str, str]]:
    return [(error.field, error.rule) for error in checked(**changes).errors]


def test_a_user_within_the_rules_is_taken():
    answer = checked()
    assert answer.errors == ()
    assert answer.user is not None


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [
        ("gb", "sw1a1aa", "SW1A 1AA"),
        ("CA", "k1a 0b1", "K1A 0B1"),
        ("us", " 94107-1234 ", "94107-1234"),
        ("IE", "D02 X285", "D02 X285"),
    ],
)
def test_a_postal_code_is_kept_in_the_form_of_its_country(country, written, kept):
    user = checked(country=country, postal_code=written).user
    assert user is not None
    assert (user.country, user.postal_code) == (country.upper(), kept)


@pytest.mark.parametrize(
    ("country", "postal_code"),
    [("US", "9410"), ("CA", "94107"), ("DE", "D-10115"), ("GB", "1"), ("FR", "7500A"), ("ZZ", "")],
)
def test_a_postal_code_of_another_form_is_refused(country, postal_code):
    assert rules(country=country, postal_code=postal_code) == [("postal_code", "form")]


@pytest.mark.parametrize("email", ["", "ada", "ada@example", "ada@@example.com", "a b@example.com", "ada@example..com"])
def test_what_is_no_address_is_refused(email):
    assert rules(email=email) == [("email", "form")]


def test_the_sixteenth_birthday_is_the_first_day():
    assert rules(birth_date=date(2010, 3, 1)) == []
    assert rules(birth_date=date(2010, 3, 2)) == [("birth_date", "too_young")]


def test_one_address_is_one_user_however_it_is_written():
    assert user_id("Ada@Example.com ") == user_id("ada@example.COM")
    assert user_id("ada@example.com") != user_id("bob@example.com")


def test_no_rejected_value_is_repeated():
    answer = checked(name="4242\n", email="secret")
    assert "secret" not in answer.model_dump_json()
    assert "4242" not in answer.model_dump_json()


def test_a_birth_to_come_breaks_one_rule_and_a_field_is_named_once():
    assert rules(birth_date=date(2999, 1, 1)) == [("birth_date", "future")]
    answer = checked(name="4\x002")
    assert [error.rule for error in answer.errors] == ["blank", "unprintable"]
    assert answer.message == "Not acceptable: name."
