"""PURE: what the real host and extension make of a worker process that ends with work in hand.

An activity comes back as failed, although its code may have acted. An episode fails its orchestration for good: the
extension goes on without any action of the orchestrator, so that the first thing which the history holds as scheduled
counts as non-determinism. (Batches of entities are repeated, which needs no words.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from local_host.errors import WorkerExited
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


def activity_reason(name: str, exited: WorkerExited) -> str:
    """Reason of the TaskFailed of an activity that was in hand."""
    return f"Activity function '{name}' failed: {exited.message}"


def activity_details(exited: WorkerExited) -> str:
    """Details of that TaskFailed: the serialised .NET exception."""
    inner = {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": "",
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
    details = {
        "$type": "Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException, Microsoft.Azure.WebJobs.Script",
        "Message": exited.message,
        "Data": {"$type": "System.Collections.ListDictionaryInternal, System.Private.CoreLib"},
        "InnerException": inner,
        "HelpLink": None,
        "Source": "System.Private.CoreLib",
        "HResult": _HRESULT,
        "StackTrace": _STACK,
    }
    return json.dumps(details, separators=(",", ":"))


def orchestration_output(name: str, events: Iterable[Fields], exited: WorkerExited) -> str:
    """Output of an orchestration whose episode was in hand. events: its history with the episode's messages."""
    for event in events:
        describe = _SCHEDULED.get(event["EventType"])
        if describe is not None:
            past = describe(event)
            return f"Non-Deterministic workflow detected: A previous execution of this orchestration scheduled {past}"
    return f"Orchestrator function '{name}' failed: One or more errors occurred. ({exited.message})"


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
