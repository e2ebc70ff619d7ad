"""What the host logs of failed calls, under `Function.NAME` and in the words of the real host.

A failure is one record with everything that is known of it: the Python stack, what the exception was raised from, the
instance or entity, which attempt it was. It is a warning when the host itself tries again, else an error.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from local_host.engine.determinism import NON_DETERMINISM
from local_host.engine.errors import CallLost, Execution, OperationFailed, Raised, UserCodeFailed
from local_host.engine.log_categories import function_logger, host_logger
from local_host.engine.outcome import Outcome
from local_host.engine.status import RuntimeStatus

_SDK_DATA = "$OutOfProcData$"
# In the message of an activity's failure, as its orchestrator gets it: the serialised exception, which was logged.
_DETAILS = '\n {"$type":'


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Which try a call is. of: what it runs for, an instance or entity; text: such as `attempt 2 of 5`.

    is_retried: the host itself tries again when it fails. What an orchestrator's own code does about a failure, such as
    a loop around a call, the host cannot know; there a failure is an error each time, as on the real host.
    """

    of: str | None = None
    text: str = "attempt 1 of 1"
    is_retried: bool = False


ONLY = Attempt()


def counted(number: int, most: int, *, noun: str = "attempt", of: str | None = None) -> Attempt:
    """Return the attempt of that number, counted from 1. most: -1 for no end."""
    return Attempt(
        of=of,
        text=f"{noun} {number}" if most < 0 else f"{noun} {number} of {most}",
        is_retried=most < 0 or number < most,
    )


def log_non_determinism(outcome: Outcome) -> None:
    """Write the one line that the real host has for it, below warnings, under a category that most apps silence."""
    output = outcome.output or ""
    if outcome.status is RuntimeStatus.FAILED and output.startswith(NON_DETERMINISM):
        host_logger("DurableTask.Core").info(
            "%s: Orchestration completed with a 'Failed' status and %d bytes of output. Details: Unhandled exception "
            "while executing orchestration: DurableTask.Core.Exceptions.NonDeterministicOrchestrationException: %s",
            outcome.episode.instance.instance_id,
            len(output.encode()),
            output,
        )


def log_failure(function: str, failure: UserCodeFailed, attempt: Attempt = ONLY) -> None:
    """Log what the function raised.

    Args:
        function: Its durable name, if that is all that is known; that of the call wins.
        failure: What it raised. What the SDK hides in an orchestrator's message for the host is left out.
        attempt: Which try it was, and of what.
    """
    _log_failed(function, failure.execution, attempt, [_described(failure)])


def log_failed_operations(function: str, execution: Execution, operations: Sequence[OperationFailed]) -> None:
    """Log what operations of an entity raised, all that failed in one batch."""
    entity = operations[0].entity
    texts = [f"Operation '{each.operation}' failed.\n{_as_text(each.raised)}" for each in operations]
    _log_failed(function, execution, Attempt(of=entity), texts)


def _log_failed(function: str, execution: Execution | None, attempt: Attempt, texts: Sequence[str]) -> None:
    known = (attempt.of and f"for {attempt.of}", attempt.text, attempt.is_retried and "to be tried again")
    facts = ", ".join(fact for fact in known if fact)
    name = execution.function if execution else function
    function_logger(name).log(
        logging.WARNING if attempt.is_retried else logging.ERROR,
        "Executed 'Functions.%s' (Failed%s)\nException while executing function: Functions.%s (%s)\n%s",
        name,
        f", {execution}" if execution else "",
        name,
        facts,
        "\n".join(texts),
    )


def _described(failure: UserCodeFailed) -> str:
    if isinstance(failure, CallLost):
        return failure.text
    raised = [Raised(failure.type_name, failure.message, failure.stack), *failure.causes]
    if _SDK_DATA in failure.message and failure.causes:
        # The SDK raises an orchestrator's exception anew, for the host.
        del raised[0]
    return f"Result: Failure\n{_as_text(raised)}"


def _as_text(raised: Sequence[Raised]) -> str:
    first, *causes = raised
    text = f"Exception: {_name(first)}\nStack: {first.stack.rstrip()}"
    return text + "".join(f"\ncaused by {_name(each)}\n{each.stack.rstrip()}" for each in causes)


def _name(raised: Raised) -> str:
    """Return type and message, without what only the SDK and the host read."""
    message = raised.message.partition(_SDK_DATA)[0].partition(_DETAILS)[0]
    return f"{raised.type_name}: {message.rstrip()}"
