"""Watch single parcels closely. Where every parcel is, the documents of orders show."""

from typing import ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.shipping.tracking import SHIPMENT_TRACKING, TrackingRequest
from services.workflows.runs import RunView, start_once
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.owners import check_customer
from triggers.http.support.request_params import path_id
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, run_status, started_answer

bp = df.Blueprint()


class ShipmentDocument(RunDocument):
    """The way of a parcel."""

    asked: ClassVar = TrackingRequest

    request: TrackingRequest | None


@operation(
    bp,
    "GET",
    "shipments/{id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (ShipmentDocument, DurableStatus), 202: (ShipmentDocument, DurableStatus)},
)
async def get_shipment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return the watch of an order's parcel.

    The id is the order's. The status is 202 while the parcel is watched and 200 when that has ended. Where a parcel is that is not
    watched, the document of its order shows.
    """
    await check_customer(path_id(req, "id"), Role.OPERATOR, Role.AUDITOR)
    return await run_status(req, client, SHIPMENT_TRACKING, "shipments", ShipmentDocument, links=_links)


@operation(bp, "POST", "shipments/{id}/watch", roles=frozenset({Role.OPERATOR}), answers={202: WorkflowLinks})
async def watch_shipment(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Have an order's parcel watched closely: polled from hour to hour, and later twice a day, until it has arrived.

    The id is the order's. No parcel needs it to be tracked: it is for one that a customer asks after. A repeat changes nothing.
    """
    order_id = path_id(req, "id")
    await start_once(client, SHIPMENT_TRACKING, order_id, TrackingRequest(order_id=order_id))
    return started_answer("shipments", order_id)


def _links(view: RunView) -> dict[str, str]:
    return {"order": resource("orders", view.key)}
