"""The log line of an attempt that got no answer: once per attempt, never per replay."""

import json
import logging

import azure.durable_functions as df

from orchestrators.kernel.retry import FailedAttempt

_log = logging.getLogger("shop")


def log_failed_attempt(
    context: df.DurableOrchestrationContext, workflow: str, key: str, step: str, failed: FailedAttempt
) -> None:
    """Write the line, in the form of every line that is for operators."""
    if context.is_replaying:
        return
    facts = {"evt": "step.attempt_failed", "workflow": workflow, "key": key, "step": step}
    _log.warning("%s", json.dumps({**facts, "attempt": failed.number, "reason": failed.reason}))
