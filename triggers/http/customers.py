"""Export and erase the data of one customer, for operators: each request becomes a run."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.identity import Role
from domain.personal.erasure import Erasure, PersonalDataRequest
from domain.personal.run import CUSTOMER_DATA, DataAction
from domain.wire import Edge, EmailAddress, OneLine, Wire, at_most
from domain.workflows.run import WorkflowProgress
from services.container import services
from services.personal.requests import erasure_of, request_erasure, request_export
from triggers.http.support.callers import doer
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import answer
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, chosen_key, run_status, started_answer

bp = df.Blueprint()

_RUNS: Final = "customer-data"


class StatedDataRequest(Edge):
    """Whose data it is, besides the customer's id.

    Attributes:
        emails: Addresses that no order of the customer has: of a registration, say.
        requested_by: Ignored, as the operator is the caller.
    """

    requested_by: OneLine | None = None
    emails: Annotated[tuple[EmailAddress, ...], Field(max_length=20), at_most(20)] = ()


class CustomerDataAsked(Wire):
    """What the run does. Whose data it is, is not shown: nothing keeps it after an erasure."""

    action: DataAction
    requested_by: str


class CustomerDataDocument(RunDocument):
    """An export or an erasure, and how far it is."""

    asked: ClassVar = CustomerDataAsked

    request: CustomerDataAsked | None


@operation(
    bp,
    "POST",
    "customers/{customer_id}/export",
    roles=frozenset({Role.OPERATOR}),
    body=StatedDataRequest,
    takes_idempotency_key=True,
    answers={202: WorkflowLinks},
    problems={409: "Another request has this id."},
)
async def export_customer(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Make one document of everything that is kept of a customer. It changes nothing.

    The answer names the run; once it has completed, its `detail.url` leads to the document.
    """
    customer_id, request, key = path_id(req, "customer_id"), _asked(req), chosen_key(req, None)
    await request_export(client, customer_id, request, key)
    return started_answer(_RUNS, key)


@operation(
    bp,
    "POST",
    "customers/{customer_id}/erasure",
    roles=frozenset({Role.OPERATOR}),
    body=StatedDataRequest,
    answers={202: WorkflowLinks},
)
async def erase_customer(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Erase what is kept of a customer, once all of it is settled.

    The answer names the run. It is rejected as `not_settled`, with nothing erased, while an order or a run of the customer is
    under way, needs attention or has an open dead letter, and while a payment is open; then it is tried again every night, and
    when it is requested again. Orders stay without their customer. While a run is at it, a repeat has the same answer.
    """
    customer_id, request = path_id(req, "customer_id"), _asked(req)
    return started_answer(_RUNS, await request_erasure(client, customer_id, request, datetime.now(UTC)))


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


@operation(
    bp,
    "GET",
    "customer-data/{id}",
    roles=frozenset({Role.OPERATOR}),
    query=ViewQuery,
    answers={200: (CustomerDataDocument, DurableStatus), 202: (CustomerDataDocument, DurableStatus)},
)
async def get_customer_data_run(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return an export or an erasure.

    The status is 202 while it goes on and 200 when it has ended. Then `detail.url` of an export leads to the document until
    `detail.url_expires_at`.
    """
    return await run_status(req, client, CUSTOMER_DATA, _RUNS, CustomerDataDocument, fresh=_link)


def _link(progress: WorkflowProgress) -> dict[str, Any]:
    if progress.status != "completed" or progress.detail.get("action") != DataAction.EXPORT:
        return {}
    link = services().customer_exports.link(progress.id)
    return {"url": link.url, "url_expires_at": link.expires_at}


def _asked(req: func.HttpRequest) -> PersonalDataRequest:
    stated = read_body(req, StatedDataRequest)
    return PersonalDataRequest(requested_by=doer(stated.requested_by, "requested_by"), emails=stated.emails)
