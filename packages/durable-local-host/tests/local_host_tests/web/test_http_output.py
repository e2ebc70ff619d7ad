"""An HTTP response that is set through a named parameter, as apps do whose return value goes elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
from azure.functions.meta import Datum

from local_host.app.calls import FunctionAnswer, FunctionCall
from local_host.app.function_context import Invocation
from local_host.app.index import index_functions
from local_host.app.inside import InsideWorker
from local_host.engine.errors import UserCodeFailed
from local_host.web.messages import response_of

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="set", binding_arg_name="response")
def is_set(req: func.HttpRequest, response: func.Out[func.HttpResponse]) -> None:
    response.set(func.HttpResponse("hello", status_code=201))


@app.route(route="unset", binding_arg_name="response")
def is_unset(req: func.HttpRequest, response: func.Out[func.HttpResponse]) -> None:
    pass


@app.route(route="beside", binding_arg_name="response")
@app.queue_output(arg_name="$return", queue_name="q", connection="AzureWebJobsStorage")
def beside_a_message(req: func.HttpRequest, response: func.Out[func.HttpResponse]) -> bytes:
    response.set(func.HttpResponse("queued", status_code=202))
    return req.get_body()


@app.function_name("without")
@app.generic_trigger(arg_name="req", type="httpTrigger", route="without")
def without(req: func.HttpRequest) -> None:
    pass


@app.route(route="returns_nothing")
def returns_nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None  # type: ignore[return-value]


FUNCTIONS = app.get_functions()


async def call(function: str) -> FunctionAnswer:
    worker = InsideWorker(index_functions(FUNCTIONS, Path(), {}), function_timeout=None)
    request: dict[str, Any] = {
        "method": Datum("POST", "string"),
        "url": Datum("http://localhost/api", "string"),
        "headers": {},
        "params": {},
        "query": {},
        "body": Datum(b"a message", "bytes"),
    }
    try:
        return await worker.call(
            FunctionCall(
                function=function,
                trigger=Datum(request, "http"),
                metadata=None,
                inputs={},
                invocation=Invocation(function=function),
            )
        )
    finally:
        await worker.close()


@pytest.mark.parametrize(
    ("function", "status", "body"),
    [
        ("is_set", 201, b"hello"),
        ("beside_a_message", 202, b"queued"),
        ("is_unset", 200, None),
        ("without", 200, None),
    ],
)
async def test_the_response_is_what_was_set_and_an_empty_200_when_nothing_was(
    function: str, status: int, body: bytes | None
) -> None:
    response = response_of((await call(function)).returned)
    assert (response.status, response.body) == (status, body)


async def test_the_return_value_goes_to_its_own_binding() -> None:
    answer = await call("beside_a_message")
    assert {name: datum.value for name, datum in answer.outputs.items()} == {"$return": b"a message"}


async def test_a_response_that_is_to_be_returned_and_is_not_fails_as_in_the_worker() -> None:
    with pytest.raises(UserCodeFailed) as failure:
        await call("returns_nothing")
    assert str(failure.value) == (
        'TypeError: unable to encode outgoing TypedData: unsupported type "http" for Python type "NoneType"'
    )
