"""What services need from the shop's own stores, as contracts.

Every method of every store raises StorageUnavailable when tables, queues or blobs do not answer: the same request may then be sent
again, whether it took effect or not, and has one effect.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.catalogue.product import Product
from domain.expenses.claim import ExpensePayment, WithdrawalRight
from domain.files.batch import (
    BatchSummary,
    ChunkFacts,
    ExtractMetadata,
    FileFacts,
    FilesListed,
    ListFiles,
    SummariseBatch,
)
from domain.files.blob_link import BlobLink
from domain.mail.notification import Notification
from domain.onboarding.user import PersistUser
from domain.orders.batch import BatchChunk, BatchLine, ChunkResults, CollectResults, LineCounts, LineResult
from domain.orders.intake import RefusedMessage
from domain.orders.listing import EVERY_ORDER, ListedOrder, OrderFilter
from domain.orders.order import Order, OrderProgress
from domain.orders.row import OrderRow
from domain.page import Page
from domain.payments.invoice import BankPayment, InvoiceStatus
from domain.payments.listing import ProviderPayment
from domain.payments.reconciliation import PaymentDrift, PaymentRun, ReadPosition, WatchedPayment
from domain.reports.report import FetchReportData, GenerateReport, ReportDataFetched, ReportFormat
from domain.shipping.tracking import Tracking
from domain.wire import Wire
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import Course, RunEnd
from domain.workflows.dead_letter import (
    BeginReplay,
    CloseDeadLetter,
    DeadLetter,
    DeadLetterState,
    Resolution,
    StoredDeadLetter,
)
from domain.workflows.decision import SettleApprovalRequest, SettledApproval
from domain.workflows.decision_link import DecisionLink
from domain.workflows.intake import Intake, Reminder
from domain.workflows.records import Closing, CourseSettled, RecordRun, SettleCourse
from domain.workflows.run import CloseRun, Run, WorkflowProgress
from domain.workflows.steps import StepResult


class RunIntake(Protocol):
    """What is stored of every run, be it of an order or of another workflow: a row, inserted once, and a reminder beside it."""

    def open_runs(self, before: datetime) -> Sequence[Reminder]:
        """Return the runs accepted before then that still have to be looked after."""

    def open_run(self, instance_id: str) -> Run | None:
        """Return a run that is not known to have ended; None when there is none of this id."""

    def reminder(self, instance_id: str) -> Reminder | None:
        """Return the reminder of a run; None when it is forgotten."""

    def run_of(self, reminder: Reminder) -> Run:
        """Return the run that a reminder is for."""

    def record_try(self, reminder: Reminder, tries: int, now: datetime) -> bool:
        """Count a restart before it is made; False when another process was faster."""

    def record_quiet(self, instance_id: str, quiet_since: datetime, now: datetime) -> None:
        """Record that the run's instance was noticed to stand still."""

    def mark_started(self, instance_id: str) -> None:
        """Record that the instance exists: should it be gone later, it was deleted."""

    def request_cancellation(self, instance_id: str) -> bool:
        """Store that a run is to stop; False when none of this id is open."""

    def forget(self, instance_id: str) -> None:
        """Leave the run out of `open_runs` from now on: it has ended."""

    def remember(self, run: Run) -> None:
        """Have a run looked after again that was forgotten."""


class RunRecords(Protocol):
    """What is recorded of a run and holds for every instance of it: the same for every workflow, the order included."""

    @property
    def intake(self) -> RunIntake:
        """How runs are taken in, and what is known of the open ones."""

    def settle_course(self, request: SettleCourse) -> CourseSettled:
        """Record which way a run goes, unless that is recorded; return the course that holds."""

    def record_run(self, record: RecordRun) -> Wire | None:
        """Store where a run stands or how it has ended, unless its row is further.

        Returns the progress of an order that it gave another status, else None.
        """

    def close(self, closing: CloseRun) -> Closing | None:
        """Store a compensation that was completed late; None when the run is unknown. Raises EndNotKnown."""


class OrderRepository(RunRecords, Protocol):
    """One row per order id, inserted only if absent and never deleted. A status only moves as the transition table allows."""

    def accept(self, order: Order, fingerprint: str) -> Intake:
        """Insert a new order, unless its id is known in any case. fingerprint: equal for equal requests."""

    def get(self, order_id: str) -> OrderRow | None:
        """Return one order; None when there is none of this id."""

    def list(
        self, wanted: OrderFilter = EVERY_ORDER, *, cursor: str | None = None, limit: int = 50
    ) -> Page[ListedOrder]:
        """Return orders, newest first. Raises InvalidCursor."""

    def record(self, progress: OrderProgress) -> OrderProgress | None:
        """Store where an order stands, unless the row is further. Return the progress when it changed the status."""

    def record_under_way(self, progress: OrderProgress) -> None:
        """Store how far a running order is, unless the row is further, ended, or past the point of no return."""

    def stop_before_capture(self, order_id: str) -> StepResult | None:
        """Return why an order's money must not be taken; None when it may be."""

    def request_cancellation(self, order_id: str, request: CancellationRequest) -> OrderRow | None:
        """Store a cancellation, unless there is one or the order is past it. Return the row as it then is."""

    def begin_compensation(self, order_id: str, end: RunEnd) -> bool:
        """Record that a replay compensates an order, which is then not started again. False: it must not."""

    def withdraw_stop(self, order_id: str) -> OrderRow | None:
        """Let an order go on that was given up and that nothing has compensated. None: it must stay stopped."""

    def record_tracking(self, order_id: str, tracking: Tracking) -> None:
        """Store where an order's parcel is, unless the row knows a later status."""


