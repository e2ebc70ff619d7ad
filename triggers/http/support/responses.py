"""Make the answers that are not problems."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import azure.functions as func

from domain.wire import Wire

RETRY_AFTER_S: Final = 2
"""How long a client should wait before it asks again: most orders end within seconds."""


def answer(
    body: Wire, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Return a JSON answer."""
    return func.HttpResponse(
        body.model_dump_json(), status_code=status, mimetype="application/json", headers=dict(headers or {})
    )


def accepted(body: Wire, location: str) -> func.HttpResponse:
    """Return a 202: the work goes on, and `location` is the address of its status."""
    headers = {"Location": location, "Retry-After": str(RETRY_AFTER_S)}
    return answer(body, HTTPStatus.ACCEPTED, headers)
