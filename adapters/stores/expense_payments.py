"""Keep what is paid to employees: one row per claim, inserted only if absent, for the payroll run to read."""

from collections.abc import Sequence
from typing import Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from domain.expenses.claim import ExpensePayment
from domain.personal.traces import Traces

_PAYMENTS: Final = "expensepayments"


class ExpensePayments:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_PAYMENTS)

    def add(self, payment: ExpensePayment) -> ExpensePayment:
        """Insert what is to be paid for a claim, unless that was done; return what holds."""
        from azure.core.exceptions import ResourceExistsError

        entity = {
            "PartitionKey": payment.employee_id,
            "RowKey": payment.claim_id,
            "approved_at": payment.approved_at,
            "payment": payment.model_dump_json(),
        }
        with storage_errors("the expense payments"):
            try:
                created_on_first_use(lambda: self._table.create_entity(entity), lambda: create_table(self._table))
            except ResourceExistsError:
                held = self._table.get_entity(payment.employee_id, payment.claim_id)
                return ExpensePayment.model_validate_json(held["payment"])
        return payment

    def of_employee(self, employee_id: str) -> Sequence[ExpensePayment]:
        """Return what was paid to an employee."""
        with storage_errors("the expense payments"):
            rows = created_on_first_use(
                lambda: list(self._table.query_entities("PartitionKey eq @key", parameters={"key": employee_id})),
                lambda: create_table(self._table),
            )
        return [ExpensePayment.model_validate_json(row["payment"]) for row in rows]

    def pseudonymise(self, payment: ExpensePayment, traces: Traces) -> None:
        """Put a payment under a pseudonym. Safe to repeat: it is there twice, or under the pseudonym alone."""
        self.add(ExpensePayment.model_validate(traces.scrubbed(payment.to_wire())))
        with storage_errors("the expense payments"):
            self._table.delete_entity(payment.employee_id, payment.claim_id)
