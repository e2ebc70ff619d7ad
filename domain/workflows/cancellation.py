"""Cancellations of runs: the request, and the event that brings it."""

from typing import Any

from pydantic import ValidationError

from domain.wire import Comment, Edge, OneLine
from domain.workflows.decision_words import decoded

# Raised by our own HTTP API: a CancellationRequest.
CANCELLATION_REQUESTED = "CancellationRequested"


class CancellationRequest(Edge):
    """A request to cancel a run, such as an order."""

    requested_by: OneLine
    reason: Comment | None = None


def cancellation_from_event(payload: Any) -> CancellationRequest:
    """Read a cancellation event, which counts whatever its payload is."""
    try:
        return CancellationRequest.model_validate(decoded(payload))
    except ValidationError:
        return CancellationRequest(requested_by="management API")
