"""The process around the real worker runtime, in place of the host's: requests in on stdin, answers and log lines out on stdout.

It needs the standard library and `azure_functions_runtime` alone, and is run by its path, so that an app meets no module of
this repository but its own. One JSON object a line, both ways.

What decides whether a log line has an invocation id is what decides in the workers of the platform: the id is an attribute of
the invocation's task, which tasks that it starts inherit, or a thread's own value, which the runtime sets for the thread that
it calls a function in. A thread that the app starts has neither, and the host drops its lines. (`dispatcher.py` of
`azure_functions_worker` for Python up to 3.12 and of `proxy_worker` from 3.13, in Azure/azure-functions-python-worker. A thread
that inherits the context of a function that is not `async` would have one in the latter alone, so it counts as having none.)
"""

import asyncio
import base64
import json
import logging
import os
import sys
import threading
from collections.abc import Coroutine
from typing import Any

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.context import _invocation_id_local as thread_local

_INVOCATION_ID = "invocation_id_of_task"
_SYSTEM_LOGS = ("azure_functions_worker", "azure.functions")


class Message:
    """A message of the protocol between host and worker: fields by name."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


class TypedData(Message):
    """A value in one of several forms; the field that is set names the form."""

    def WhichOneof(self, _: str) -> str | None:  # protobuf's name
        return next(iter(vars(self)), None)


class ParameterBinding(Message):
    """A parameter's value. Nothing comes in shared memory here."""

    def WhichOneof(self, _: str) -> str:  # protobuf's name
        return "data"


class Protos:
    """The message types that the runtime makes and compares with."""

    class BindingInfo(Message):
        undefined = 0
        out = 1
        inout = 2

    class StatusResult(Message):
        Failure = 0
        Success = 1

    class WorkerInitResponse(Message): ...

    class FunctionMetadataResponse(Message): ...

    class FunctionLoadResponse(Message): ...

    class InvocationResponse(Message): ...

    class RpcFunctionMetadata(Message): ...

    class RpcRetryOptions(Message): ...

    class RpcException(Message): ...

    class RpcHttp(Message): ...

    class WorkerMetadata(Message): ...

    TypedData = TypedData
    ParameterBinding = ParameterBinding


class InvocationTask(asyncio.Task[Any]):
    """A task that knows its invocation; the tasks that it starts know it too."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(coroutine, loop=loop, **options)
        current = asyncio.current_task(loop)
        if current is not None and (inherited := getattr(current, _INVOCATION_ID, None)):
            setattr(self, _INVOCATION_ID, inherited)


def current_invocation_id() -> str | None:
    """Return the id that a line logged here and now is sent with."""
    loop = asyncio._get_running_loop()
    task = asyncio.current_task(loop) if loop is not None else None
    of_task: str | None = getattr(task, _INVOCATION_ID, None)
    of_thread: str | None = getattr(thread_local, "invocation_id", None)
    return of_task or of_thread


class Channel(logging.Handler):
    """Everything that leaves this process: answers, and each line that is logged."""

    def __init__(self) -> None:
        super().__init__()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)  # what the app prints is no answer
        self._writing = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        with self._writing:
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_SYSTEM_LOGS):
            return  # the host keeps these to itself
        line = {"level": record.levelname, "category": record.name, "message": self.format(record)}
        self.send({"log": {**line, "invocation_id": current_invocation_id()}})


async def initialise(directory: str, script: str) -> dict[str, Any]:
    """Return what the host does first: have the app indexed, ask for its functions, load each."""
    os.environ["PYTHON_SCRIPT_FILE_NAME"] = script
    request = Message(worker_init_request=Message(capabilities={}, function_app_directory=directory))
    init = await runtime.worker_init_request(Message(request=request, properties={"host": "", "protos": Protos}))
    if init.result.status != Protos.StatusResult.Success:
        return {"error": init.result.exception.message, "stack": init.result.exception.stack_trace}
    metadata = await runtime.functions_metadata_request(Message())
    functions = {}
    for each in metadata.function_metadata_results or []:
        load = Message(function_load_request=Message(function_id=each.function_id, metadata=each))
        await runtime.function_load_request(Message(request=load))
        bindings = [json.loads(binding) for binding in each.raw_bindings]
        functions[each.name] = {"id": each.function_id, "bindings": bindings}
    return {"functions": functions}


async def invoke(request: dict[str, Any]) -> dict[str, Any]:
    """Call one function with the values of its inputs, as the host sends them."""
    setattr(asyncio.current_task(), _INVOCATION_ID, request["invocation_id"])
    inputs = [ParameterBinding(name=name, data=_typed(value)) for name, value in request["inputs"].items()]
    invocation = Message(
        invocation_id=request["invocation_id"],
        function_id=request["function_id"],
        input_data=inputs,
        trigger_metadata={name: _typed(value) for name, value in request["metadata"].items()},
        trace_context=Message(trace_parent="", trace_state="", attributes={}),
        retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
    )
    answer = await runtime.invocation_request(Message(request=Message(invocation_request=invocation)))
    if answer.result.status != Protos.StatusResult.Success:
        return {"error": answer.result.exception.message, "stack": answer.result.exception.stack_trace}
    outputs = {each.name: _plain(each.data) for each in answer.output_data}
    return {"returned": _plain(answer.return_value), "outputs": outputs}


def _typed(value: dict[str, Any]) -> TypedData:
    ((form, content),) = value.items()
    if form == "http":
        return TypedData(http=Message(**content | {"body": _typed(content["body"])}))
    return TypedData(**{form: base64.b64decode(content) if form == "bytes" else content})


def _plain(data: TypedData | None) -> dict[str, Any] | None:
    form = data.WhichOneof("data") if data is not None else None
    if data is None or form is None:
        return None
    content = getattr(data, form)
    if form == "http":
        return {"http": {"status": content.status_code, "headers": content.headers, "body": _plain(content.body)}}
    return {form: base64.b64encode(content).decode() if form == "bytes" else content}


async def answer(channel: Channel, request: dict[str, Any]) -> None:
    """Do what one request asks for, and send what came of it."""
    asked = request["ask"]
    if asked == "init":
        result = await initialise(request["directory"], request["script"])
    else:
        result = await invoke(request)
    channel.send({"answer": request["number"], **result})


async def serve(channel: Channel) -> None:
    """Answer requests, several at a time, until stdin ends."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, coroutine, **options: InvocationTask(coroutine, loop, **options))
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    runtime.start_threadpool_executor()
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(channel)
    running = set()
    while line := await reader.readline():
        task = loop.create_task(answer(channel, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # the app's folder, in place of this file's
    asyncio.run(serve(Channel()))
