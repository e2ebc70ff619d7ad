"""Which users the shop takes in, and how it writes them down."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from domain.onboarding.user import CheckUser, OnboardingRequest, UserChecked, check_user, user_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)


REQUEST = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "country": "US",
    "postal_code": "94107",
    "birth_date": date(1990, 12, 10),
    "accepts_terms": True,
}


def checked(**changes: Any) -> UserChecked:
    return check_user(CheckUser(request=OnboardingRequest.model_validate(REQUEST | changes), now=NOW))


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
    [("US", "9410"), ("CA", "94107"), ("DE", "D-10115"), ("GB", "1"), ("FR", "7500A"), ("SE", "1234")],
)
def test_a_postal_code_of_another_form_is_refused(country, postal_code):
    assert rules(country=country, postal_code=postal_code) == [("postal_code", "form")]


@pytest.mark.parametrize(("country", "postal_code"), [("ZZ", ""), ("XX", "12345"), ("AC", "ASCN 1ZZ"), ("U", "12")])
def test_only_countries_of_iso_3166_are_known(country, postal_code):
    assert rules(country=country, postal_code=postal_code) == [("country", "form")]


def test_a_country_without_postal_codes_needs_and_takes_none():
    assert rules(country="HK", postal_code=None) == []
    assert rules(country="HK", postal_code="") == []
    assert rules(country="HK", postal_code="00000") == [("postal_code", "not_used")]
    assert rules(country="US", postal_code=None) == [("postal_code", "missing")]


# Names that need their joiners: https://www.unicode.org/versions/Unicode15.0.0/ch23.pdf, "Cursive Connection and Ligatures".
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("علی\u200cرضا محمدی", "علی\u200cرضا محمدی"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("Jose\u0301 Nun\u0303ez", "José Nuñez"),
        ("Ada\u00ad \u200eLovelace\u202c", "Ada Lovelace"),
        ("O’Neil-Müller d'Arc", "O’Neil-Müller d'Arc"),
    ],
)
def test_names_are_kept_as_people_write_them(written, kept):
    user = checked(name=written).user
    assert user is not None
    assert user.name == kept


@pytest.mark.parametrize(
    "name", ["Ada\u200b", "\u200cAda", "Ada\u200d", "Ada \u0301x", "A\x1b[31m", "Ada\U000e0041", "A\u3164"]
)
def test_names_with_parts_that_cannot_be_seen_are_refused(name):
    assert rules(name=name) == [("name", "unprintable")]


@pytest.mark.parametrize("birth_date", [0, "0", -86400, "636163200", "19901210", "1990-12-10T00:00:00", True, 1.5])
def test_a_birth_date_is_a_date_in_iso_8601(birth_date):
    with pytest.raises(ValidationError):
        checked(birth_date=birth_date)


@pytest.mark.parametrize("email", ["", "ada", "ada@example", "ada@@example.com", "a b@example.com", "ada@example..com"])
def test_what_is_no_address_is_refused(email):
    assert rules(email=email) == [("email", "form")]


def test_the_sixteenth_birthday_is_the_first_day():
    assert rules(birth_date=date(2010, 3, 1)) == []
    assert rules(birth_date=date(2010, 3, 2)) == [("birth_date", "too_young")]


def test_one_address_is_one_user_however_it_is_written():
    assert user_id("Ada@Example.com ") == user_id("ada@example.COM")
    assert user_id("ada@example.com") != user_id("bob@example.com")
    assert user_id("ada@münchen.de") == user_id("ada@xn--mnchen-3ya.de") == user_id("ada@mu\u0308nchen.DE")
    assert user_id("Do\u0308rte@example.com") == user_id("dörte@example.com")


def test_an_address_outside_ascii_needs_a_server_that_takes_it():
    assert rules(email="dörte@example.com") == []
    request = OnboardingRequest.model_validate(REQUEST | {"email": "dörte@example.com"})
    answer = check_user(CheckUser(request=request, now=NOW), ascii_mail_only=True)
    assert [(error.field, error.rule) for error in answer.errors] == [("email", "not_ascii")]


def test_no_rejected_value_is_repeated():
    answer = checked(name="4242\n", email="secret")
    assert "secret" not in answer.model_dump_json()
    assert "4242" not in answer.model_dump_json()


def test_a_birth_to_come_breaks_one_rule_and_a_field_is_named_once():
    assert rules(birth_date=date(2999, 1, 1)) == [("birth_date", "future")]
    answer = checked(name="4\x002")
    assert [error.rule for error in answer.errors] == ["blank", "unprintable"]
    assert answer.message == "Not acceptable: name."
