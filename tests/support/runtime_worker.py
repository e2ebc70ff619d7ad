"""`local_host` with the real worker runtime behind it: every call of a function goes to that runtime, in its own process."""

import base64
from collections.abc import Mapping
from typing import Any

from azure.functions.meta import Datum

from local_host.app.calls import FunctionAnswer, FunctionCall
from local_host.engine.errors import UserCodeFailed
from tests.support.worker import Call, Value, Worker


class RuntimeWorker:
    """A `FunctionWorker` whose functions the real runtime calls. calls: those so far, by function."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.calls: dict[str, list[Call]] = {}

    async def call(self, call: FunctionCall) -> FunctionAnswer:
        metadata = {name: _value(datum) for name, datum in (call.metadata or {}).items()}
        inputs = {name: _value(datum) for name, datum in call.inputs.items() if datum is not None}
        done = await self._worker.trigger(call.function, _value(call.trigger), metadata, **inputs)
        self.calls.setdefault(call.function, []).append(done)
        if done.error is not None:
            kind, _, text = done.error.partition(": ")
            raise UserCodeFailed(kind, text)
        outputs = {name: _datum(value) for name, value in done.outputs.items()}
        return FunctionAnswer(None if done.returned is None else _datum(done.returned), outputs)

    async def until_threads_end(self) -> None:
        """No function runs in a thread of this process."""

    async def close(self) -> None:
        """Do nothing: the process is stopped by its starter."""


def _value(datum: Datum) -> Value:
    if datum.type == "int":
        return {"json": str(datum.value)}  # the host sends numbers as JSON: the runtime takes them in no other form
    if datum.type != "http":
        return {str(datum.type): _content(datum)}
    http = datum.value
    texts = {name: http[name].value for name in ("method", "url")}
    maps = {name: {key: each.value for key, each in http[name].items()} for name in ("headers", "query", "params")}
    return {"http": {**texts, **maps, "body": _value(http["body"])}}


def _content(datum: Datum) -> Any:
    return base64.b64encode(datum.value).decode() if datum.type == "bytes" else datum.value


def _datum(value: Value) -> Datum:
    ((form, content),) = value.items()
    if form != "http":
        return Datum(base64.b64decode(content) if form == "bytes" else content, form)
    headers = {name: Datum(text, "string") for name, text in content["headers"].items()}
    body = Datum(b"", "bytes") if content["body"] is None else _datum(content["body"])
    encoded = Datum(body.value.encode() if isinstance(body.value, str) else body.value, "bytes")
    return Datum(
        {"status_code": Datum(str(content["status"]), "string"), "headers": headers, "cookies": (), "body": encoded},
        "http",
    )


def trigger_kinds(functions: Mapping[str, list[dict[str, Any]]]) -> dict[str, set[str]]:
    """Return the functions of each trigger's kind."""
    kinds: dict[str, set[str]] = {}
    for name, bindings in functions.items():
        (trigger,) = (each["type"] for each in bindings if each["type"].lower().endswith("trigger"))
        kinds.setdefault(trigger, set()).add(name)
    return kinds
