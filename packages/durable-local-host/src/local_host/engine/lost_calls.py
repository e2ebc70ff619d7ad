"""PURE: what the real host and extension make of calls whose worker process ends, or is ended, before it has answered.

An activity comes back as failed, although its code may have acted. An episode fails its orchestration for good
(`decision.finish_without_answer`). (Batches of entities are repeated, which needs no words.)
"""

from __future__ import annotations

import json
from typing import Any

from local_host.engine.errors import CallLost, FunctionTimedOut, WorkerExited

_HRESULT = -2146233088
_STACK = (
    "   at Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker.InvokeCore"
    "(Object[] parameters, FunctionInvocationContext context)"
)


def activity_reason(name: str, lost: CallLost) -> str:
    """Reason of the TaskFailed of an activity that was in hand."""
    return f"Activity function '{name}' failed: {lost.message}"


def activity_details(lost: CallLost) -> str:
    """Return the details of that TaskFailed: the serialised .NET exception."""
    if isinstance(lost, WorkerExited):
        details = _worker_exit(lost)
    elif isinstance(lost, FunctionTimedOut):
        details = _time_out(lost)
    else:
        details = _exception("System.InvalidOperationException", lost.message) | {"StackTraceString": _STACK}
        details = {"$type": "System.InvalidOperationException, System.Private.CoreLib", **details}
    return json.dumps(details, separators=(",", ":"))


def _worker_exit(lost: WorkerExited) -> dict[str, Any]:
    return {
        "$type": "Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException, Microsoft.Azure.WebJobs.Script",
        "Message": lost.message,
        "Data": {"$type": "System.Collections.ListDictionaryInternal, System.Private.CoreLib"},
        "InnerException": {"$type": "System.Exception, System.Private.CoreLib", **_exception("System.Exception", "")},
        "HelpLink": None,
        "Source": "System.Private.CoreLib",
        "HResult": _HRESULT,
        "StackTrace": _STACK,
    }


def _time_out(lost: FunctionTimedOut) -> dict[str, Any]:
    name = "Microsoft.Azure.WebJobs.Host.FunctionTimeoutException"
    return {
        "$type": f"{name}, Microsoft.Azure.WebJobs.Host",
        "Timeout": lost.limit,
        "InstanceId": lost.invocation_id,
        "MethodName": f"Functions.{lost.function}",
        "Handled": False,
        **_exception(name, lost.message),
        "StackTraceString": _STACK,
        "Source": "Microsoft.Azure.WebJobs.Host",
    }


def _exception(name: str, message: str) -> dict[str, Any]:
    return {
        "ClassName": name,
        "Message": message,
        "Data": None,
        "InnerException": None,
        "HelpURL": None,
        "StackTraceString": None,
        "RemoteStackTraceString": None,
        "RemoteStackIndex": 0,
        "ExceptionMethod": None,
        "HResult": _HRESULT,
        "Source": None,
        "WatsonBuckets": None,
    }


def orchestration_error(lost: CallLost) -> str:
    """Return why an orchestration fails whose episode was in hand, when nothing of its history contradicts that."""
    return f"One or more errors occurred. ({lost.message})"