class Approvals(Protocol):
    """The decisions of approval waits, of orders and of claims: one row per wait, inserted only if absent."""

    def decision(self, key: str, wait_id: str) -> SettledApproval | None:
        """Return the decision of an approval wait; None while there is none."""

    def settle(self, request: SettleApprovalRequest) -> SettledApproval:
        """Store the decision of an approval wait, unless there is one; return the one that holds."""


class RunRepository(RunRecords, Protocol):
    """The runs of every workflow but the order: one row per run, inserted only if absent."""

    def accept(self, run: Run, fingerprint: str) -> Intake:
        """Insert a run, unless its key is known. fingerprint: equal for equal requests."""

    def end(self, instance_id: str) -> WorkflowProgress | None:
        """Return the recorded end; None when none was recorded."""

    def course(self, instance_id: str) -> Course | None:
        """Return the recorded course of a run; None when none was recorded."""

    def reopen(self, run: Run) -> None:
        """Look after a run again whose end was recorded: an operator starts it once more."""


class Catalogue(Protocol):
    """The products for sale."""

    def get(self, product_id: str) -> Product | None:
        """Return one product; None when there is none of this id."""

    def get_many(self, product_ids: Collection[str]) -> dict[str, Product]:
        """Return those of the products that exist, by id."""

    def list(self, *, cursor: str | None = None, limit: int = 50) -> Page[Product]:
        """Return products by id. Raises InvalidCursor."""

    def put(self, product: Product) -> None:
        """Store a product, or replace it."""


