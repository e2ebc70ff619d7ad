"""Log what the app's functions raise: once, under the category that the real host has for it, with the Python stack."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

from local_host.determinism import NON_DETERMINISM
from local_host.errors import UserCodeFailed
from local_host.outcome import Outcome
from local_host.status import RuntimeStatus

_SDK_DATA = "$OutOfProcData$"


def log_failure(function: str, failure: UserCodeFailed, of: str | None = None) -> None:
    """Write one record under `Function.NAME`, as an error: the real host has one for each attempt, retried or not.

    Args:
        function: Name of the function.
        failure: What it raised. What the SDK hides in an orchestrator's message for the host is left out.
        of: Id of the instance or entity that it ran for, if any.
    """
    suffix = "" if of is None else f" for {of}"
    logging.getLogger(f"Function.{function}").error(
        "Executed 'Functions.%s' (Failed)%s: %s\n%s%s",
        function,
        suffix,
        _text(str(failure)),
        failure.stack.rstrip(),
        "".join(_causes(failure)),
    )


def log_non_determinism(outcome: Outcome) -> None:
    """Write the one line that the real host has for it, below warnings, under a category that most apps silence."""
    output = outcome.output or ""
    if outcome.status is RuntimeStatus.FAILED and output.startswith(NON_DETERMINISM):
        logging.getLogger("DurableTask.Core").info(
            "%s: Orchestration completed with a 'Failed' status and %d bytes of output. Details: Unhandled exception "
            "while executing orchestration: DurableTask.Core.Exceptions.NonDeterministicOrchestrationException: %s",
            outcome.episode.instance.instance_id,
            len(output.encode()),
            output,
        )


def _causes(failure: UserCodeFailed) -> Iterator[str]:
    """What led to it, as far as this process knows: the SDK raises an orchestrator's exception anew."""
    error = failure.__cause__
    while error is not None and (error := error.__cause__ or error.__context__) is not None:
        stack = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        yield f"\ncaused by {type(error).__name__}: {_text(str(error))}\n{stack}"


def _text(message: str) -> str:
    return message.partition(_SDK_DATA)[0].rstrip()
