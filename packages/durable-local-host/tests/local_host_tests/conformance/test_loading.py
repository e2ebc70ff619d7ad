"""Checks 1 to 3: an app is found, read and indexed as the Python worker does it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local_host.app.index import AppIndex
from local_host.app.loader import load_app
from local_host.engine.executor import FunctionKind
from local_host.engine.start_problems import AppLoadError
from local_host.testing import AppHost
from local_host_tests.conformance.process import host_process
from local_host_tests.conformance.support import APP, PACKAGE, on_conformance_app

EVERY_TRIGGER = """
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
bp = df.Blueprint()

@app.route(route="r", methods=["GET"])
@app.durable_client_input(client_name="client")
async def http(req: func.HttpRequest, client) -> func.HttpResponse: ...

@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
def timer(timer: func.TimerRequest) -> None: ...

@app.queue_trigger(arg_name="msg", queue_name="in", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="out", queue_name="out", connection="AzureWebJobsStorage")
def queue(msg: func.QueueMessage, out: func.Out[str]) -> None: ...

@app.blob_trigger(arg_name="blob", path="in/{name}", connection="AzureWebJobsStorage")
def blob(blob: func.InputStream) -> None: ...

@bp.orchestration_trigger(context_name="context")
def orchestrator(context): ...

@bp.activity_trigger(input_name="x", activity="Other")
def activity(x): ...

@bp.entity_trigger(context_name="context", entity_name="Thing")
def entity(context): ...

app.register_functions(bp)
"""

WITH_COSMOS_DB = """
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp()

@app.orchestration_trigger(context_name="context")
def orchestrator(context):
    return (yield context.call_activity("keep", {"id": "1"}))

