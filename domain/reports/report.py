"""Reports on the orders of a period: the request, the rows, and their totals."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.ids import WorkflowKey
from domain.orders.order import OrderStatus
from domain.wire import Timestamp, Wire
from domain.workflows.run import RunRequest
from domain.workflows.steps import StepResult
from domain.workflows.webhook import WebhookUrl

REPORT: Final = "report"
MAX_PERIOD: Final = timedelta(days=366)
MAX_REPORT_PARTS: Final = 500
"""Parts have a thousand orders each; every part is one activity in the report's history."""


class ReportFormat(StrEnum):
    """The form of a report: CSV with a line per order, or HTML with totals and charts."""

    CSV = "csv"
    HTML = "html"


class ReportRequest(RunRequest):
    """The body of `POST /api/reports`.

    Attributes:
        placed_from: Start of the period, included.
        placed_to: End of the period, excluded.
        callback_url: Address that receives a webhook when the report has ended.
    """

    placed_from: Timestamp
    placed_to: Timestamp
    format: ReportFormat = ReportFormat.CSV
    callback_url: WebhookUrl | None = None

    @model_validator(mode="after")
    def _a_period(self) -> Self:
        length = self.placed_to - self.placed_from
        if timedelta(0) < length <= MAX_PERIOD:
            return self
        rule = f"Must be after placed_from, by {MAX_PERIOD.days} days at most"
        details = InitErrorDetails(type=PydanticCustomError("period", rule), loc=("placed_to",), input=None)
        raise ValidationError.from_exception_data(type(self).__name__, [details], hide_input=True)


class FetchReportData(Wire):
    """Fetch one part of a report's rows, from the cursor at which the previous part ended."""

    report_id: WorkflowKey
    placed_from: Timestamp
    placed_to: Timestamp
    part: Annotated[int, Field(ge=0)]
    cursor: str | None = None


class ReportDataFetched(StepResult):
    """The number of rows in a part, and the cursor of the next part; None after the last."""

    rows: int = 0
    cursor: str | None = None


class GenerateReport(Wire):
    """Generate the document from the fetched parts."""

    report_id: WorkflowKey
    request: ReportRequest
    parts: Annotated[int, Field(ge=1)]


class ReportRow(Wire):
    """One order, as reports show it."""

    order_id: str
    placed_at: Timestamp
    customer_id: str
    status: OrderStatus
    currency: str
    total_cents: int
    updated_at: Timestamp


class Bar(Wire):
    """One bar of a chart, with its share of the longest bar, 0 to 1."""

    label: str
    value: int
    share: float


class ReportTotals:
    """Running totals of orders. Sales are those of completed orders, per currency."""

    def __init__(self) -> None:
        self.orders = 0
        self._by_status: Counter[str] = Counter()
        self._by_day: Counter[date] = Counter()
        self._sales: defaultdict[str, Counter[date]] = defaultdict(Counter)
        self._customers: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, rows: Iterable[ReportRow]) -> None:
        """Add some orders to the totals."""
        for row in rows:
            day = row.placed_at.date()
            self.orders += 1
            self._by_status[row.status] += 1
            self._by_day[day] += 1
            if row.status is OrderStatus.COMPLETED:
                self._sales[row.currency][day] += row.total_cents
                self._customers[row.currency][row.customer_id] += row.total_cents

    def orders_by_status(self) -> list[Bar]:
        """Return the number of orders per status, the most frequent first."""
        return _bars(sorted(self._by_status.items(), key=lambda each: (-each[1], each[0])))

    def orders_by_day(self) -> list[Bar]:
        """Return the number of orders per day, in order of time."""
        return _bars((str(day), count) for day, count in sorted(self._by_day.items()))

    def sales_by_day(self) -> dict[str, list[Bar]]:
        """Return the sales per currency and day in cents, in order of time."""
        return {
            currency: _bars((str(day), cents) for day, cents in sorted(days.items()))
            for currency, days in sorted(self._sales.items())
        }

    def sales(self) -> dict[str, int]:
        """Return the sales per currency in cents."""
        return {currency: days.total() for currency, days in sorted(self._sales.items())}

    def best_customers(self) -> dict[str, list[tuple[str, int]]]:
        """Return the ten customers with the largest sales in cents, per currency."""
        return {
            currency: sorted(sums.items(), key=lambda each: (-each[1], each[0]))[:10]
            for currency, sums in sorted(self._customers.items())
        }


def csv_cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet runs: a text that would begin a formula gets an apostrophe before it."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def report_ended(status: str) -> str:
    """Return the event type of the webhook."""
    return f"{REPORT}.{status}"


def _bars(values: Iterable[tuple[str, int]]) -> list[Bar]:
    pairs = list(values)
    longest = max((value for _, value in pairs), default=0) or 1
    return [Bar(label=label, value=value, share=value / longest) for label, value in pairs]
