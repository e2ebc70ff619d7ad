"""host.json, local.settings.json and settings of the environment."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local_host.app.host_json import HostConfig, parse_host_config, read_host_config
from local_host.app.settings import apply_settings, read_local_settings, resolve_references
from local_host.engine.config import Overridable, VersionFailure, VersionMatch
from local_host.engine.start_problems import ConfigurationError, SettingMissing


def host_json(**durable: Any) -> dict[str, Any]:
    return {"version": "2.0", "extensions": {"durableTask": durable}}


def read(directory: Path, document: Any, environ: dict[str, str] | None = None) -> HostConfig:
    (directory / "host.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return read_host_config(directory, environ or {})


def test_an_empty_host_json_means_the_defaults_of_the_real_host(tmp_path: Path) -> None:
    config = read(tmp_path, {"version": "2.0"})
    assert (config.route_prefix, config.durable.hub_name) == ("api", "TestHubName")
    assert (config.queues.batch_size, config.queues.new_batch_threshold, config.queues.max_dequeue_count) == (16, 8, 5)
    assert config.queues.base64 is True


def test_durable_settings_are_read(tmp_path: Path) -> None:
    durable = read(
        tmp_path,
        host_json(
            hubName="%HUB%",
            defaultVersion="1.2",
            versionMatchStrategy="Strict",
            versionFailureStrategy=1,
            maxConcurrentActivityFunctions=3,
            overridableExistingInstanceStates="AnyState",
            httpSettings={"defaultAsyncRequestSleepTimeMilliseconds": 5, "useForwardedHost": True},
        ),
        {"HUB": "MyHub"},
    ).durable
    assert durable.hub_name == "MyHub"
    assert durable.default_version == "1.2"
    assert (durable.version_match, durable.version_failure) == (VersionMatch.STRICT, VersionFailure.FAIL)
    assert durable.max_concurrent_activities == 3
    assert durable.overridable_existing_instance_states is Overridable.ANY
    assert (durable.default_async_request_sleep_time_ms, durable.use_forwarded_host) == (5, True)


def test_a_variable_of_the_environment_overrides_host_json(tmp_path: Path) -> None:
    environ = {
        "AzureFunctionsJobHost__extensions__durableTask__hubName": "FromOutside",
        "AZUREFUNCTIONSJOBHOST__EXTENSIONS__HTTP__ROUTEPREFIX": "",
    }
    config = read(tmp_path, host_json(hubName="Inside"), environ)
    assert (config.durable.hub_name, config.route_prefix) == ("FromOutside", "")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, timedelta(minutes=30)),
        ({"functionTimeout": "00:05:00"}, timedelta(minutes=5)),
        ({"functionTimeout": "-1"}, None),
    ],
)
def test_how_long_a_call_may_take_is_read(said: dict[str, str], meant: timedelta | None) -> None:
    assert parse_host_config(said, {}).function_timeout == meant


def test_queue_settings_are_read() -> None:
    queues = {"batchSize": 4, "visibilityTimeout": "00:00:30", "messageEncoding": "none", "maxDequeueCount": 2}
    options = parse_host_config({"extensions": {"queues": queues}}, {}).queues
    assert (options.batch_size, options.new_batch_threshold, options.max_dequeue_count) == (4, 2, 2)
    assert (options.visibility_timeout, options.base64) == (timedelta(seconds=30), False)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "is not valid JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        ("[]", "must hold a JSON object"),
        ({}, 'must hold "version": "2.0"'),
        (host_json(hubName="1st"), "The task hub name '1st' is not valid"),
        (host_json(hubName="with-dash"), "letters and digits only"),
        (host_json(maxConcurrentActivityFunctions=0), "'extensions.durableTask.maxConcurrentActivityFunctions'"),
        (host_json(versionMatchStrategy="Loose"), "must be one of None, Strict, CurrentOrOlder"),
        ({"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}, "must be from 1 to 32"),
        ({"version": "2.0", "extensions": {"queues": {"visibilityTimeout": "soon"}}}, "must be a time span"),
        ({"version": "2.0", "functionTimeout": "soon"}, "'functionTimeout' in host.json must be a time span"),
        (
            {"version": "2.0", "functionTimeout": "00:00:00.5"},
            "'functionTimeout' in host.json must be at least 0:00:01",
        ),
        ({"version": "2.0", "extensions": []}, "'extensions' in host.json must be an object"),
    ],
)
def test_what_host_json_cannot_say_is_refused_with_the_key_and_the_rule(
    tmp_path: Path, document: object, message: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(tmp_path, document)
    assert message in str(refusal.value)


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingMissing, match="The setting 'HUB', used as %HUB% in extensions"):
        read(tmp_path, host_json(hubName="%HUB%"))


def test_a_missing_host_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"host\.json is missing"):
        read_host_config(tmp_path, {})


def test_references_are_replaced_wherever_they_stand() -> None:
    assert resolve_references("a-%X%-%Y%", {"X": "1", "Y": "2"}, "here") == "a-1-2"


def write_settings(directory: Path, **sections: Any) -> None:
    (directory / "local.settings.json").write_text(json.dumps(sections))


def test_local_settings_become_variables_but_the_environment_wins(tmp_path: Path) -> None:
    write_settings(tmp_path, Values={"A": "file", "B": "file", "C": None, "D": True}, ConnectionStrings={"Db": "x"})
    environ = {"A": "outside", "B": ""}
    apply_settings(read_local_settings(tmp_path), environ, tmp_path)
    assert environ["A"] == "outside"
    assert environ["B"] == "file"
    assert "C" not in environ
    assert environ["D"] == "true"
    assert environ["ConnectionStrings:Db"] == "x"
    assert environ["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert environ["AzureWebJobsScriptRoot"] == str(tmp_path)


def test_the_host_section_says_where_to_listen_and_who_may_call(tmp_path: Path) -> None:
    write_settings(tmp_path, Host={"LocalHttpPort": 7099, "CORS": "http://a, http://b", "CORSCredentials": True})
    settings = read_local_settings(tmp_path)
    assert (settings.port, settings.cors_origins, settings.cors_credentials) == (7099, ("http://a", "http://b"), True)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"Values": []}, "'Values' in local.settings.json must be an object"),
        ({"Values": {"A": {}}}, "Each entry of 'Values'"),
        ({"Host": {"LocalHttpPort": "x"}}, "'Host.LocalHttpPort'"),
    ],
)
def test_what_local_settings_cannot_say_is_refused(tmp_path: Path, sections: dict[str, Any], message: str) -> None:
    write_settings(tmp_path, **sections)
    with pytest.raises(ConfigurationError, match=message):
        read_local_settings(tmp_path)


def test_an_app_for_another_runtime_is_refused(tmp_path: Path) -> None:
    write_settings(tmp_path, Values={"FUNCTIONS_WORKER_RUNTIME": "node"})
    with pytest.raises(ConfigurationError, match="runs Python apps only"):
        apply_settings(read_local_settings(tmp_path), {}, tmp_path)
