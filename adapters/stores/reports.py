"""Keep reports in blobs: the rows that were fetched, in parts, and the document made of them, all under the report's id.

A part and a document are each written whole under a name of their own: writing one again changes nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from adapters.azure_storage.storage import Storage, create_container, created_on_first_use, storage_errors
from adapters.rendering.report_document import CONTENT_TYPES, document
from domain.files.blob_link import BlobLink
from domain.orders.listing import ListedOrder, OrderFilter
from domain.reports.report import FetchReportData, GenerateReport, ReportDataFetched, ReportFormat, ReportRow
from domain.repositories.orders import OrderRepository

_REPORTS: Final = "reports"
_PART_ROWS: Final = 1_000


class Reports:
    """Every method raises StorageUnavailable when tables or blobs do not answer."""

    def __init__(self, storage: Storage, orders: OrderRepository) -> None:
        self._storage = storage
        self._container = storage.container(_REPORTS)
        self._orders = orders

    def fetch(self, wanted: FetchReportData) -> ReportDataFetched:
        """Store the next rows of the order repository as one part, and return where they end."""
        period = OrderFilter(placed_from=wanted.placed_from, placed_to=wanted.placed_to)
        page = self._orders.list(period, cursor=wanted.cursor, limit=_PART_ROWS)
        rows = [_row(order) for order in page.items]
        self._write(_part(wanted.report_id, wanted.part), "".join(f"{row.model_dump_json()}\n" for row in rows))
        return ReportDataFetched(rows=len(rows), cursor=page.cursor)

    def generate(self, wanted: GenerateReport) -> str:
        """Store the document, and return the name of its blob."""
        from azure.storage.blob import ContentSettings

        name = _document(wanted.report_id, wanted.request.format)
        settings = ContentSettings(
            content_type=CONTENT_TYPES[wanted.request.format],
            # Downloaded, not shown: no browser shall run a page from the storage account's own address.
            content_disposition=f'attachment; filename="{wanted.report_id}.{wanted.request.format}"',
        )
        with storage_errors("the reports"):
            body = document(wanted.request, self._parts(wanted.report_id, wanted.parts))
            self._container.upload_blob(name, body, overwrite=True, content_settings=settings)
        return f"{_REPORTS}/{name}"

    def link(self, report_id: str, form: ReportFormat) -> BlobLink:
        """Return where the document can be read for a while."""
        with storage_errors("the reports"):
            return self._storage.links.to(_REPORTS, _document(report_id, form))

    def _parts(self, report_id: str, parts: int) -> Iterator[Sequence[ReportRow]]:
        for number in range(parts):
            text = self._container.download_blob(_part(report_id, number)).readall().decode()
            yield [ReportRow.model_validate_json(line) for line in text.splitlines()]

    def _write(self, name: str, text: str) -> None:
        with storage_errors("the reports"):
            created_on_first_use(
                lambda: self._container.upload_blob(name, text, overwrite=True),
                lambda: create_container(self._container),
            )


def _row(order: ListedOrder) -> ReportRow:
    # A filter by the time of placing leaves out every order that has none, and with it those without the rest.
    return ReportRow.model_validate(order.model_dump(include=set(ReportRow.model_fields)))


def _part(report_id: str, number: int) -> str:
    return f"{report_id}/parts/{number:04}.jsonl"


def _document(report_id: str, form: ReportFormat) -> str:
    return f"{report_id}/{report_id}.{form}"
