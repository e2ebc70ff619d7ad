"""What people and programs write to approve or to reject, and what is no decision."""

import json
from typing import Any

import pytest

from domain.workflows.decision_words import said_decision, shown_payload

CARD = "4242 4242 4242 4242"


@pytest.mark.parametrize(
    "payload",
    [
        True,
        "Approved",
        "APPROVE",
        "approved.",
        "  yes \n",
        "\u00a0ok",
        "true",
        '"Approved"',
        '"\\"Approved\\""',
        "'approved'",
        {"approved": True},
        {"Approved": "yes"},
        {"approve": True},
        {"isApproved": "true"},
        {"decision": "approved"},
        {"Decision": True, "status": "open"},
        {"decision": '{"approved": true}'},
        {"approved": True, "rejected": False},
        {"approved": True, "decision": None},
        {"data": {"approved": True}},
        {"result": "accepted"},
        '{"approved": true}',
        json.dumps(json.dumps({"decision": "Approve"})),
    ],
)
def test_what_approves(payload: Any):
    said = said_decision(payload)
    assert said is not None
    assert said.decision == "approved"


@pytest.mark.parametrize(
    "payload",
    [
        False,
        "Rejected",
        "reject",
        " No ",
        "deny",
        "DENIED!",
        "false",
        {"approved": False},
        {"approved": "no"},
        {"rejected": True},
        {"decision": "declined"},
        {"approve": False, "decision": "reject"},
        '{"Approved": false}',
    ],
)
def test_what_rejects(payload: Any):
    said = said_decision(payload)
    assert said is not None
    assert said.decision == "rejected"


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "",
        "null",
        "Maybe",
        "not approved",
        "approved rejected",
        "{",
        1,
        0,
        "1",
        7.5,
        [],
        [True],
        {},
        {"who": "me"},
        {"approved": None},
        {"approved": 1},
        {"rejected": False},
        {"rejected": "maybe"},
        {"decision": "maybe", "approved": True},
        {"approved": True, "decision": "rejected"},
        {"approved": True, "Approved": False},
        {"approved": True, "rejected": True},
        {"data": {"data": {"data": {"data": {"approved": True}}}}},
        {"approved": True, "comment": CARD},
        json.dumps({"approved": True, CARD: 1}),
        json.dumps({"approved": True, "comment": "x" * 20_000}),
        "[" * 20_000,
    ],
)
def test_what_decides_nothing(payload: Any):
    assert said_decision(payload) is None


def test_who_decided_and_why_is_read_where_it_is_stated():
    said = said_decision({"Approved": False, "Approved By": "grace", "reason": "too much"})
    assert said is not None
    assert (said.decision, said.approver, said.comment) == ("rejected", "grace", "too much")
    inner = said_decision({"decision": {"approved": True, "approver": "ann"}, "comment": "fine", "approver": 7})
    assert inner is not None
    assert (inner.approver, inner.comment) == ("ann", "fine")


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (None, "null"),
        ("", "(empty)"),
        ("maybe", "maybe"),
        ({"who": "Zoë"}, '{"who": "Zoë"}'),
        ("a\r\nWARNING\x1b[31m\u202eb\u2028c", "a WARNING [31mb c"),
        ("x" * 70, "x" * 59 + "…"),
        ("\x00" * 300 + "x", "…"),
        ("x" * 20_000, "(20000 characters)"),
        (CARD, "(may hold a card number)"),
        ({"a": [4242424242424242]}, "(may hold a card number)"),
        ({"a": 4242424242424242.0}, "(may hold a card number)"),
        ('{"a": "\\u0034242 4242 4242 4242"}', "(may hold a card number)"),
        ("x" * 55 + CARD, "(may hold a card number)"),
    ],
)
def test_what_is_no_decision_is_shown_short_on_one_line_and_without_card_numbers(payload: Any, shown: str):
    assert shown_payload(payload) == shown
