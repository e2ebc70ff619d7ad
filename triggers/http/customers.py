"""Export and erase the data of one customer, for operators."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.personal.erasure import Erasure, PersonalDataRequest
from services.personal.erasing import begin_erasure, erasure_of
from services.personal.exporting import CustomerData, export
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import answer

bp = df.Blueprint()


@operation(
    bp,
    "POST",
    "customers/{customer_id}/export",
    roles=frozenset({Role.OPERATOR}),
    body=PersonalDataRequest,
    answers={200: CustomerData},
)
async def export_customer(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return everything that is kept of a customer, as one document. It changes nothing."""
    customer_id, request = path_id(req, "customer_id"), read_body(req, PersonalDataRequest)
    return answer(await export(client, customer_id, request, datetime.now(UTC)))


@operation(
    bp,
    "POST",
    "customers/{customer_id}/erasure",
    roles=frozenset({Role.OPERATOR}),
    body=PersonalDataRequest,
    answers={200: Erasure},
    problems={409: "Something of the customer is under way or open; nothing was erased."},
)
async def erase_customer(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Erase what is kept of a customer, once all of it is settled.

    Refused as `not_settled`, with nothing erased, while an order or a run of the customer is under way, needs attention or has
    an open dead letter, and while a payment is open. Orders stay without their customer. Sent again, it goes on where it was.
    """
    customer_id, request = path_id(req, "customer_id"), read_body(req, PersonalDataRequest)
    return answer(await begin_erasure(client, customer_id, request, datetime.now(UTC)))


@operation(
    bp,
    "GET",
    "customers/{customer_id}/erasure",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: Erasure},
    problems={404: "No erasure of this customer's data was asked for."},
)
async def get_erasure(req: func.HttpRequest) -> func.HttpResponse:
    """Show how far the erasure of a customer's data is."""
    return answer(await erasure_of(path_id(req, "customer_id")))
