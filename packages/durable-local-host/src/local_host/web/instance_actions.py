"""What a person can do with an instance on its page: a form for each action that its status allows, without a script.

An action that cannot be taken back lies behind a click that says what it does.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape

from local_host.engine.errors import InvalidJson
from local_host.engine.operations import Operations
from local_host.engine.status import RuntimeStatus
from local_host.engine.views import InstanceStatus

Fields = Mapping[str, str]
"""What a form sends, by the names of its fields."""

Run = Callable[[Operations, str, Fields], Awaitable[str | None]]
"""Does something with an instance; returns the id of the instance to show next, None for none."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do with an instance.

    Attributes:
        title: Of its button.
        warning: What it does, for an action that needs a second click.
        allowed: Whether an instance of this status takes it. An entity takes none but a purge.
        run: Does it.
        fields: HTML of the form's fields.
    """

    title: str
    warning: str
    allowed: Callable[[RuntimeStatus], bool]
    run: Run
    fields: str = ""


_REASON = '<label>Reason <input name="reason" maxlength="500"></label>'


async def _raise_event(operations: Operations, instance_id: str, fields: Fields) -> str:
    data = fields.get("data", "").strip() or "null"
    try:
        json.loads(data)
    except ValueError:
        raise InvalidJson('The data of an event must be JSON: a text stands in quotes, such as "approved".') from None
    await operations.raise_event(instance_id, fields.get("event", ""), data)
    return instance_id


def _with_reason(send: Callable[[Operations, str, str | None], Awaitable[None]]) -> Run:
    """Return what does an operation that takes a reason, and shows the same instance next."""

    async def run(operations: Operations, instance_id: str, fields: Fields) -> str:
        await send(operations, instance_id, fields.get("reason"))
        return instance_id

    return run


async def _restart(operations: Operations, instance_id: str, fields: Fields) -> str:
    return await operations.restart(instance_id, with_new_id=True)


async def _purge(operations: Operations, instance_id: str, fields: Fields) -> None:
    await operations.purge(instance_id)


ACTIONS: Mapping[str, Action] = {
    "raise": Action(
        title="Raise an event",
        warning="The instance gets the event once it waits for one of this name; until then it is kept.",
        allowed=lambda status: not status.has_ended,
        run=_raise_event,
        fields='<label>Event <input name="event" required maxlength="200"></label>'
        '<label>Data, as JSON <textarea name="data" rows="3">null</textarea></label>',
    ),
    "suspend": Action(
        title="Suspend",
        warning="It does nothing until it is resumed. Events and results are kept for it.",
        allowed=lambda status: not status.has_ended and status is not RuntimeStatus.SUSPENDED,
        run=_with_reason(Operations.suspend),
        fields=_REASON,
    ),
    "resume": Action(
        title="Resume",
        warning="It goes on where it was suspended.",
        allowed=lambda status: status is RuntimeStatus.SUSPENDED,
        run=_with_reason(Operations.resume),
        fields=_REASON,
    ),
    "terminate": Action(
        title="Terminate",
        warning="It ends at once, wherever it is. Nothing that it has done is compensated, and its children go on.",
        allowed=lambda status: not status.has_ended,
        run=_with_reason(Operations.terminate),
        fields=_REASON,
    ),
    "rewind": Action(
        title="Rewind",
        warning="The activity that failed is forgotten and called again.",
        allowed=lambda status: status is RuntimeStatus.FAILED,
        run=_with_reason(Operations.rewind),
        fields=_REASON,
    ),
    "restart": Action(
        title="Restart",
        warning="A new instance gets the same input under an id of its own. What this one has done happens again.",
        allowed=lambda status: status.has_ended,
        run=_restart,
    ),
    "purge": Action(
        title="Purge",
        warning="The instance and its history are deleted for good.",
        allowed=lambda status: status.has_ended,
        run=_purge,
    ),
}


def render_actions(status: InstanceStatus, path: str) -> str:
    """Return the HTML of the forms. path: of the instance's page, escaped."""
    if status.parent_instance_id is None and status.version is None:
        return ""  # an entity
    forms = (
        f"<details><summary>{action.title}</summary>"
        f'<form method="post" action="{path}/{name}"><p>{escape(action.warning)}</p>{action.fields}'
        f"<button>{action.title}</button></form></details>"
        for name, action in ACTIONS.items()
        if action.allowed(status.runtime_status)
    )
    return f'<div class="actions">{"".join(forms)}</div>'
