"""Run an activity as the platform does: JSON in, JSON out, at least once."""

import json
from typing import Any

from azure.functions.decorators.function_app import FunctionBuilder

from domain.wire import Wire


def run(activity: FunctionBuilder, request: Wire) -> Any:
    """One delivery of the activity's message."""
    function = activity._function.get_user_function()
    return json.loads(json.dumps(function(json.loads(request.model_dump_json()))))


def run_twice(activity: FunctionBuilder, request: Wire) -> Any:
    """Two deliveries, which must give one answer."""
    first, second = run(activity, request), run(activity, request)
    assert first == second
    return first
