"""Show an invoice, and record that its customer has paid."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.identity import Role
from domain.keyed_changes import ChangeKey
from domain.payments.invoice import BankPayment, InvoiceStatus
from domain.wire import Currency, Edge, OneLine
from services.container import services
from triggers.http.support.callers import doer
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import operation_key, path_id
from triggers.http.support.responses import answer

bp = df.Blueprint()


class ReceivedPayment(Edge):
    """What the bank statement says. The key names the payment, so that a repeat counts once; without a key each request counts.

    `amount_cents` may be a part of the invoice. `recorded_by` is ignored: who records it is the caller.
    """

    amount_cents: Annotated[int, Field(strict=True, ge=1, le=999_999_999_999)]
    currency: Currency
    recorded_by: OneLine | None = None
    reference: OneLine | None = None
    key: ChangeKey | None = None


@operation(
    bp,
    "GET",
    "invoices/{invoice_number}",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: InvoiceStatus},
)
async def get_invoice(req: func.HttpRequest) -> func.HttpResponse:
    """Return an invoice, and what its customer has paid of it."""
    number = path_id(req, "invoice_number")
    return answer(await asyncio.to_thread(services().invoices.status, services().settings.namespace, number))


@operation(
    bp,
    "POST",
    "invoices/{invoice_number}/payment",
    roles=frozenset({Role.OPERATOR}),
    body=ReceivedPayment,
    takes_idempotency_key=True,
    answers={200: InvoiceStatus},
    problems={409: "Less is open of this invoice, or another payment was recorded under this key."},
)
async def record_invoice_payment(req: func.HttpRequest) -> func.HttpResponse:
    """Record that the customer has paid an invoice, or a part of it.

    So much of the customer's credit is free again. Send a key or an Idempotency-Key: a repeat under the same name counts once.
    """
    number = path_id(req, "invoice_number")
    stated = read_body(req, ReceivedPayment)
    received = BankPayment(
        key=operation_key(req, stated.key),
        invoice=number,
        amount_cents=stated.amount_cents,
        currency=stated.currency,
        recorded_by=doer(stated.recorded_by, "recorded_by"),
        reference=stated.reference,
        recorded_at=datetime.now(UTC),
    )
    return answer(await asyncio.to_thread(services().invoices.record, services().settings.namespace, received))