@app.activity_trigger(input_name="doc")
@app.cosmos_db_output(arg_name="out", database_name="d", container_name="c", connection="COSMOS")
def keep(doc: dict, out: func.Out[func.Document]): ...
"""

SPOILT = {
    "two functions of one name": (
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.route(route='a')\ndef f(req): ...\n@app.route(route='b')\ndef f(req): ...\n",
        "does not have a unique function name",
    ),
    "no app object": ("x = 1\n", "ValueError: Could not find top level function app instances in function_app.py."),
    "two app objects": (
        "import azure.functions as func\na = func.FunctionApp()\nb = func.FunctionApp()\n",
        "ValueError: More than one FunctionApp or other top level function app instances are defined.",
    ),
    "no functions": ("import azure.functions as func\napp = func.FunctionApp()\n", "has no function to run"),
    "an exception": (
        "import json\n\ndef f():\n    return 1 / 0\n\nf()\n",
        "ZeroDivisionError: division by zero (function_app.py:4)",
    ),
    "a mistake in the syntax": ("app = (\n", "SyntaxError: '(' was never closed (function_app.py:1)"),
    "a missing module": ("import nowhere_to_be_found\n", "No module named 'nowhere_to_be_found' (function_app.py:1)"),
    "a parameter without binding": (
        "import azure.functions as func\napp = func.FunctionApp()\n@app.route(route='a')\ndef f(req, other): ...\n",
        "FunctionLoadError: cannot load the f function: the following parameters are declared in Python but not in the "
        "function definition (function.json or function decorators):  {'other'}",
    ),
    "an orchestrator whose context is not called context": (
        "import azure.durable_functions as df\napp = df.DFApp()\n"
        "@app.orchestration_trigger(context_name='ctx')\ndef f(ctx): ...\n",
        'FunctionLoadError: cannot load the f function: the "context" parameter is expected to be of type '
        "azure.functions.Context, got \"<class 'azure.functions._durable_functions.OrchestrationContext'>\"",
    ),
    "an annotation that does not fit": (
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.queue_trigger(arg_name='msg', queue_name='q', connection='c')\ndef f(msg: func.HttpRequest): ...\n",
        'FunctionLoadError: cannot load the f function: binding type "\'msg\'" and dataType "queueTrigger" in the binding '
        "decorator do not match the corresponding function parameter's Python type annotation HttpRequest",
    ),
}


@pytest.fixture
def every_trigger(tmp_path: Path) -> AppIndex:
    (tmp_path / "function_app.py").write_text(EVERY_TRIGGER)
    return load_app(tmp_path, {})


@pytest.mark.check(1)
def test_an_app_with_every_kind_of_trigger_is_indexed_with_its_bindings(every_trigger: AppIndex) -> None:
    triggers = {function.name: function.trigger.type for function in every_trigger.functions.values()}
    assert triggers == {
        "http": "httpTrigger",
        "timer": "timerTrigger",
        "queue": "queueTrigger",
        "blob": "blobTrigger",
        "orchestrator": "orchestrationTrigger",
        "activity": "activityTrigger",
        "entity": "entityTrigger",
    }
    http = every_trigger.functions["http"]
    assert http.trigger.name == "req"
    assert http.trigger.fields == {"methods": ["GET"], "authLevel": "ANONYMOUS", "route": "r"}
    assert [(binding.type, binding.name) for binding in http.inputs] == [("durableClient", "client")]
    assert [(binding.type, binding.name) for binding in http.outputs] == [("http", "$return")]
    queue = every_trigger.functions["queue"]
    assert queue.trigger.fields == {"queueName": "in", "connection": "AzureWebJobsStorage"}
    assert [(binding.type, binding.name) for binding in queue.outputs] == [("queue", "out")]


@pytest.mark.check(1)
def test_durable_names_are_those_of_the_decorators(every_trigger: AppIndex) -> None:
    assert every_trigger.durable_names(FunctionKind.ORCHESTRATOR) == ["orchestrator"]
    assert every_trigger.durable_names(FunctionKind.ACTIVITY) == ["Other"]
    assert every_trigger.durable_names(FunctionKind.ENTITY) == ["Thing"]


@pytest.mark.check(2)
@pytest.mark.parametrize(("code", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_an_app_that_cannot_be_loaded_is_refused_in_one_line_that_names_the_cause(
    tmp_path: Path, code: str, message: str
) -> None:
    (tmp_path / "function_app.py").write_text(code)
    with pytest.raises(AppLoadError) as refusal:
        load_app(tmp_path, {})
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.check(2)
def test_the_command_line_says_so_in_one_line_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("raise RuntimeError('not today')\n")
    shutil.copy(APP / "host.json", tmp_path)
    command = [
        sys.executable,
        "-m",
        "local_host",
        "start",
        "--app",
        str(tmp_path),
        "--port",
        "0",
        "--state",
        ":memory:",
    ]
    ended = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "local_host: function_app.py cannot be loaded: RuntimeError: not today (function_app.py:1)\n"
    assert ended.stdout == ""


@pytest.mark.check(2)
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("AzureWebJobs.timer.Disabled", "true"),
        ("AzureWebJobs_timer_Disabled", "1"),
        ("AZUREWEBJOBS_TIMER_DISABLED", "True"),
    ],
)
def test_a_disabled_function_is_left_out(tmp_path: Path, setting: str, value: str) -> None:
    (tmp_path / "function_app.py").write_text(EVERY_TRIGGER)
    app = load_app(tmp_path, {setting: value, "AzureWebJobs_http_Disabled": "false"})
    assert "timer" not in app.functions
    assert app.left_out == {"timer": "disabled by a setting"}


def test_an_activity_that_is_not_run_is_known_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text(WITH_COSMOS_DB)
    with host_process(tmp_path / "state" / "hub.db", app=tmp_path) as host:
        ended = host.ended(host.start("orchestrator"))
    assert "It is not run: this host does not run the binding cosmosDB." in ended["output"]


@pytest.mark.check(3)
@on_conformance_app
async def test_an_activity_is_found_by_its_durable_name_whatever_the_case(app_host: AppHost) -> None:
    instance = await app_host.start("call_by_name", "rEnAmEd")
    assert (await app_host.wait(instance)).output == "renamed x"
