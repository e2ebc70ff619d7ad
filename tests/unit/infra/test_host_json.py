"""host.json as it is deployed: one source, sound for every plan and back end, and in step with the app settings."""

import json
import re
from itertools import product

import pytest
from jsonschema import Draft202012Validator

from local_host.testing import app_index
from scripts.host_json import ROOT, host_json
from tests.support.templates.bicep import app_settings, evaluate
from tests.support.templates.combinations import BACKENDS, PLAIN, PLANS, described

CAPACITY = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
SCHEMA = Draft202012Validator(json.loads((ROOT / "tests" / "unit" / "infra" / "host.schema.json").read_text()))
CONNECTIONS = {
    "AzureStorage": "connectionName",
    "DurableTaskScheduler": "connectionStringName",
    "MSSQL": "connectionStringName",
}


def durable(plan: str, backend: str):
    return host_json(plan, backend)["extensions"]["durableTask"]


def test_schema_takes_the_file_that_runs_locally():
    SCHEMA.validate(json.loads((ROOT / "host.json").read_text()))


@pytest.mark.parametrize(("plan", "backend"), list(product(PLANS, BACKENDS)))
def test_schema_takes_what_is_deployed(plan, backend):
    SCHEMA.validate(host_json(plan, backend))


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "1.0"},
        {"functionTimeout": "5 minutes"},
        {"extensions": {"durableTask": {"hubName": "DurableOrders"}}},
        {
            "extensions": {
                "durableTask": {
                    "hubName": "%TASKHUB_NAME%",
                    "storageProvider": {"type": "azureManaged", "partitionCount": 4},
                }
            }
        },
        {"extensions": {"durableTask": {"hubName": "%TASKHUB_NAME%", "extendedSessionsEnabled": True}}},
        {
            "extensions": {
                "durableTask": durable("FC1", "DurableTaskScheduler")
                | {
                    "storageProvider": durable("FC1", "DurableTaskScheduler")["storageProvider"]
                    | {"controlQueueVisibilityTimeout": "00:01:00"}
                }
            }
        },
        {
            "extensions": {
                "durableTask": durable("FC1", "AzureStorage")
                | {
                    "storageProvider": durable("FC1", "AzureStorage")["storageProvider"]
                    | {"workItemQueueVisibilityTimeout": "00:00:20"}
                }
            }
        },
        {"extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[3.*, 4.0.0)"}},
    ],
    ids=str,
)
def test_schema_refuses(wrong):
    assert not SCHEMA.is_valid(host_json("FC1", "AzureStorage") | wrong)


def test_back_end_has_its_own_keys_only():
    assert durable("FC1", "DurableTaskScheduler")["storageProvider"] == {
        "type": "azureManaged",
        "connectionStringName": "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
    }
    assert durable("EP1", "MSSQL")["storageProvider"]["type"] == "mssql"
    assert durable("EP1", "AzureStorage")["storageProvider"]["partitionCount"] == 4


def test_partitions_are_those_of_the_environment_and_a_matter_of_azure_storage_alone():
    def provider(backend: str):
        return host_json("EP1", backend, 12)["extensions"]["durableTask"]["storageProvider"]

    assert provider("AzureStorage")["partitionCount"] == 12
    assert all("partitionCount" not in provider(backend) for backend in ("MSSQL", "DurableTaskScheduler"))


@pytest.mark.parametrize("plan", PLANS)
def test_documented_concurrency_is_that_of_the_plan(plan):
    limits = durable(plan, "AzureStorage")
    (row,) = [row for row in CAPACITY.splitlines() if re.match(rf"\| [^|]*\b{plan}\b[^|]*\| \d+ \| \d+ \|", row)]
    documented = [int(cell) for cell in row.split("|")[2:4]]
    assert documented == [limits["maxConcurrentActivityFunctions"], limits["maxConcurrentOrchestratorFunctions"]]


@pytest.mark.parametrize("plan", PLANS)
def test_what_a_stopped_host_had_in_hand_is_seen_again_after_a_minute(plan):
    provider = durable(plan, "AzureStorage")["storageProvider"]
    assert provider["controlQueueVisibilityTimeout"] == provider["workItemQueueVisibilityTimeout"] == "00:01:00"


@pytest.mark.parametrize("given", PLAIN, ids=described)
def test_connection_that_host_json_names_is_set(given):
    provider = durable(given["plan"], given["backend"])["storageProvider"]
    connection = provider[CONNECTIONS[given["backend"]]]
    for settings in app_settings(evaluate(given)):
        assert connection in {name.partition("__")[0] for name in settings}


@pytest.mark.parametrize("given", PLAIN, ids=described)
def test_every_function_that_may_run_at_once_has_a_thread(given):
    limits = durable(given["plan"], given["backend"])
    wanted = limits["maxConcurrentActivityFunctions"] + limits["maxConcurrentOrchestratorFunctions"]
    if given["backend"] != "AzureStorage":  # where entities run as orchestrators
        wanted += limits["maxConcurrentEntityFunctions"]
    for settings in app_settings(evaluate(given)):
        assert int(settings["PYTHON_THREADPOOL_THREAD_COUNT"]) >= wanted


@pytest.mark.parametrize("plan", PLANS)
def test_messages_of_one_queue_leave_threads_to_activities(plan):
    queues = host_json(plan, "AzureStorage")["extensions"]["queues"]
    limits = durable(plan, "AzureStorage")
    threads = limits["maxConcurrentActivityFunctions"] + limits["maxConcurrentOrchestratorFunctions"]
    assert queues["batchSize"] + queues["newBatchThreshold"] <= threads
    assert queues["visibilityTimeout"], "what is the same for every plan stays"


def test_hub_is_named_by_a_setting_that_azure_sets():
    assert durable("FC1", "AzureStorage")["hubName"] == "%TASKHUB_NAME%"
    assert app_settings(evaluate(PLAIN[0]))[0]["TASKHUB_NAME"] == "DurableOrders"


def test_nothing_is_sampled_so_that_an_order_is_in_the_telemetry_whole():
    sampling = host_json("FC1", "AzureStorage")["logging"]["applicationInsights"]["samplingSettings"]
    assert sampling["isEnabled"] is False


def test_lines_of_the_app_and_its_faults_are_written_by_every_function():
    """The rule with the longest name that a category begins with decides, whatever follows it: also that of another function."""
    levels = host_json("FC1", "AzureStorage")["logging"]["logLevel"]

    def level(category: str) -> str:
        rules = [rule for rule in levels if category.startswith(rule)]
        return str(levels[max(rules, key=len)] if rules else levels["default"])

    functions = list(app_index(ROOT).functions)
    assert {level(f"Function.{name}.User") for name in functions} == {"Information"}
    quiet = {name for name in functions if level(f"Function.{name}") != "Information"}
    assert quiet == {"deliver_notification", "place_order", "receive_carrier_webhook"}
    assert {level(f"Function.{name}") for name in quiet} == {"Warning"}, "a failed run is logged as an error"


def test_logs_that_queries_read_are_written():
    levels = host_json("FC1", "AzureStorage")["logging"]["logLevel"]
    assert {levels["Function"], levels["Host.Results"], levels["Host.Triggers.DurableTask"]} == {"Information"}
    assert levels["default"] == "Warning"


def test_generating_leaves_the_source_alone():
    before = json.loads((ROOT / "host.json").read_text())
    host_json("Y1", "DurableTaskScheduler")
    assert json.loads((ROOT / "host.json").read_text()) == before