class DeadLetters(Protocol):
    """What failed for good and waits for an operator. A record is created once and changed only against its ETag."""

    def store(self, dead_letter: DeadLetter) -> DeadLetter | None:
        """Store a record, unless it exists, and announce it. Return the announced record; None when it is closed."""

    def get(self, dead_letter_id: str) -> StoredDeadLetter | None:
        """Return one record; None when there is none of this id."""

    def list(
        self, *, state: DeadLetterState | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[DeadLetter]:
        """Return records by id, all or those in one state. Raises InvalidCursor."""

    def open_of(self, workflow: str, key: str) -> Sequence[DeadLetter]:
        """Return the open records of one run, of its mails too, by id."""

    def of_run(self, workflow: str, key: str) -> Sequence[DeadLetter]:
        """Return every record of one run, of its mails too, by id."""

    def update(self, dead_letter: DeadLetter, etag: str) -> str:
        """Replace the record that was read with this ETag, and return the new one. Raises DeadLetterChanged."""

    def begin_replay(self, beginning: BeginReplay) -> bool:
        """Record that a replay begins. Return whether it may: False when another or a resolution was faster."""

    def close(self, closing: CloseDeadLetter) -> DeadLetter | None:
        """Close a record. Return the record that this call closed; None when there was nothing to close."""


class Invoices(Protocol):
    """What customers have paid of their invoices."""

    def status(self, namespace: str, number: str) -> InvoiceStatus:
        """Return how far an invoice is paid. Raises NotFound."""

    def record(self, namespace: str, received: BankPayment) -> InvoiceStatus:
        """Record a payment once per key, and give the credit back. Raises NotFound, Invalid and Conflict."""


class PaymentReconciliation(Protocol):
    """What the reconciliation of payments needs in its next run, and what its last one found."""

    def position(self, provider: str) -> ReadPosition:
        """Return how far a provider's payments are read."""

    def move(self, position: ReadPosition) -> None:
        """Store how far a provider's payments are read."""

    def watched(self, provider: str, *, cursor: str | None, limit: int) -> Page[WatchedPayment]:
        """Return a page of the payments to look at again."""

    def watch(self, watched: WatchedPayment) -> None:
        """Have a payment looked at again, and list its difference if it has one."""

    def forget(self, payment: ProviderPayment) -> None:
        """Leave a payment out from now on: it is settled."""

    def list_drift(self, *, cursor: str | None = None, limit: int = 50) -> Page[PaymentDrift]:
        """Return a page of the differences. Raises InvalidCursor."""

    def find_drift(self, drift_id: str) -> PaymentDrift | None:
        """Return one difference; None when none of this id is open."""

    def last_run(self) -> PaymentRun | None:
        """Return the last run; None before the first."""

    def record_run(self, run: PaymentRun) -> None:
        """Store a run as the last one."""

    def resolution(self, drift_id: str) -> Resolution | None:
        """Return how an operator resolved a difference; None when none did."""

    def resolve(self, drift: PaymentDrift, resolution: Resolution) -> None:
        """Store how an operator resolved a difference, and take it from the list."""


class Outbox(Protocol):
    """Messages to people that wait for their delivery."""

    def put(self, notification: Notification, later: timedelta = ...) -> None:
        """Store a message, to be delivered that much later. A repeat stores a second one with the same `message_id`."""


class SentMessages(Protocol):
    """Which messages to people were sent."""

    def has(self, message_id: str) -> bool:
        """Return whether the message was sent."""

    def add(self, message_id: str) -> None:
        """Record that the message was sent."""


class RefusedOrders(Protocol):
    """Queue messages that are no orders, kept with the reason."""

    def put(self, refused: RefusedMessage) -> None:
        """Store a message. A repeat stores a second one with the same `message_id`."""


class Parcels(Protocol):
    """Which order a parcel belongs to."""

    def add(self, code: str, order_id: str) -> None:
        """Record the order of a tracking code."""

    def order_of(self, code: str) -> str | None:
        """Return the order of a parcel; None when it is not one of this shop."""


class Users(Protocol):
    """The registered users."""

    def add(self, request: PersistUser) -> bool:
        """Insert a user; False when another run has inserted one with this address."""


class ExpensePayments(Protocol):
    """What is paid to employees: one row per claim, inserted only if absent."""

    def add(self, payment: ExpensePayment) -> ExpensePayment:
        """Insert what is to be paid for a claim, unless that was done; return what holds."""


class OrderBatches(Protocol):
    """What batches of orders keep between their steps."""

    def keep_lines(
        self, batch_id: str, digest: str, chunks: Sequence[Sequence[BatchLine]], rejected: Sequence[LineResult]
    ) -> None:
        """Store what a file holds, before its batch is started."""

    def lines(self, chunk: BatchChunk) -> tuple[BatchLine, ...]:
        """Return the orders of one chunk."""

    def keep_results(self, done: ChunkResults) -> None:
        """Store what became of one chunk's orders."""

    def collect(self, wanted: CollectResults) -> LineCounts:
        """Store one result per line, in the order of the file, and return how many there are of each outcome."""

    def all_results(self, batch_id: str) -> bytes | None:
        """Return JSON Lines, one result per line of the file; None before they are collected."""


class FileBatches(Protocol):
    """The files of batches, and what is kept of them between the steps."""

    def list_files(self, wanted: ListFiles) -> FilesListed:
        """Store the names of the files in lists. Refused: container_not_found, too_many_files."""

    def names(self, batch_id: str, number: int) -> tuple[str, ...]:
        """Return one list of names."""

    def extract(self, wanted: ExtractMetadata) -> FileFacts:
        """Return the facts of one file, or what is wrong with it. Never raises StorageUnavailable."""

    def keep_facts(self, found: ChunkFacts) -> None:
        """Store the facts of one list."""

    def summarise(self, wanted: SummariseBatch) -> BatchSummary:
        """Store the summary of a batch, and return what it adds up to."""

    def summary_link(self, batch_id: str) -> BlobLink:
        """Return where the summary can be read for a while."""


class Manifests(Protocol):
    """The manifests of file batches that were uploaded."""

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return the manifest, or its first bytes when it has more; None when it is gone."""


class Reports(Protocol):
    """The rows and the documents of reports."""

    def fetch(self, wanted: FetchReportData) -> ReportDataFetched:
        """Store the next rows of the order repository as one part, and return where they end."""

    def generate(self, wanted: GenerateReport) -> str:
        """Store the document, and return the name of its blob."""

    def link(self, report_id: str, form: ReportFormat) -> BlobLink:
        """Return where the document can be read for a while."""


class StorageSetup(Protocol):
    """The queues and containers that must exist before the first message."""

    def create_missing(self) -> None:
        """Create what is missing."""


class DecisionLinks(Protocol):
    """Signed links to the page on which an approver decides."""

    def address(self, link: DecisionLink) -> str | None:
        """Return the address of the page; None when links are not set up."""

    def read(self, token: str, now: datetime | None = None) -> DecisionLink:
        """Return what a link says. Raises LinkInvalid and LinkExpired."""

    def token(self, link: DecisionLink) -> str:
        """Return what proves that the approver of a wait sends a decision."""

    def withdrawal_token(self, right: WithdrawalRight) -> str | None:
        """Return what proves that a claimant withdraws a claim, always the same; None when there is no secret."""

    def read_withdrawal(self, token: str) -> WithdrawalRight:
        """Return what a claimant's token says. Raises LinkInvalid."""


class Texts(Protocol):
    """The texts of mails and pages."""

    def __call__(self, name: str, /, **facts: object) -> str:
        """Return a text. name: of its template, such as `order_completed.html`. What is put into HTML is escaped."""
