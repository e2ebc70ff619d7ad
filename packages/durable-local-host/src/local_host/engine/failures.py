"""The texts in which the real host wraps an exception of the app."""

from __future__ import annotations

from typing import Any

from local_host.engine.compact_json import to_text
from local_host.engine.dotnet_exceptions import HRESULT, INVOKER_STACK, NO_DATA, exception_fields
from local_host.engine.errors import UserCodeFailed

_RPC_EXCEPTION = "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script"


def activity_reason(name: str, failure: object) -> str:
    """Return the reason of a TaskFailed. failure: what raised, or what is said of it."""
    return f"Activity function '{name}' failed: {failure}"


def activity_details(failure: UserCodeFailed) -> str:
    """Return the details of a TaskFailed: one line of JSON, a serialised .NET exception."""
    inner = {
        "$type": _RPC_EXCEPTION,
        "IsUserException": False,
        "RemoteStackTrace": failure.stack,
        "RemoteMessage": str(failure),
        "RemoteTypeName": None,
        "Message": f"Result: Failure\nException: {failure}\nStack: {failure.stack}",
        "Data": NO_DATA,
        "InnerException": None,
        "HelpLink": None,
        "Source": "System.Private.CoreLib",
        "HResult": HRESULT,
        "StackTrace": INVOKER_STACK,
    }
    return _exception("System.Exception", "System.Private.CoreLib", str(failure), inner)


def disabled_details(name: str) -> str:
    """Return the details of a TaskFailed of a disabled activity."""
    assembly = "Microsoft.Azure.WebJobs.Extensions.DurableTask"
    return _exception(f"{assembly}.FunctionFailedException", assembly, disabled_text(name), None)


def disabled_text(name: str) -> str:
    """Return what the real host says of an activity that a setting disables."""
    return f"Activity function '{name}' is disabled."


def unread_input_error(name: str) -> str:
    """Return the text for an input that cannot be handed to an orchestrator, which is not called then."""
    return f"One or more errors occurred. (Exception while executing function: Functions.{name})"


def unlabelled_error(failure: UserCodeFailed) -> str:
    """Return the text for an exception that left the orchestrator without going through the SDK's answer."""
    return f"One or more errors occurred. (Result: Failure\nException: {failure}\nStack: {failure.stack})"


def _exception(class_name: str, assembly: str, message: str, inner: dict[str, Any] | None) -> str:
    return to_text({"$type": f"{class_name}, {assembly}", **exception_fields(class_name, message, inner)})
