"""PURE: what the real host and extension make of calls whose worker process ends, or is ended, before it has answered.

An activity comes back as failed, although its code may have acted. An episode fails its orchestration for good
(`decision.finish_without_answer`). (Batches of entities are repeated, which needs no words.)
"""

from __future__ import annotations

import json
from typing import Any

from local_host.engine.dotnet_exceptions import HRESULT, INVOKER_STACK, NO_DATA, exception_fields
from local_host.engine.errors import CallLost, FunctionTimedOut, WorkerExited


def activity_details(lost: CallLost) -> str:
    """Return the details of the TaskFailed of an activity that was in hand: the serialised .NET exception."""
    if isinstance(lost, WorkerExited):
        details = _worker_exit(lost)
    elif isinstance(lost, FunctionTimedOut):
        details = _time_out(lost)
    else:
        details = exception_fields("System.InvalidOperationException", lost.message) | {
            "StackTraceString": INVOKER_STACK
        }
        details = {"$type": "System.InvalidOperationException, System.Private.CoreLib", **details}
    return json.dumps(details, separators=(",", ":"))


def _worker_exit(lost: WorkerExited) -> dict[str, Any]:
    return {
        "$type": "Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException, Microsoft.Azure.WebJobs.Script",
        "Message": lost.message,
        "Data": NO_DATA,
        "InnerException": {
            "$type": "System.Exception, System.Private.CoreLib",
            **exception_fields("System.Exception", ""),
        },
        "HelpLink": None,
        "Source": "System.Private.CoreLib",
        "HResult": HRESULT,
        "StackTrace": INVOKER_STACK,
    }


def _time_out(lost: FunctionTimedOut) -> dict[str, Any]:
    name = "Microsoft.Azure.WebJobs.Host.FunctionTimeoutException"
    return {
        "$type": f"{name}, Microsoft.Azure.WebJobs.Host",
        "Timeout": lost.limit,
        "InstanceId": lost.invocation_id,
        "MethodName": f"Functions.{lost.function}",
        "Handled": False,
        **exception_fields(name, lost.message),
        "StackTraceString": INVOKER_STACK,
        "Source": "Microsoft.Azure.WebJobs.Host",
    }


def orchestration_error(lost: CallLost) -> str:
    """Return why an orchestration fails whose episode was in hand, when nothing of its history contradicts that."""
    return f"One or more errors occurred. ({lost.message})"
