"""PURE: what the real host and extension make of calls whose worker process ends, or is ended, before it has answered.

An activity comes back as failed, although its code may have acted. An episode fails its orchestration for good: the
extension goes on without any action of the orchestrator, so that the first thing which the history holds as scheduled
counts as non-determinism. (Batches of entities are repeated, which needs no words.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from local_host.errors import CallLost, FunctionTimedOut, WorkerExited
from local_host.history import EventType, Fields

_HRESULT = -2146233088
_STACK = (
    "   at Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker.InvokeCore"
    "(Object[] parameters, FunctionInvocationContext context)"
)
_QUESTION = (
    "but the current replay execution hasn't (yet?) scheduled this task. "
    "Was a change made to the orchestrator code after this instance had already started running?"
)


def activity_reason(name: str, lost: CallLost) -> str:
    """Reason of the TaskFailed of an activity that was in hand."""
    return f"Activity function '{name}' failed: {lost.message}"


def activity_details(lost: CallLost) -> str:
    """Details of that TaskFailed: the serialised .NET exception."""
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


def orchestration_output(name: str, events: Iterable[Fields], lost: CallLost) -> str:
    """Output of an orchestration whose episode was in hand. events: its history with the episode's messages."""
    for event in events:
        describe = _SCHEDULED.get(event["EventType"])
        if describe is not None:
            past = describe(event)
            return f"Non-Deterministic workflow detected: A previous execution of this orchestration scheduled {past}"
    return f"Orchestrator function '{name}' failed: One or more errors occurred. ({lost.message})"


def _activity(event: Fields) -> str:
    return (
        f"an activity task with sequence ID {event['EventId']} and name '{event['Name']}' "
        f"(version '{event.get('Version') or ''}'), {_QUESTION}"
    )


def _timer(event: Fields) -> str:
    return f"a timer task with sequence number {event['EventId']} {_QUESTION}"


def _child(event: Fields) -> str:
    return (
        f"a sub-orchestration task with sequence ID {event['EventId']} and name '{event['Name']}' "
        f"(version '{event.get('Version') or ''}', instance ID '{event['InstanceId']}'), {_QUESTION}"
    )


def _message(event: Fields) -> str:
    return (
        f"a send event task with sequence ID {event['EventId']}, type 'EventSent' name '{event['Name']}', "
        f"instance ID '{event['InstanceId']}', {_QUESTION}"
    )


_SCHEDULED: Mapping[int, Callable[[Fields], str]] = {
    EventType.TASK_SCHEDULED: _activity,
    EventType.TIMER_CREATED: _timer,
    EventType.SUB_ORCHESTRATION_CREATED: _child,
    EventType.EVENT_SENT: _message,
}
