"""State what one order sends to Application Insights, as it was recorded of the real host.

`tests/integration/infra/recorded/order.jsonl` has the items of one order up to the first poll of its parcel (Functions host 4.1037,
Durable extension 3.19.0, the host.json of FC1 with Azure Storage): 113 items, of 150 KB as they were sent. A test holds the
numbers below against it.
"""

from typing import Final, NamedTuple

RECORDED_COUNT: Final = 113  # of one order
RECORDED_KB: Final = 150
METRICS_PER_MINUTE: Final = 34
"""Performance counters and metrics of the host, for each running instance: some 40 while five orders took 70 seconds."""

READ_LINES: Final = 35 / 84
"""Of the lines of the host and the extension, those that alerts read: what `scripts.ingestion_filter` stores of any order."""

ITEM_KB: Final = RECORDED_KB / RECORDED_COUNT


class Items(NamedTuple):
    """Numbers of telemetry items.

    Attributes:
        lines: Log lines of the host and the extension.
        facts: The app's own lines, which alerts read.
        requests: How functions, orchestrations, activities and entity operations ended.
        dependencies: What calls them.
    """

    lines: float = 0
    facts: float = 0
    requests: float = 0
    dependencies: float = 0

    def times(self, factor: float) -> "Items":
        """Return so many times these."""
        return Items(*(factor * count for count in self))

    @property
    def number(self) -> float:
        """How many there are of all kinds."""
        return sum(self)


EPISODE: Final = Items(lines=40 / 11)
ACTIVITY: Final = Items(lines=5, requests=1, dependencies=1)
ENTITY_OPERATION: Final = Items(lines=2, requests=1, dependencies=1)
INSTANCE: Final = Items(requests=1, dependencies=1)
"""The end of an orchestration, and its creation."""
CALL: Final = Items(lines=2, requests=1)
"""A function that something else than the task hub triggers."""

QUIET_CALL: Final = Items(requests=1)
"""One whose start and end the host does not log (infra/host.overlays.json), because its request has both."""


def total(*counts: Items) -> Items:
    """Return the sum."""
    return Items(*map(sum, zip(*counts, strict=True)))
