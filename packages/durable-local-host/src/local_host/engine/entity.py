"""PURE: one batch of operations of one entity, from its queue to what is to be stored.

The SDK runs the operations in order on one state. State, replies and the removal of the operations are one commit, so
that a batch counts as a whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from local_host.engine import history_events as h
from local_host.engine.compact_json import to_text
from local_host.engine.outcome import OutgoingMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One queued operation. input: JSON text or None; caller: who waits for the reply, None for a signal."""

    seq: int
    name: str
    input: str | None
    request_id: str
    caller: str | None
    caller_execution: str | None


@dataclass(frozen=True, slots=True)
class EntityWork:
    """An entity and a batch of its operations in order. state: JSON text, None when it never had an operation."""

    entity_id: str
    exists: bool
    state: str | None
    operations: Sequence[Operation]

    @property
    def name(self) -> str:
        """Return the entity's name, the part of its id before the key."""
        return entity_name(self.entity_id)

    @property
    def key(self) -> str:
        """Return the entity's key."""
        return self.entity_id.split("@", 2)[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """The entity after a batch, and the replies to its callers."""

    work: EntityWork
    exists: bool
    state: str | None
    messages: Sequence[OutgoingMessage]
    updated_at: str


# The .NET type that a reply names.
_RESPONSE = (
    "Microsoft.Azure.WebJobs.Extensions.DurableTask.ResponseMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask"
)


def entity_id(name: str, key: str) -> str:
    """Return the instance id of an entity; the name's case does not matter."""
    return f"@{name.lower()}@{key}"


def entity_name(entity_id: str) -> str:
    """Return the name in an entity's instance id."""
    return entity_id.split("@", 2)[1]


def payload(work: EntityWork) -> str:
    """Return the JSON text that the SDK's handle reads; it accepts exactly these keys."""
    batch = [
        {"id": o.request_id, "name": o.name, "input": o.input, "isSignal": o.caller is None} for o in work.operations
    ]
    self_id = {"name": work.name, "key": work.key}
    return json.dumps({"self": self_id, "exists": work.exists, "state": work.state, "batch": batch})


def finish(work: EntityWork, answer: str, at: str) -> BatchOutcome:
    """Return the outcome of a batch. answer: the SDK's JSON text, with one result per operation."""
    after = json.loads(answer)
    exists = after["entityExists"]
    replies = [_reply(result["result"], is_error=result["isError"]) for result in after["results"]]
    return BatchOutcome(
        work=work,
        exists=exists,
        # A deleted entity keeps the text `null`, by which clients go on finding it.
        state=after["entityState"],
        messages=_replies(work, replies, at),
        updated_at=at,
    )


def fail(work: EntityWork, error: str, at: str) -> BatchOutcome:
    """Keep the state of a batch that could not be run, and answer every caller with the error. The real host would try for ever."""
    replies = [_reply(json.dumps(error), is_error=True)] * len(work.operations)
    return BatchOutcome(
        work=work, exists=work.exists, state=work.state, messages=_replies(work, replies, at), updated_at=at
    )


def lose(work: EntityWork, at: str) -> BatchOutcome:
    """Drop the operations without having run them; no caller gets a reply."""
    return BatchOutcome(work=work, exists=work.exists, state=work.state, messages=(), updated_at=at)


def _reply(result: str | None, *, is_error: bool) -> str:
    # The SDK cannot read a result that is not a string.
    reply = {"result": "null" if result is None else result}
    return to_text({"$type": _RESPONSE, **reply, **({"exceptionType": "Error"} if is_error else {})})


def _replies(work: EntityWork, replies: Sequence[str], at: str) -> list[OutgoingMessage]:
    return [
        OutgoingMessage(operation.caller, operation.caller_execution, h.event_raised(at, operation.request_id, reply))
        for operation, reply in zip(work.operations, replies, strict=True)
        if operation.caller is not None
    ]
