"""host.json and local.settings.json as the real host and Core Tools read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_host.app import relaxed_json
from local_host.app.host_json import read_host_config
from local_host.app.settings import read_local_settings
from local_host.engine.start_problems import ConfigurationError
from local_host.testing import running_app

TWO_ROUTES = """
import json
import azure.durable_functions as df
import azure.functions as func
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="a/{*path}")
def fa(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    trace = [context.trace_context.Traceparent, context.trace_context.Tracestate]
    return func.HttpResponse(json.dumps([dict(req.route_params), trace]))

@app.route(route="b")
def fb(req: func.HttpRequest) -> str:
    return "b"

@app.orchestration_trigger(context_name="context")
def fc(context):
    return 1
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TELEMETRY = {"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-0000-0000-000000000000"}


def app_in(folder: Path, host_json: str = '{"version": "2.0"}') -> Path:
    (folder / "function_app.py").write_text(TWO_ROUTES)
    (folder / "host.json").write_text(host_json)
    return folder


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, // a comment\n "b": [1, 2,], }', {"a": 1, "b": [1, 2]}),
        ('/* first */ {"a": /* , } */ "x",\n// last\n}', {"a": "x"}),
        ('{"url": "http://x/*no*/", "t": ",}"}', {"url": "http://x/*no*/", "t": ",}"}),
        ("{'a': 'it\\'s \"x\"'}", {"a": 'it\'s "x"'}),
    ],
)
def test_comments_last_commas_and_single_quotes_are_read(text: str, value: object) -> None:
    assert relaxed_json.parse(text) == value


@pytest.mark.parametrize("text", ["{,}", "[,]", '{"a":,}', '{"a": 1,,}', "{", "{/* not closed }"])
def test_what_newtonsoft_refuses_stays_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        relaxed_json.parse(text)


def test_a_mistake_after_a_comment_keeps_its_place(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{\n  // one\n  /* two\n  */ "version" 2\n}')
    with pytest.raises(ConfigurationError, match="at line 4, column 16"):
        read_host_config(tmp_path, {})


def test_both_files_may_hold_comments(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0", // why\n "extensions": {"http": {"routePrefix": "v1",},},}')
    (tmp_path / "local.settings.json").write_text('{"Values": {\n// "WHO": "you",\n"WHO": "me",}}')
    assert read_host_config(tmp_path, {}).route_prefix == "v1"
    assert read_local_settings(tmp_path).values == {"WHO": "me"}


@pytest.mark.parametrize(
    ("provider", "name", "is_valid"),
    [
        ("azureManaged", "my-task-hub", True),
        ("mssql", "my_hub", True),
        ("azureManaged", "my task hub", False),
        ("azureManaged", "", False),
        ("AzureStorage", "my-task-hub", False),
        ("AzureStorage", "MyTaskHub", True),
    ],
)
def test_a_hub_name_follows_the_rules_of_its_storage_provider(
    tmp_path: Path, provider: str, name: str, is_valid: bool
) -> None:
    durable = {"hubName": name, "storageProvider": {"type": provider}}
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"durableTask": durable}}))
    if is_valid:
        assert read_host_config(tmp_path, {}).durable.hub_name == name
    else:
        with pytest.raises(ConfigurationError, match="task hub name"):
            read_host_config(tmp_path, {})


async def test_only_the_functions_that_host_json_names_run(tmp_path: Path) -> None:
    async with running_app(app_in(tmp_path, '{"version": "2.0", "functions": ["FB"]}')) as app_host:
        assert (await app_host.http.get("/api/b")).text == "b"
        assert (await app_host.http.get("/api/a/x")).status == 404
        assert [each["name"] for each in (await app_host.http.get("/admin/functions")).json()] == ["fb"]


async def test_an_empty_list_of_functions_means_all(tmp_path: Path) -> None:
    async with running_app(app_in(tmp_path, '{"version": "2.0", "functions": []}')) as app_host:
        assert (await app_host.http.get("/api/b")).text == "b"


async def test_an_encoded_slash_in_a_path_stays_encoded(tmp_path: Path) -> None:
    async with running_app(app_in(tmp_path)) as app_host:
        for sent, received in (("x%2Fy", "x%2Fy"), ("x%2Fy/z%20w", "x%2Fy/z w"), ("a%252Fb", "a%2Fb")):
            assert (await app_host.http.get(f"/api/a/{sent}")).json()[0] == {"path": received}


async def test_the_callers_trace_is_handed_on_where_telemetry_is_configured(tmp_path: Path) -> None:
    headers = {"traceparent": PARENT, "tracestate": "k=v"}
    async with running_app(app_in(tmp_path), settings=TELEMETRY) as app_host:
        _, (parent, state) = (await app_host.http.get("/api/a/x", headers=headers)).json()
        _, (own, _) = (await app_host.http.get("/api/a/x", headers={"traceparent": "nonsense"})).json()
    assert parent.split("-")[1] == PARENT.split("-")[1]
    assert (parent.split("-")[2] != PARENT.split("-")[2], parent.split("-")[3], state) == (True, "01", "k=v")
    assert own.split("-")[1] not in (PARENT.split("-")[1], "0" * 32)


async def test_without_telemetry_there_is_no_trace(tmp_path: Path) -> None:
    async with running_app(app_in(tmp_path)) as app_host:
        assert (await app_host.http.get("/api/a/x", headers={"traceparent": PARENT})).json()[1] == ["", ""]
