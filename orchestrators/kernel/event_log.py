"""The log line of an event that was no decision: once per event, never per replay."""

import json
import logging

import azure.durable_functions as df

from domain.workflows.approval_wait import IgnoredEvent

_log = logging.getLogger("shop")


def log_ignored_event(context: df.DurableOrchestrationContext, workflow: str, key: str, event: IgnoredEvent) -> None:
    """Write the line, in the form of every line that is for operators."""
    if context.is_replaying:
        return
    facts = {"evt": "decision.event_ignored", "workflow": workflow, "key": key}
    _log.warning("%s", json.dumps({**facts, "event": event.name, "content": event.content}))
