"""Batches of entity operations as pure data: what the SDK is given, what its answer comes to."""

from __future__ import annotations

import json
from typing import Any

from local_host.engine import entity
from local_host.engine.entity import EntityWork, Operation


def operation(seq: int, caller: str | None = "caller") -> Operation:
    return Operation(
        seq=seq,
        name="add",
        input='"5"',
        request_id=f"id-{seq}",
        caller=caller,
        caller_execution="e0" if caller else None,
    )


WORK = EntityWork("@counter@a@b", True, "1", [operation(1), operation(2, None), operation(3)])


def answer(**changes: Any) -> str:
    results = [{"isError": number == 2, "duration": 0, "startTime": 0, "result": f'"{number}"'} for number in range(3)]
    return json.dumps({"entityExists": True, "entityState": "16", "results": results, "signals": [], **changes})


def test_the_sdk_is_given_the_keys_of_the_real_host() -> None:
    call = {"name": "add", "input": '"5"', "isSignal": False}

    assert json.loads(entity.payload(WORK)) == {
        "self": {"name": "counter", "key": "a@b"},
        "exists": True,
        "state": "1",
        "batch": [{"id": "id-1", **call}, {"id": "id-2", **call, "isSignal": True}, {"id": "id-3", **call}],
    }


def test_callers_get_their_results_and_signals_get_none() -> None:
    outcome = entity.finish(WORK, answer(), "now")

    messages = [
        (message.instance_id, message.execution_id, message.event.fields["Name"]) for message in outcome.messages
    ]
    replies = [json.loads(message.event.fields["Input"]) for message in outcome.messages]
    assert messages == [("caller", "e0", "id-1"), ("caller", "e0", "id-3")]
    assert [each.pop("$type").partition(",")[0].rpartition(".")[2] for each in replies] == ["ResponseMessage"] * 2
    assert replies == [{"result": '"0"'}, {"result": '"2"', "exceptionType": "Error"}]
    assert (outcome.exists, outcome.state) == (True, "16")


def test_a_missing_result_becomes_text_that_the_sdk_can_read() -> None:
    results = [{"isError": False, "result": None}] * 3
    outcome = entity.finish(WORK, answer(results=results), "now")

    assert json.loads(outcome.messages[0].event.fields["Input"])["result"] == "null"


def test_a_destructed_entity_keeps_the_text_null() -> None:
    outcome = entity.finish(WORK, answer(entityExists=False, entityState="null"), "now")

    assert (outcome.exists, outcome.state) == (False, "null")


def test_a_batch_that_could_not_run_keeps_the_state_and_fails_every_caller() -> None:
    outcome = entity.fail(WORK, "TypeError: no", "now")

    assert (outcome.exists, outcome.state) == (True, "1")
    replies = [json.loads(message.event.fields["Input"]) for message in outcome.messages]
    assert [(each["result"], each["exceptionType"]) for each in replies] == [('"TypeError: no"', "Error")] * 2
