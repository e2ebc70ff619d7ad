"""Receive the webhooks of carriers: what they report of parcels."""

import asyncio
from http import HTTPStatus
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.errors import SignatureInvalid
from domain.shipping.parcels import ParcelReport
from domain.wire import Wire
from services.container import services
from services.shipping.reports import take_in
from triggers.http.support.access import ANYONE
from triggers.http.support.operation import JSON, operation
from triggers.http.support.problems import Problem
from triggers.http.support.responses import answer

bp = df.Blueprint()

_MAX_EVENT_BYTES: Final = 256 * 1024
"""An event holds its tracker with all of its scans, each of some 350 bytes."""


class ReportReceipt(Wire):
    """Whether the report is about a parcel of this shop."""

    tracked: bool


@operation(
    bp,
    "POST",
    "webhooks/carriers/easypost",
    roles=ANYONE,
    body_types=(JSON,),
    request_headers={"X-Hmac-Signature": "The carrier's signature of the body."},
    answers={200: ReportReceipt},
    problems={
        401: "The carrier has not signed the request.",
        404: "No webhook of the carrier is set up.",
    },
)
async def receive_carrier_webhook(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Receive an event of a carrier's webhook.

    A repeated or late event changes nothing, nor does one about anything else than a parcel of this shop. An event that could not
    be recorded is answered with 503, so that the carrier delivers it again.
    """
    report = await asyncio.to_thread(_webhook_report, req)
    return answer(ReportReceipt(tracked=report is not None and await take_in(client, report)))


def _webhook_report(req: func.HttpRequest) -> ParcelReport | None:
    if services().settings.easypost_webhook_secret is None:
        detail = "EASYPOST_WEBHOOK_SECRET is not set: no webhook is received, and parcels are only polled."
        raise Problem(HTTPStatus.NOT_FOUND, "webhook_not_set_up", detail)
    body = req.get_body()
    if len(body) > _MAX_EVENT_BYTES:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"A body may have {_MAX_EVENT_BYTES} bytes at most."
        )
    try:
        return services().trackers.webhook_report(body, req.headers.get("X-Hmac-Signature"))
    except SignatureInvalid:
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "signature_invalid", "The request is not signed by the carrier."
        ) from None
