"""Show where parcels are, and receive the carrier's events. Tracking starts with the completion of an order."""

from http import HTTPStatus
from typing import ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.errors import SignatureInvalid
from domain.identity import Role
from domain.shipping.tracking import SHIPMENT_TRACKING, TrackingRequest
from domain.wire import Wire
from services.container import services
from services.input.documents import MAX_BODY_BYTES
from services.shipping.tracking import poll_now
from services.workflows.runs import RunView
from triggers.http.support.access import ANYONE
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.links import resource
from triggers.http.support.operation import JSON, operation
from triggers.http.support.owners import check_customer
from triggers.http.support.problems import Problem
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import answer
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import run_status

bp = df.Blueprint()


class ShipmentDocument(RunDocument):
    """The way of a parcel."""

    asked: ClassVar = TrackingRequest

    request: TrackingRequest | None


class EventReceipt(Wire):
    """Whether the event is about a parcel that is being tracked."""

    tracked: bool


@operation(
    bp,
    "GET",
    "shipments/{id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (ShipmentDocument, DurableStatus), 202: (ShipmentDocument, DurableStatus)},
)
async def get_shipment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return where an order's parcel is.

    The id is the order's. The status is 202 while the carrier is polled and 200 when tracking has ended.
    """
    await check_customer(path_id(req, "id"), Role.OPERATOR, Role.AUDITOR)
    return await run_status(req, client, SHIPMENT_TRACKING, "shipments", ShipmentDocument, links=_links)


@operation(
    bp,
    "POST",
    "webhooks/tracking",
    roles=ANYONE,
    body_types=(JSON,),
    request_headers={"X-Hmac-Signature": "The carrier's signature of the body."},
    answers={200: EventReceipt},
    problems={401: "The carrier has not signed the request."},
)
async def receive_tracking_webhook(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Receive an event of the carrier's webhook.

    The event's content is not used: it makes the shop poll the carrier.
    """
    code = _signed_tracking_code(req)
    return answer(EventReceipt(tracked=code is not None and await poll_now(client, code)))


def _signed_tracking_code(req: func.HttpRequest) -> str | None:
    body = req.get_body()
    if len(body) > MAX_BODY_BYTES:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"A body may have {MAX_BODY_BYTES} bytes at most."
        )
    try:
        return services().trackers.tracking_code(body, req.headers.get("X-Hmac-Signature"))
    except SignatureInvalid:
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "signature_invalid", "The request is not signed by the carrier."
        ) from None


def _links(view: RunView) -> dict[str, str]:
    return {"order": resource("orders", view.key)}
