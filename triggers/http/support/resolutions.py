"""The body of requests that close something by hand."""

from typing import Annotated

import azure.functions as func
from pydantic import Field

from domain.wire import VISIBLE_TEXT, Edge, OneLine
from domain.workflows.dead_letter import Resolution
from triggers.http.support.callers import doer
from triggers.http.support.request_body import read_body


class StatedResolution(Edge):
    """Why something is closed by hand. resolved_by: ignored, as who closes it follows from the identity of the caller."""

    resolved_by: OneLine | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500), VISIBLE_TEXT]


def read_resolution(request: func.HttpRequest) -> Resolution:
    """Return the resolution of a body, by its caller. Raises what `read_body` raises."""
    stated = read_body(request, StatedResolution)
    return Resolution(resolved_by=doer(stated.resolved_by, "resolved_by")[:100], reason=stated.reason)
