"""Every annotation that the real Python worker was tried with: `local_host` says the same, with the same text.

`worker-annotations.json` has 44 annotations at each of 17 places, and the versions of the packages that decided them: the real
worker runtime indexed an app with one function for each row.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from local_host.app.index import index_functions
from local_host.engine.start_problems import IndexingError

ROWS = json.loads(Path(__file__).with_name("worker-annotations.json").read_text("utf-8"))["rows"]

_NAMES = """
import typing
from typing import Any
import azure.functions as func
import azure.durable_functions as df

class TD(typing.TypedDict):
    a: int
class Model: ...
N = typing.NewType("N", int)
T = typing.TypeVar("T")

app = df.DFApp()
"""

_STORAGE = "connection='AzureWebJobsStorage'"
_ROUTE = "@app.route(route='f')"
_ACTIVITY = "@app.activity_trigger(input_name='x')"
_QUEUE = f"@app.queue_trigger(arg_name='m', queue_name='q', {_STORAGE})"
_TIMER = "@app.timer_trigger(arg_name='t', schedule='0 * * * * *')"

# Place -> decorators and signature of the one function.
PLACES = {
    "activity": f"{_ACTIVITY}\ndef f(x: ANNOTATION): ...",
    "orchestrator": "@app.orchestration_trigger(context_name='context')\ndef f(context: ANNOTATION): ...",
    "entity": "@app.entity_trigger(context_name='context')\ndef f(context: ANNOTATION): ...",
    "client": f"{_ROUTE}\n@app.durable_client_input(client_name='c')\nasync def f(req, c: ANNOTATION): ...",
    "http": f"{_ROUTE}\ndef f(req: ANNOTATION): ...",
    "http-context": f"{_ROUTE}\ndef f(req, context: ANNOTATION): ...",
    "queue": f"{_QUEUE}\ndef f(m: ANNOTATION): ...",
    "timer": f"{_TIMER}\ndef f(t: ANNOTATION): ...",
    "blob": f"@app.blob_trigger(arg_name='b', path='p/{{name}}', {_STORAGE})\ndef f(b: ANNOTATION): ...",
    "blob-input": f"{_ROUTE}\n@app.blob_input(arg_name='b', path='p/x', {_STORAGE})\ndef f(req, b: ANNOTATION): ...",
    "queue-output": f"{_ROUTE}\n@app.queue_output(arg_name='o', queue_name='q', {_STORAGE})\n"
    "def f(req, o: ANNOTATION): ...",
    "blob-output": f"{_ROUTE}\n@app.blob_output(arg_name='o', path='p/x', {_STORAGE})\ndef f(req, o: ANNOTATION): ...",
    "http-output": "@app.route(route='f', binding_arg_name='o')\ndef f(req, o: ANNOTATION): ...",
    "http-return": f"{_ROUTE}\ndef f(req) -> ANNOTATION: ...",
    "activity-return": f"{_ACTIVITY}\ndef f(x) -> ANNOTATION: ...",
    "queue-return": f"{_QUEUE}\ndef f(m) -> ANNOTATION: ...",
    "timer-return": f"{_TIMER}\ndef f(t) -> ANNOTATION: ...",
}


# Rows whose text names a class by its module, which is another one before version 2 of azure-functions; that version is
# for Python 3.13 and newer. (Place, annotation) -> what the text has, and what it has with the older package.
MOVED = {
    ("http-context", "func.TimerRequest"): ("azure.functions._timer.TimerRequest", "azure.functions._abc.TimerRequest"),
    ("http-context", "func.InputStream"): ("azure.functions._blob.InputStream", "azure.functions._abc.InputStream"),
}
HAS_OLD_PACKAGE = version("azure-functions").startswith("1.")


def said(place: str, annotation: str) -> str | None:
    """Return the text of the refusal; None when the app is indexed."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(_NAMES + PLACES[place].replace("ANNOTATION", annotation), names)
    try:
        index_functions(names["app"].get_functions(), Path(), {})
    except IndexingError as refusal:
        return str(refusal)
    return None


def expected(row: dict[str, Any]) -> str | None:
    if row["accepted"]:
        return None
    now, before = MOVED.get((row["place"], row["annotation"]), ("", ""))
    text = row["message"].replace(now, before) if HAS_OLD_PACKAGE and now else row["message"]
    return f"Worker failed to index functions: {text}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['place']}: {row['annotation']}")
def test_the_answer_is_the_workers(row: dict[str, Any]) -> None:
    assert said(row["place"], row["annotation"]) == expected(row)


def test_all_rows_are_there() -> None:
    assert len(ROWS) == 748
