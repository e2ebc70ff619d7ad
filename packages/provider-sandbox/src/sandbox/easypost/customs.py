"""Customs information, checked as EasyPost documents it (https://docs.easypost.com/docs/customs-infos, …/customs-items)."""

from datetime import datetime
from typing import Any

from sandbox.core.exchange import JsonObject
from sandbox.core.ids import easypost_id
from sandbox.easypost import fields
from sandbox.easypost.errors import invalid, missing
from sandbox.easypost.trackers import timestamp

_CONTENTS = (
    "documents",
    "gift",
    "merchandise",
    "returned_goods",
    "sample",
    "dangerous_goods",
    "humanitarian_donation",
    "other",
)
_RESTRICTIONS = ("none", "other", "quarantine", "sanitary_phytosanitary_inspection")
_NON_DELIVERY = ("return", "abandon")
# Where the United States' postal service serves addresses of the armed forces.
_ARMED_FORCES = frozenset({"AA", "AE", "AP"})


def crosses_border(from_address: JsonObject, to_address: JsonObject) -> bool:
    """Return whether customs want to know: always "when you are shipping between two countries" (…/guides/customs-guide)."""
    if from_address["country"] != to_address["country"]:
        return True
    return to_address["country"] == "US" and (to_address["state"] or "").upper() in _ARMED_FORCES


def new_customs_info(given: JsonObject, now: datetime) -> JsonObject:
    """Return a CustomsInfo with its items. Raises EasyPostRefusal."""
    items = given.get("customs_items")
    if not isinstance(items, list) or not items:
        raise missing("customs_items")
    contents = _one_of(given, "contents_type", _CONTENTS, "merchandise")
    explanation = fields.text(given, "contents_explanation")
    restriction = _one_of(given, "restriction_type", _RESTRICTIONS, "none")
    certify, signer = fields.flag(given, "customs_certify"), fields.text(given, "customs_signer")
    if contents == "other" and explanation is None:
        raise missing("contents_explanation")
    if restriction != "none" and fields.text(given, "restriction_comments") is None:
        raise missing("restriction_comments")
    if certify and signer is None:
        raise missing("customs_signer")
    return {
        "id": easypost_id("cstinfo"),
        "object": "CustomsInfo",
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        "contents_explanation": explanation or "",
        "contents_type": contents,
        "customs_certify": certify,
        "customs_signer": signer,
        "eel_pfc": fields.text(given, "eel_pfc"),
        "non_delivery_option": _one_of(given, "non_delivery_option", _NON_DELIVERY, "return"),
        "restriction_comments": fields.text(given, "restriction_comments"),
        "restriction_type": restriction,
        "mode": "test",
        "declaration": None,
        "customs_items": [_new_item(item, now) for item in items],
    }


def problem(info: JsonObject | None, parcel: JsonObject, from_address: JsonObject) -> str | None:
    """Return why a carrier does not take a parcel across a border, in its words; None when it does."""
    if info is None:
        return "Customs info required for international rates."
    if from_address["country"] == "US" and not info["eel_pfc"]:
        return "Customs info: EEL/PFC is required for exports from the US."
    if sum(item["weight"] for item in info["customs_items"]) > parcel["weight"]:
        return "Customs info: the items weigh more than the parcel."
    return None


def _new_item(given: Any, now: datetime) -> JsonObject:
    if not isinstance(given, dict):
        raise invalid("customs_items", "must be objects")
    for name in ("description", "origin_country", "hs_tariff_number"):
        if fields.text(given, name) is None:
            raise missing(name)
    country = fields.text(given, "origin_country") or ""
    if not (len(country) == 2 and country.isalpha() and country.isupper()):
        raise invalid("origin_country", "must be a two-character country code")
    currency = fields.text(given, "currency")
    value = fields.number(given, "value", required=True)
    return {
        "id": easypost_id("cstitem"),
        "object": "CustomsItem",
        "created_at": timestamp(now),
        "updated_at": timestamp(now),
        "description": fields.text(given, "description"),
        "hs_tariff_number": fields.text(given, "hs_tariff_number"),
        "origin_country": country,
        "quantity": fields.number(given, "quantity", required=True),
        "value": str(value),
        "weight": fields.number(given, "weight", required=True),
        "code": fields.text(given, "code"),
        "mode": "test",
        "manufacturer": None,
        "currency": currency,
        "eccn": None,
        "printed_commodity_identifier": None,
    }


def _one_of(given: JsonObject, name: str, known: tuple[str, ...], default: str) -> str:
    text = fields.text(given, name) or default
    if text not in known:
        raise invalid(name, f"must be one of {', '.join(known)}")
    return text
