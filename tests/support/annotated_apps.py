"""The source of an app with one function, `f`, that has a given annotation at a given place: a row of worker-annotations.json."""

from typing import Final

_HEAD: Final = """\
import typing
from typing import Any

import azure.durable_functions as df
import azure.functions as func

T = typing.TypeVar("T")
N = typing.NewType("N", str)


class Model: ...


class TD(typing.TypedDict):
    name: str


app = df.DFApp()


"""
_ROUTE: Final = '@app.route(route="f")\n'
_QUEUE: Final = '@app.queue_trigger(arg_name="m", queue_name="q", connection="AzureWebJobsStorage")\n'
_TIMER: Final = '@app.timer_trigger(arg_name="t", schedule="0 0 * * * *")\n'
_WITH_REQUEST: Final = "req: func.HttpRequest, {parameter}: {annotation}"

_PLACES: Final = {
    "activity": ('@app.activity_trigger(input_name="x")\n', "x: {annotation}", ""),
    "orchestrator": ('@app.orchestration_trigger(context_name="context")\n', "context: {annotation}", ""),
    "entity": ('@app.entity_trigger(context_name="context")\n', "context: {annotation}", ""),
    "client": (_ROUTE + '@app.durable_client_input(client_name="c")\n', _WITH_REQUEST, ""),
    "http": (_ROUTE, "req: {annotation}", ""),
    "http-context": (_ROUTE, _WITH_REQUEST, ""),
    "queue": (_QUEUE, "m: {annotation}", ""),
    "timer": (_TIMER, "t: {annotation}", ""),
    "blob": (
        '@app.blob_trigger(arg_name="b", path="c/{{n}}", connection="AzureWebJobsStorage")\n',
        "b: {annotation}",
        "",
    ),
    "blob-input": (
        _ROUTE + '@app.blob_input(arg_name="b", path="c/n", connection="AzureWebJobsStorage")\n',
        _WITH_REQUEST,
        "",
    ),
    "queue-output": (
        _ROUTE + '@app.queue_output(arg_name="o", queue_name="q", connection="AzureWebJobsStorage")\n',
        _WITH_REQUEST,
        "",
    ),
    "blob-output": (
        _ROUTE + '@app.blob_output(arg_name="o", path="c/n", connection="AzureWebJobsStorage")\n',
        _WITH_REQUEST,
        "",
    ),
    "http-output": (_ROUTE + '@app.generic_output_binding(arg_name="o", type="http")\n', _WITH_REQUEST, ""),
    "http-return": (_ROUTE, "req: func.HttpRequest", " -> {annotation}"),
    "activity-return": ('@app.activity_trigger(input_name="x")\n', "x: dict", " -> {annotation}"),
    "queue-return": (_QUEUE, "m: func.QueueMessage", " -> {annotation}"),
    "timer-return": (_TIMER, "t: func.TimerRequest", " -> {annotation}"),
}


def annotated_app(place: str, parameter: str, annotation: str) -> str:
    """Return the whole of such an app's function_app.py."""
    decorators, parameters, returned = _PLACES[place]
    function = f"{decorators}def f({parameters}){returned}: ...\n"
    return _HEAD + function.format(parameter=parameter, annotation=annotation)
