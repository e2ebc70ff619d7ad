"""State what an order asks of the storage account, the polling of queues apart.

What the Durable extension asks was recorded of the real host (4.1037, extension 3.19.0); what the app asks is counted by
`tests/integration/infra/test_workload.py`, which holds the numbers below.
"""

from typing import Final, NamedTuple


class Requests(NamedTuple):
    """Numbers of requests.

    Attributes:
        tables: To tables.
        queues: That put or delete a message.
    """

    tables: float = 0
    queues: float = 0

    def times(self, factor: float) -> "Requests":
        """Return so many times these."""
        return Requests(*(factor * count for count in self))

    @property
    def number(self) -> float:
        """How many there are of both kinds."""
        return sum(self)


RUN: Final = Requests(tables=3)
"""A run of an orchestration or of an entity: its history is read and appended to, its instance updated."""

INSTANCE: Final = Requests(tables=2)
"""A new orchestration: its instance is looked for and inserted."""

MESSAGE: Final = Requests(queues=2)
"""To an orchestration or an entity: put and deleted. An activity is two, there and back."""

ORDER: Final = Requests(tables=11, queues=2)
"""The app's own, up to the order's end: its rows, product and parcel, its mail and that it was sent."""

STATUS_POLL: Final = Requests(tables=2)
"""By the client: the order's row and its instance."""

REPORT: Final = Requests(tables=2)
"""An event of the carrier: which order the parcel is of, and where it was."""

RECORDED_REPORT: Final = Requests(tables=1)
"""What is more of an event that has a new status, or comes hours after the last."""

SILENT_POLL: Final = Requests(tables=1)
"""A poll by the timer that finds nothing new. One that does is 2, and 3 if it is the first that is known of the parcel."""

WATCH: Final = Requests(tables=8)
WATCHED_CHANGE: Final = Requests(tables=2)
"""The start and the end of a watch, and each new status that it finds."""


# Rows of the order repository that transactions change: the order's own, and its index rows beside it.
ORDER_ROWS: Final = 28
RECORDED_REPORT_ROWS: Final = 11
SILENT_POLL_ROWS: Final = 3

ORDER_READ_ROWS: Final = 4
"""The reads of the order's row, and the end of its reminder."""

STORED_ROWS: Final = 10
STORED_KB: Final = 8
"""What an order takes in the order repository until it is archived: measured at an order of one line, ten rows of 7.4 KB."""

RECORDED_IDLE_REQUESTS_PER_MINUTE: Final = 143
"""Polling of queues, leases and partitions, without any order: of one instance of the real host, with four partitions and queues
that are polled every ten seconds."""


def total(*counts: Requests) -> Requests:
    """Return the sum."""
    return Requests(*map(sum, zip(*counts, strict=True)))
