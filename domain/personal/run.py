"""The run that exports or erases one customer's data: what it is asked, and its pages.

What a run is given stays in its history. So an erasure names its customer by a digest alone, under which the customer's id is kept
until the erasure is done.
"""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from domain.ids import CustomerId, WorkflowKey
from domain.personal.erasure import MAX_EMAILS, Open
from domain.wire import EmailAddress, OneLine, Wire
from domain.workflows.run import RunRequest
from domain.workflows.steps import StepResult

CUSTOMER_DATA: Final = "customer_data"

Subject = Annotated[str, Field(pattern=r"^[a-z]{40}$")]
"""The digest of a customer's id."""


class DataAction(StrEnum):
    """What becomes of the data."""

    EXPORT = "export"
    ERASURE = "erasure"


class DataPlace(StrEnum):
    """Where a customer's data is found, in the order in which it is exported."""

    ORDERS = "orders"
    PEOPLE = "people"
    RUNS = "runs"
    FILES = "files"


CHECKED: Final = (DataPlace.ORDERS, DataPlace.PEOPLE, DataPlace.RUNS)
"""Where something may be open."""

ERASED: Final = (DataPlace.FILES, DataPlace.RUNS, DataPlace.PEOPLE, DataPlace.ORDERS)
"""The orders, by which the rest is found, go last, and users, by whose names it is found, just before them."""


class CustomerDataRequest(RunRequest):
    """What a run is to do.

    Attributes:
        customer_id: Of an export.
        emails: Of an export: addresses that no order of the customer has.
        subject: Of an erasure.
    """

    action: DataAction
    requested_by: OneLine
    customer_id: CustomerId | None = None
    emails: Annotated[tuple[EmailAddress, ...], Field(max_length=MAX_EMAILS)] = ()
    subject: Subject | None = None


class DataPage(Wire):
    """One page of one place. cursor: where it begins; None at the beginning of the place. number: from 0."""

    key: WorkflowKey
    request: CustomerDataRequest
    place: DataPlace
    cursor: str | None = None
    number: int = 0


class DataPageDone(StepResult):
    """What came of a page.

    Attributes:
        cursor: Where the next page begins; None after the last one.
        counts: How many records of each kind there were.
        open: What is not settled. It was left as it is.
    """

    cursor: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    open: tuple[Open, ...] = ()


class FinishErasure(Wire):
    """Record how an erasure has ended. open: what it waits for; nothing: it is done."""

    subject: Subject
    counts: dict[str, int] = Field(default_factory=dict)
    open: tuple[Open, ...] = ()


class FinishExport(Wire):
    """Make one document of all pages of an export."""

    key: WorkflowKey
    request: CustomerDataRequest
