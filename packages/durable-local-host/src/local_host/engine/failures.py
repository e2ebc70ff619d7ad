"""The texts in which the real host wraps an exception of the app."""

from __future__ import annotations

from typing import Any

from local_host.engine.compact_json import to_text
from local_host.engine.errors import UserCodeFailed

# HResult of System.Exception, COR_E_EXCEPTION.
_HRESULT = -2146233088
_RPC_EXCEPTION = "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script"
_NO_DATA = {"$type": "System.Collections.ListDictionaryInternal, System.Private.CoreLib"}
_HOST_STACK = (
    "   at Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker.InvokeCore"
    "(Object[] parameters, FunctionInvocationContext context)"
)


def activity_reason(name: str, failure: object) -> str:
    """Reason of a TaskFailed. failure: what raised, or what is said of it."""
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
        "Data": _NO_DATA,
        "InnerException": None,
        "HelpLink": None,
        "Source": "System.Private.CoreLib",
        "HResult": _HRESULT,
        "StackTrace": _HOST_STACK,
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
    return to_text(
        {
            "$type": f"{class_name}, {assembly}",
            "ClassName": class_name,
            "Message": message,
            "Data": None,
            "InnerException": inner,
            "HelpURL": None,
            "StackTraceString": None,
            "RemoteStackTraceString": None,
            "RemoteStackIndex": 0,
            "ExceptionMethod": None,
            "HResult": _HRESULT,
            "Source": None,
            "WatsonBuckets": None,
        }
    )
