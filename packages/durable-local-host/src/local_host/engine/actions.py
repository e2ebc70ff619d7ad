"""What an orchestrator answers: the JSON of the SDK, read once and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from local_host.engine.compact_json import to_text
from local_host.engine.errors import UserCodeFailed

Action = Mapping[str, Any]

# The activity that `context.call_http` becomes.
HTTP_ACTIVITY = "BuiltIn::HttpActivity"

# The SDK hides its answer behind this marker, at the end of the text of an orchestrator's exception. With its line
# breaks it cannot occur within the answer, which is JSON on one line and may quote the failure of a child.
_ANSWER_MARKER = "\n\n$OutOfProcData$:"


class ActionType(IntEnum):
    """The numbers of the things an orchestrator can ask for."""

    CALL_ACTIVITY = 0
    CALL_ACTIVITY_WITH_RETRY = 1
    CALL_SUB_ORCHESTRATOR = 2
    CALL_SUB_ORCHESTRATOR_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    CREATE_TIMER = 5
    WAIT_FOR_EXTERNAL_EVENT = 6
    CALL_ENTITY = 7
    CALL_HTTP = 8
    SIGNAL_ENTITY = 9
    WHEN_ANY = 11
    WHEN_ALL = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of an orchestrator.

    actions: everything asked for since the execution began. is_done: it returned or continues as new. output and
    custom_status: compact JSON text or None. error: the text of the exception that ended it.
    """

    actions: Sequence[Action]
    is_done: bool
    output: str | None
    custom_status: str | None
    error: str | None
    stack: str = ""


def read_answer(text: str, stack: str = "") -> Answer:
    """Read the SDK's JSON text. stack: the traceback's text, when it came with an exception."""
    state = json.loads(text)
    return Answer(
        actions=state["actions"][0] if state["actions"] else [],
        is_done=state["isDone"],
        output=compact(state.get("output")),
        custom_status=compact(state.get("customStatus")),
        error=state.get("error"),
        stack=stack,
    )


def read_failure(failure: UserCodeFailed) -> Answer | None:
    """Return the answer inside an orchestrator's exception; None when the exception escaped the SDK without one."""
    _, marker, answer = failure.message.rpartition(_ANSWER_MARKER)
    stack, _, _ = failure.stack.partition(_ANSWER_MARKER)
    return read_answer(answer, stack) if marker else None


def compact(value: object) -> str | None:
    """Return JSON text without blanks; None for None."""
    return None if value is None else to_text(value)
