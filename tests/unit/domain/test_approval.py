"""An approval event is understood however it was raised."""

import json

import pytest

from domain.workflows.cancellation import cancellation_from_event
from domain.workflows.decision import decision_from_event

DECISION = {"decision": "approved", "approver": "ann", "comment": "known customer"}


@pytest.mark.parametrize("payload", [DECISION, json.dumps(DECISION)])
def test_a_full_decision_is_read_from_an_object_or_from_json_text(payload):
    decision = decision_from_event(payload)
    assert decision is not None
    assert (decision.decision, decision.approver) == ("approved", "ann")


@pytest.mark.parametrize(
    ("payload", "meaning"),
    [("Approved", "approved"), ("Rejected", "rejected"), ('"Approved"', "approved"), ("APPROVED", "approved")],
)
def test_the_plain_words_are_decisions(payload, meaning):
    decision = decision_from_event(payload)
    assert decision is not None
    assert decision.decision == meaning


@pytest.mark.parametrize("payload", ["Maybe", None, 7, {"decision": "maybe", "approver": "ann"}, [], "{"])
def test_anything_else_is_no_decision(payload):
    assert decision_from_event(payload) is None


@pytest.mark.parametrize("payload", [{**DECISION, "comment": "4242 4242 4242 4242"}, '{"a": "4242424242424242"}'])
def test_an_event_with_a_card_number_is_not_read(payload):
    assert decision_from_event(payload) is None
    assert "4242" not in cancellation_from_event(payload).model_dump_json()


@pytest.mark.parametrize("payload", [None, "stop", {"who": "me"}, 7])
def test_a_wish_to_cancel_stands_whatever_its_payload(payload):
    assert cancellation_from_event(payload).requested_by == "management API"
