"""Rows of tables that no recording has: in the columns and words of Azure's documentation and of the host's source.

Each maker names its source. `good` makes what such a table has on a day on which nothing is wrong.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.integration.infra.recorded_rows import Item

# learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs, and its sample queries: a client that has no token yet
# begins with a 401 of the operation Authentication.
_FIRST_401: Final = {"OperationName": "Authentication", "HttpStatusCode": 401, "CallerIpAddress": "20.0.0.1"}


def vault_line(operation: str, status: int) -> Item:
    """Return a line of the vault's audit log."""
    return Item("AZKVAuditLogs", {**_FIRST_401, "OperationName": operation, "HttpStatusCode": status})


def queue_line(authentication: str, status: str = "Success") -> Item:
    """Return a write to a queue. learn.microsoft.com/azure/azure-monitor/reference/tables/storagequeuelogs."""
    columns = {
        "OperationName": "PutMessage",
        "StatusCode": "201" if status == "Success" else "403",
        "StatusText": status,
        "AccountName": "stshop",
        "AuthenticationType": authentication,
        "CallerIpAddress": "20.0.0.1",
        "Category": "StorageWrite",
        "Uri": "https://stshop.queue.core.windows.net:443/notifications/messages",
    }
    return Item("StorageQueueLogs", columns)


def metric(provider: str, name: str, total: float, resource: str = "") -> Item:
    """Return a platform metric. learn.microsoft.com/azure/azure-monitor/reference/tables/azuremetrics."""
    place = f"/subscriptions/s/resourceGroups/g/providers/{provider}/{resource}"
    columns = {
        "ResourceProvider": provider.upper(),
        "MetricName": name,
        "Total": total,
        "TimeGrain": "PT1M",
        "_ResourceId": place.lower(),
    }
    return Item("AzureMetrics", columns)


def usage(megabytes: float, *, billable: bool = True) -> Item:
    """Return an hour's volume of a table, in MB. learn.microsoft.com/azure/azure-monitor/reference/tables/usage."""
    columns = {"DataType": "AppTraces", "Quantity": megabytes, "QuantityUnit": "MBytes", "IsBillable": billable}
    return Item("Usage", columns)


def workspace_line(detail: str) -> Item:
    """Return a line of the workspace itself. learn.microsoft.com/azure/azure-monitor/logs/daily-cap (alert when it is reached)."""
    columns = {"Category": "Ingestion", "Operation": "Data collection Status", "Level": "Warning", "Detail": detail}
    return Item("_LogOperation", columns)


OVER_QUOTA: Final = "Data collection stopped due to daily limit of free data reached. Ingestion status = OverQuota"


def firewall_line(request: int, action: str = "Block", rule: str = "TooManyRequests") -> Item:
    """Return a line of Front Door's firewall, whose properties have the type at the end of their names.

    learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-monitor (fields, an example, a query), and
    learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-cdn-profiles-logs (the table).
    """
    columns = {
        "ResourceProvider": "MICROSOFT.CDN",
        "Category": "FrontDoorWebApplicationFirewallLog",
        "OperationName": "Microsoft.Cdn/Profiles/Write",
        "action_s": action,
        "ruleName_s": rule,
        "socketIP_s": f"20.0.0.{request % 3}",
        "clientIP_s": f"20.0.0.{request % 3}",
        "requestUri_s": "https://shop.azurefd.net:443/api/orders",
        "trackingReference_s": f"reference-{request}",
        "policy_s": "shop",
        "policyMode_s": "prevention",
        "host_s": "shop.azurefd.net",
    }
    return Item("AzureDiagnostics", columns)


def http_call(path: str, status: int, age: timedelta = timedelta(), times: int = 1, name: str = "place_order") -> Item:
    """Return an answered request as `recorded/dead-letter-resolved.jsonl` has one: a 4xx is a success, a 5xx is none."""
    columns = {
        "Name": name,
        "Url": f"https://shop.example/api/{path}",
        "Success": status < 500,
        "ResultCode": str(status),
        "ItemCount": times,
        "Properties": json.dumps({"Category": "Host.Results", "HttpMethod": "POST"}),
    }
    return Item("AppRequests", columns, age)


def run_of(function: str, reason: str, *, failed: bool = False, age: timedelta = timedelta()) -> Iterator[Item]:
    """Return the host's two lines of one call of a function, as the recordings have them of queues and orchestrations.

    reason: for a timer `Timer fired at …` (TimerTriggerAttributeBindingProvider of azure-webjobs-sdk-extensions), for a queue
    `New queue message detected on '…'.` (recorded).
    """
    how, call = "Failed" if failed else "Succeeded", f"{function}-{age}"
    for event, message in (
        ("FunctionStarted", f"Executing 'Functions.{function}' (Reason='{reason}', Id={call})"),
        ("FunctionCompleted", f"Executed 'Functions.{function}' ({how}, Id={call}, Duration=12ms)"),
    ):
        yield _trace(f"Function.{function}", message, {"EventName": event}, 3 if failed else 1, age)


def by_timer(function: str, *, failed: bool = False, age: timedelta = timedelta()) -> list[Item]:
    """Return a call of a timer function."""
    return list(run_of(function, f"Timer fired at {_written(age)}", failed=failed, age=age))


def by_queue(function: str, *, failed: bool = False, age: timedelta = timedelta()) -> list[Item]:
    """Return a call of a queue function."""
    return list(run_of(function, "New queue message detected on 'notifications'.", failed=failed, age=age))


def taken_from_queue(function: str, waited: timedelta, deliveries: int = 1) -> Item:
    """Return the line of a queue function that says how old its message is: recorded, with the time left out."""
    message = f"Trigger Details: MessageId: m, DequeueCount: {deliveries}, InsertedOn: {_written(waited)}"
    return _trace(f"Function.{function}", message, {}, 1, timedelta())


def activity_failure(reason: str, instance: str = "o-1") -> Item:
    """Return a line of the Durable extension about an activity that has raised, as `recorded/worker-dies.jsonl` has it."""
    message = f"{instance}: Function 'buy_label (Activity)' failed with an error. Reason: System.Exception: {reason}."
    properties = {"prop__functionName": "buy_label", "prop__functionType": "Activity", "prop__instanceId": instance}
    return _trace("Function.buy_label.User", message, properties, 3, timedelta())


def activity_line(state: str, age: timedelta, instance: str = "o-1") -> Item:
    """Return a line of the Durable extension about an activity, as `recorded/order.jsonl` has it."""
    message = f"{instance}: Function 'buy_label (Activity)' {state.lower()}. IsReplay: False. State: {state}."
    properties = {
        "prop__functionName": "buy_label",
        "prop__functionType": "Activity",
        "prop__instanceId": instance,
        "prop__isReplay": "False",
        "prop__state": state,
    }
    return _trace("Function.buy_label.User", message, properties, 1, age)


def throttled(text: str) -> Item:
    """Return a warning of the storage provider of a task hub that is throttled.

    DurableTask.AzureStorage logs storage's own exception with its text, `503 (Server Busy)` and the code `ServerBusy`
    (learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes).
    """
    return _trace("DurableTask.AzureStorage", text, {"EventName": "PartitionManagerWarning"}, 2, timedelta())


def _trace(category: str, message: str, properties: dict[str, Any], severity: int, age: timedelta) -> Item:
    columns = {
        "Message": message,
        "SeverityLevel": severity,
        "Properties": json.dumps({"Category": category, **properties}),
    }
    return Item("AppTraces", columns, age)


def _written(age: timedelta) -> str:
    return (datetime.now(UTC) - age).isoformat()
