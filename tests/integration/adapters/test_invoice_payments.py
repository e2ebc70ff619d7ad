"""Payment by invoice beyond what every provider promises: credit limits, and documents whose numbers have no gaps."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from adapters.azure_storage.storage import Storage
from adapters.invoice.payments import InvoicePayments
from domain.payments.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.payments.providers import INVOICE
from domain.workflows.steps import Outcome
from settings import StorageLocation
from tests.integration.adapters.examples import payment, until_answered

LIMIT = 10_000


@pytest.fixture
def invoices(storage_location: StorageLocation) -> InvoicePayments:
    return InvoicePayments(Storage(storage_location), {"usd": LIMIT})


@pytest.fixture
def table(storage_connection: str) -> Any:
    return TableServiceClient.from_connection_string(storage_connection).create_table_if_not_exists("invoices")


def request(order_id: str, amount_cents: int, **changes: Any) -> PaymentRequest:
    usual = {"provider": INVOICE, "payment_method": None, "customer_id": "ada", "amount_cents": amount_cents}
    return payment(order_id, **usual | changes)


def capture(order_id: str, amount_cents: int, customer_id: str = "ada") -> CaptureRequest:
    return CaptureRequest(
        order_id=order_id, payment_id=f"{customer_id}/{order_id}", amount_cents=amount_cents, currency="usd"
    )


def documents(table: Any, kind: str) -> list[str]:
    """Return the numbers of a customer's documents, in the order of their series."""
    return [row["number"] for row in table.list_entities() if row["RowKey"].startswith(f"{kind}.")]


def test_a_customer_owes_no_more_than_the_limit(invoices: InvoicePayments) -> None:
    assert invoices.authorise(request("o-1", 6_000)).outcome is Outcome.DONE
    refused = invoices.authorise(request("o-2", 4_001))
    assert (refused.outcome, refused.reason_code) == (Outcome.REFUSED, "payment_declined")
    assert "credit limit" in str(refused.message)
    assert invoices.authorise(request("o-3", 4_000)).outcome is Outcome.DONE
    assert invoices.authorise(request("o-4", 4_000, customer_id="bob")).outcome is Outcome.DONE, "another customer"


def test_what_is_given_back_can_be_used_again(invoices: InvoicePayments) -> None:
    held, invoiced = request("o-1", 5_000), request("o-2", 5_000)
    for each in (held, invoiced):
        assert invoices.authorise(each).outcome is Outcome.DONE
    invoices.capture(capture("o-2", 5_000))
    for each in (held, invoiced):
        assert invoices.authorise(request(f"{each.order_id}-again", 5_000)).outcome is Outcome.REFUSED
        invoices.cancel(CancelPaymentRequest(payment=each))
        assert invoices.authorise(request(f"{each.order_id}-again", 5_000)).outcome is Outcome.DONE


def test_a_currency_without_a_limit_is_not_sold_on_invoice(invoices: InvoicePayments) -> None:
    assert invoices.authorise(request("o-1", 1, currency="eur")).reason_code == "payment_declined"


def test_an_operator_gives_one_customer_a_limit_of_their_own(invoices: InvoicePayments, table: Any) -> None:
    table.upsert_entity({"PartitionKey": "~ada", "RowKey": "account", "limits": json.dumps({"usd": 15_000})})
    assert invoices.authorise(request("o-1", 15_000)).outcome is Outcome.DONE
    table.upsert_entity({"PartitionKey": "~ada", "RowKey": "account", "limits": json.dumps({"usd": 0})})
    assert invoices.authorise(request("o-2", 1)).outcome is Outcome.REFUSED
    assert invoices.capture(capture("o-1", 15_000)).outcome is Outcome.DONE, "what was authorised stays so"
    [account] = [row for row in table.list_entities() if row["RowKey"] == "account"]
    assert json.loads(account["limits"]) == {"usd": 0}


def test_authorisations_at_once_never_exceed_the_limit(invoices: InvoicePayments, table: Any) -> None:
    wanted = [request(f"o-{number}", 3_000) for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        results = list(pool.map(lambda each: until_answered(lambda: invoices.authorise(each)), wanted))
    assert sum(result.outcome is Outcome.DONE for result in results) == 3
    [account] = [row for row in table.list_entities() if row["RowKey"] == "account"]
    assert json.loads(account["used"]) == {"usd": 9_000}


def test_documents_issued_at_once_have_numbers_without_gaps(invoices: InvoicePayments, table: Any) -> None:
    wanted = [request(f"o-{number}", 100) for number in range(12)]
    for each in wanted:
        invoices.authorise(each)

    def there_and_back(each: PaymentRequest) -> None:
        until_answered(lambda: invoices.capture(capture(each.order_id, 100)))
        if each.order_id < "o-2":  # o-0, o-1, o-10, o-11
            until_answered(lambda: invoices.cancel(CancelPaymentRequest(payment=each)))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(there_and_back, wanted))
    assert documents(table, "invoice") == [f"ada-{number:06}" for number in range(1, 13)]
    assert documents(table, "credit_note") == [f"ada-C{number:06}" for number in range(1, 5)]


def test_a_credit_note_names_the_invoice_that_it_takes_back(invoices: InvoicePayments, table: Any) -> None:
    taken = request("o-1", 5_000)
    invoices.authorise(taken)
    invoices.capture(capture("o-1", 5_000))
    invoices.cancel(CancelPaymentRequest(payment=taken))
    [note] = [row for row in table.list_entities() if row["RowKey"].startswith("credit_note.")]
    document = json.loads(note["document"])
    assert (document["corrects"], document["order_id"], document["amount_cents"]) == ("ada-000001", "o-1", 5_000)


def test_a_payment_without_a_customer_is_a_fault(invoices: InvoicePayments) -> None:
    anonymous = request("o-1", 5_000, customer_id=None)
    assert invoices.authorise(anonymous).outcome is Outcome.FAULTED
    assert invoices.cancel(CancelPaymentRequest(payment=anonymous)).outcome is Outcome.FAULTED


def test_a_payment_that_accounting_records_frees_the_credit_and_a_later_credit_note_leaves_a_balance(
    invoices: InvoicePayments, table: Any
) -> None:
    paid = request("o-1", LIMIT)
    invoices.authorise(paid)
    invoices.capture(capture("o-1", LIMIT))
    assert invoices.authorise(request("o-2", 1)).outcome is Outcome.REFUSED
    table.upsert_entity({"PartitionKey": "~ada", "RowKey": "account", "used": json.dumps({"usd": 0})})
    invoices.cancel(CancelPaymentRequest(payment=paid))
    assert invoices.authorise(request("o-3", 2 * LIMIT)).outcome is Outcome.DONE, "the balance counts"
    assert invoices.authorise(request("o-4", 1)).outcome is Outcome.REFUSED
