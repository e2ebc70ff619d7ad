"""What fills the placeholders in the paths of a call's other bindings."""

from __future__ import annotations

import json
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func
import pytest
from azure.functions.meta import Datum

from local_host.app.function import Function
from local_host.app.index import index_functions
from local_host.app.path_values import PathValues
from local_host.bindings.queue_messages import message_datum


def text(value: str) -> Datum:
    return Datum(value, "string")


@pytest.fixture
def functions(tmp_path: Path) -> dict[str, Function]:
    def http(req: func.HttpRequest) -> str:
        return ""

    def queue(message: func.QueueMessage) -> None: ...

    def activity(order: object) -> None: ...

    app = df.DFApp()
    app.route(route="documents/{name}")(http)
    app.queue_trigger(arg_name="message", queue_name="q", connection="c")(queue)
    app.activity_trigger(input_name="order")(activity)
    return dict(index_functions(app.get_functions(), tmp_path, {}).functions)


def test_a_request_gives_its_route_before_its_query_before_its_body(functions: dict[str, Function]) -> None:
    request = {
        "body": Datum(json.dumps({"name": "body", "year": 2026, "by": {"whom": "Ada"}}).encode(), "bytes"),
        "query": {"name": text("query"), "page": text("2")},
        "params": {"name": text("route")},
    }
    values = PathValues(functions["http"], Datum(request, "http"), {}, None)
    assert values == {"name": "route", "page": "2", "year": "2026", "by.whom": "Ada"}


def test_a_message_gives_its_text_and_the_fields_of_its_json(functions: dict[str, Function]) -> None:
    metadata = {"Id": text("7"), "DequeueCount": Datum(1, "int")}
    assert PathValues(functions["queue"], message_datum(b'{"name": "a"}'), metadata, None) == {
        "Id": "7",
        "name": "a",
        "queueTrigger": '{"name": "a"}',
    }
    assert PathValues(functions["queue"], message_datum(b"plain"), {}, None) == {"queueTrigger": "plain"}


@pytest.mark.parametrize(
    ("input_text", "values"),
    [
        ('"a"', {"order": "a", "data": "a"}),
        ('{"id": 5}', {"order.id": "5", "data.id": "5"}),
        ("null", {}),
    ],
)
def test_an_activity_gives_its_input_by_two_names(
    functions: dict[str, Function], input_text: str, values: dict[str, str]
) -> None:
    found = PathValues(functions["activity"], Datum(input_text, "json"), {}, "i-1")
    assert found == {"instanceId": "i-1", **values}
