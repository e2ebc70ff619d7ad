"""What is recorded of the runs of every workflow, the order included."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.page import Page
from domain.wire import Wire
from domain.workflows.course import Course
from domain.workflows.dead_letter import (
    BeginReplay,
    CloseDeadLetter,
    DeadLetter,
    DeadLetterState,
    StoredDeadLetter,
)
from domain.workflows.decision import SettleApprovalRequest, SettledApproval
from domain.workflows.intake import Intake, Reminder
from domain.workflows.records import Closing, CourseSettled, RecordRun, SettleCourse
from domain.workflows.run import CloseRun, RecordedRun, Run, WorkflowProgress


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

    def record_progress(self, record: RecordRun) -> Wire | None:
        """Store where a run stands or how it has ended, unless its row is further.

        Returns the progress of an order that it gave another status, else None.
        """

    def close(self, closing: CloseRun) -> Closing | None:
        """Store a compensation that was completed late; None when the run is unknown. Raises EndNotKnown."""


class RunRepository(RunRecords, Protocol):
    """The runs of every workflow but the order: one row per run, inserted only if absent."""

    def accept(self, run: Run, fingerprint: str) -> Intake:
        """Insert a run, unless its key is known. fingerprint: equal for equal requests."""

    def list_open(self, *, workflow: str | None = None, cursor: str | None = None, limit: int = 50) -> Page[Run]:
        """Return runs that are not known to have ended, by id. Raises InvalidCursor."""

    def list_ended(
        self, *, workflow: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[RecordedRun]:
        """Return runs that have ended, by id: of each page as many as there are. Raises InvalidCursor."""

    def knows(self, instance_id: str) -> bool:
        """Return whether a run was accepted."""

    def end(self, instance_id: str) -> WorkflowProgress | None:
        """Return the recorded end; None when none was recorded."""

    def course(self, instance_id: str) -> Course | None:
        """Return the recorded course of a run; None when none was recorded."""

    def reopen(self, run: Run) -> None:
        """Look after a run again whose end was recorded: an operator starts it once more."""

    def unchanged_since(self, before: datetime, *, after: str, limit: int) -> Page[RecordedRun]:
        """Return the runs unchanged since then that are known to have ended, of so many rows behind an id; cursor: the last id."""

    def retention_position(self) -> str:
        """Return the id behind which the retention is to go on; an empty one when it is to begin anew."""

    def move_retention(self, after: str) -> None:
        """Store how far the retention is. after: an empty id when it is at the end."""

    def is_known(self, instance_id: str) -> bool:
        """Return whether a run has this instance id."""

    def delete(self, instance_id: str) -> None:
        """Delete the row of a run: its key may be used again."""

    def forget_given_up(self, run: Run) -> None:
        """Forget a run whose end was recorded, unless it was reopened meanwhile."""


class Approvals(Protocol):
    """The decisions of approval waits, of orders and of claims: one row per wait, inserted only if absent."""

    def decision(self, key: str, wait_id: str) -> SettledApproval | None:
        """Return the decision of an approval wait; None while there is none."""

    def all_of(self, key: str) -> Sequence[tuple[str, SettledApproval]]:
        """Return every decision of an order or a run, each with the id of its wait."""

    def delete_all(self, key: str) -> None:
        """Delete every decision of an order or a run."""

    def settle(self, request: SettleApprovalRequest) -> SettledApproval:
        """Store the decision of an approval wait, unless there is one; return the one that holds."""

    def first_approval(self, key: str, wait_id: str, approver: str) -> str:
        """Store who is the first of two approvers of a wait, unless that is stored; return who it is."""

    def known_first_approval(self, key: str, wait_id: str) -> str | None:
        """Return who is the first of two approvers of a wait; None before there is one."""

    def record_requester(self, key: str, name: str) -> None:
        """Store that a caller of this name asked for a run. Safe to repeat."""

    def requesters(self, key: str) -> Sequence[str]:
        """Return the names of those who asked for a run."""

    def is_requester(self, key: str, name: str) -> bool:
        """Return whether a caller of this name, in any case, asked for a run."""


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

    def delete_closed(self, dead_letter: DeadLetter) -> None:
        """Delete a record that is closed, unless it was opened anew meanwhile."""
