"""What one order does, as the cost model counts it. A test holds the counts against an order; the times are assumed."""

from dataclasses import dataclass
from typing import Final

SCHEDULED_RUNS: Final = 730 * (60 + 60 + 12 + 1 + 1) + 30
"""Runs of timer functions in a month, whatever is ordered: two every minute, one every five, two an hour, one a day."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What one order does, when all goes well and no human is asked: the order, its mail, and the watch of its parcel.

    Times in seconds.
    """

    activities: int = 5  # authorise, announce, buy the label, capture, record
    entity_calls: int = 1  # reserve, of one line; its answer wakes the order
    entity_signals: int = 1  # commit, of one line; nobody waits for it
    events: int = 0
    timers: int = 0
    polls: int = 2  # how often somebody asks for its status
    looks: int = 10  # how often the carrier is asked where the parcel is: three days
    news: int = 3  # how often it says something new
    activity_s: float = 0.4
    orchestrator_s: float = 0.1
    entity_s: float = 0.05
    http_s: float = 0.15
    mail_s: float = 0.3
    telemetry_items_per_execution: float = 2.1
    telemetry_item_kb: float = 1.2
    queue_ops: int | None = None  # measured; None for the model's
    table_ops: int | None = None

    @property
    def episodes(self) -> int:
        """Runs of the order's orchestrator: its start, and one more per answer. Each replay is a paid execution."""
        return 1 + self.activities + self.entity_calls + self.events + self.timers

    @property
    def watch_activities(self) -> int:
        """Find the parcel, look at it, and write down what is new."""
        return 1 + self.looks + self.news if self.looks else 0

    @property
    def watch_timers(self) -> int:
        return max(0, self.looks - 1)

    @property
    def watch_episodes(self) -> int:
        """Each look is a run of its own, which starts once, and once more per answer."""
        return self.looks + self.watch_activities + self.watch_timers

    @property
    def all_episodes(self) -> int:
        return self.episodes + self.watch_episodes

    @property
    def all_activities(self) -> int:
        return self.activities + self.watch_activities

    @property
    def durable_executions(self) -> int:
        return self.all_episodes + self.all_activities + self.entity_calls + self.entity_signals

    @property
    def http_executions(self) -> int:
        return 1 + self.polls

    @property
    def executions(self) -> int:
        """All of them; one delivers the mail."""
        return self.durable_executions + self.http_executions + 1

    @property
    def durable_s(self) -> float:
        busy = self.all_episodes * self.orchestrator_s + self.all_activities * self.activity_s
        return busy + (self.entity_calls + self.entity_signals) * self.entity_s

    @property
    def http_busy_s(self) -> float:
        return self.http_executions * self.http_s

    @property
    def queue_operations(self) -> int:
        """Put, get and delete: of each start, of a request and of its answer, of what has no answer, and of the mail."""
        pairs = self.all_activities + self.entity_calls
        single = self.entity_signals + self.events + self.timers + self.watch_timers
        modelled = 3 * (1 + self.looks) + 6 * pairs + 3 * single + 3
        return self.queue_ops if self.queue_ops is not None else modelled

    @property
    def table_operations(self) -> int:
        """Three per episode (read and append the history, update the instance), then the shop's own."""
        modelled = 2 + 3 * (self.all_episodes + self.entity_calls + self.entity_signals) + self.shop_table_operations
        return self.table_ops if self.table_ops is not None else modelled

    @property
    def shop_table_operations(self) -> int:
        """Accept and record the order, read it for each poll, enter its watch, find its parcel, write down the news."""
        return 2 + 2 * self.polls + (4 + self.news if self.looks else 0)

    @property
    def scheduler_actions(self) -> int:
        waits = self.entity_signals + self.events + self.timers + self.watch_timers
        return 1 + self.looks + 2 * (self.all_activities + self.entity_calls) + waits
