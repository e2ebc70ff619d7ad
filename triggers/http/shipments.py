"""Show where parcels are, and take the carrier's news of them. Watches start by themselves, with an order's completion."""

import asyncio
from http import HTTPStatus
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.errors import SignatureInvalid
from domain.ids import instance_id_of
from domain.shipping.tracking import SHIPMENT_TRACKING, TRACKING_REPORTED
from domain.wire import Wire
from services.container import services
from triggers.http.support.instances import instance_status, is_unfinished, raise_event
from triggers.http.support.problems import Problem, answers_problems
from triggers.http.support.request_body import MOST_BYTES
from triggers.http.support.responses import answer
from triggers.http.support.workflows import run_status

bp = df.Blueprint()

SHIPMENTS: Final = "shipments"
SHIPMENT: Final = "shipments/{id}"
TRACKING_NEWS: Final = "webhooks/tracking"


class NewsTaken(Wire):
    """Whether the news concerned a parcel that is being watched."""

    taken: bool


@bp.route(route=SHIPMENT, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_shipment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """The watch of an order's parcel, by the order's id: 202 while it goes on, 200 when it has ended."""
    return await run_status(req, client, SHIPMENT_TRACKING, SHIPMENT, SHIPMENTS)


@bp.route(route=TRACKING_NEWS, methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
async def take_tracking_news(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """200 for news that the carrier signed, be they of one of our parcels or not; 401 for any other.

    What they say is not used: they wake the watch, which asks the carrier.
    """
    code = _signed_news(req)
    order_id = None if code is None else await asyncio.to_thread(services().parcels.order_of, code)
    return answer(NewsTaken(taken=order_id is not None and await _wake(client, order_id)))


def _signed_news(req: func.HttpRequest) -> str | None:
    body = req.get_body()
    if len(body) > MOST_BYTES:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"At most {MOST_BYTES} bytes.")
    try:
        return services().trackers.tracking_code(body, req.headers.get("X-Hmac-Signature"))
    except SignatureInvalid:
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "signature_invalid", "The request is not signed by the carrier."
        ) from None


async def _wake(client: df.DurableOrchestrationClient, order_id: str) -> bool:
    instance_id = instance_id_of(SHIPMENT_TRACKING, order_id)
    if not is_unfinished(await instance_status(client, instance_id)):
        return False
    return await raise_event(client, instance_id, TRACKING_REPORTED, {})
