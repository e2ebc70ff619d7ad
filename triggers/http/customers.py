"""Export and erase the data of one customer, for operators."""

from datetime import UTC, datetime
from typing import Annotated

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.identity import Role
from domain.personal.erasure import Erasure, PersonalDataRequest
from domain.wire import Edge, EmailAddress, OneLine, at_most
from services.personal.erasing import begin_erasure, erasure_of
from services.personal.exporting import CustomerData, export
from triggers.http.support.callers import doer
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import answer

bp = df.Blueprint()


class StatedDataRequest(Edge):
    """Whose data it is, besides the customer's id.

    Attributes:
        emails: Addresses that no order of the customer has: of a registration, say.
        requested_by: Ignored, as the operator is the caller.
    """

    requested_by: OneLine | None = None
    emails: Annotated[tuple[EmailAddress, ...], Field(max_length=20), at_most(20)] = ()


@operation(
    bp,
    "POST",
    "customers/{customer_id}/export",
    roles=frozenset({Role.OPERATOR}),
    body=StatedDataRequest,
    answers={200: CustomerData},
)
async def export_customer(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return everything that is kept of a customer, as one document. It changes nothing."""
    customer_id, request = path_id(req, "customer_id"), _asked(req)
    return answer(await export(client, customer_id, request, datetime.now(UTC)))


@operation(
    bp,
    "POST",
    "customers/{customer_id}/erasure",
    roles=frozenset({Role.OPERATOR}),
    body=StatedDataRequest,
    answers={200: Erasure},
    problems={409: "Something of the customer is under way or open; nothing was erased."},
)
async def erase_customer(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Erase what is kept of a customer, once all of it is settled.

    Refused as `not_settled`, with nothing erased, while an order or a run of the customer is under way, needs attention or has
    an open dead letter, and while a payment is open. Orders stay without their customer. Sent again, it goes on where it was.
    """
    customer_id, request = path_id(req, "customer_id"), _asked(req)
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


def _asked(req: func.HttpRequest) -> PersonalDataRequest:
    stated = read_body(req, StatedDataRequest)
    return PersonalDataRequest(requested_by=doer(stated.requested_by, "requested_by"), emails=stated.emails)
