"""Runs an entity through the SDK's own handle, with a batch as the extension sends it."""

import json
from typing import Any

import azure.durable_functions as df

State = dict[str, Any] | None


def run_batch(bp: df.Blueprint, key: str, state: State, *operations: tuple[str, Any]) -> tuple[State, list[Any]]:
    """One batch of the blueprint's entity. Gives the new state and the results."""
    function = bp._function_builders[0]._function
    payload = {
        "self": {"name": function.get_function_name(), "key": key},
        "exists": state is not None,
        "state": None if state is None else json.dumps(state),
        "batch": [
            {"name": name, "input": json.dumps(json.dumps(request)), "isSignal": False} for name, request in operations
        ],
    }
    answer = json.loads(function.get_user_function()(json.dumps(payload)))
    return json.loads(answer["entityState"]), [json.loads(result["result"]) for result in answer["results"]]
