"""State what one order does, as the cost model counts it. A test holds the counts against an order; the times are assumed.

What it asks of the storage account is in `storage`, and what it logs in `telemetry`.
"""

from dataclasses import dataclass
from typing import Final

from scripts.cost import processor, storage, telemetry
from scripts.cost.storage import Requests
from scripts.cost.telemetry import Items

SCHEDULED_RUNS: Final = 730 * (60 + 12 + 12 + 4 + 4 + 3 + 1 + 1) + 30 * 56
"""Runs of timer functions in a month: every minute, two every five, two every 15, one every 20, two an hour, 56 a night."""

_MIN_BILLED_S: Final = 0.1
"""Of a run on Y1."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What one order does when no step fails and no approval is needed: the order, its mail and the reports of its parcel.

    Times are in seconds. Every run of an orchestrator, each replay included, is a paid execution.
    """

    activities: int = 3  # payment and parcel, label and capture, the end
    steps: int = 5  # each with a line of its own, also where two share an activity
    entity_calls: int = 1  # reserve, of one line; its answer wakes the order
    entity_signals: int = 1  # commit, of one line; the order does not wait for it
    events: int = 0
    timers: int = 0
    polls: int = 2  # of the order's status, by the client
    carrier_polls: int = 0  # of a parcel that is watched on request; ten are three days
    tracking_changes: int = 0  # of those, polls that return a new status
    reports: int = 10  # webhooks of the carrier until the parcel has arrived
    recorded_reports: int = 5  # with a new status, or hours after the last
    silent_polls: int = 1  # by the timer, a hundred parcels in one request
    activity_s: float = 0.4
    orchestrator_s: float = 0.1
    entity_s: float = 0.05
    http_s: float = 0.15
    report_s: float = 0.05
    order_in_worker_s: float = processor.ORDER_IN_WORKER.seconds
    mail_s: float = 0.3
    queue_ops: int | None = None  # measured; None for the model's
    table_ops: int | None = None

    @property
    def episodes(self) -> int:
        """Runs of the order's orchestrator: its start, and one per answer."""
        return 1 + self.activities + self.entity_calls + self.events + self.timers

    @property
    def tracking_activities(self) -> int:
        """Activities that find the parcel, poll the carrier, and record each change."""
        return 1 + self.carrier_polls + self.tracking_changes if self.carrier_polls else 0

    @property
    def tracking_timers(self) -> int:
        """Waits between the polls of the carrier."""
        return max(0, self.carrier_polls - 1)

    @property
    def tracking_episodes(self) -> int:
        """Runs of the tracking orchestrator: each poll continues as new, and each answer is one more."""
        return self.carrier_polls + self.tracking_activities + self.tracking_timers

    @property
    def all_episodes(self) -> int:
        """Runs of both orchestrators."""
        return self.episodes + self.tracking_episodes

    @property
    def all_activities(self) -> int:
        """Activities of both orchestrators."""
        return self.activities + self.tracking_activities

    @property
    def entity_operations(self) -> int:
        """Operations on the inventory."""
        return self.entity_calls + self.entity_signals

    @property
    def durable_executions(self) -> int:
        """Executions of orchestrators, activities and entities."""
        return self.all_episodes + self.all_activities + self.entity_operations

    @property
    def http_executions(self) -> int:
        """Executions of HTTP functions: the order, the polls of its status, and the reports of its parcel."""
        return 1 + self.polls + self.reports

    @property
    def executions(self) -> int:
        """All executions; one delivers the mail."""
        return self.durable_executions + self.http_executions + 1

    @property
    def durable_s(self) -> float:
        """Seconds of work of orchestrators, activities and entities."""
        busy = self.all_episodes * self.orchestrator_s + self.all_activities * self.activity_s
        return busy + self.entity_operations * self.entity_s

    @property
    def http_busy_s(self) -> float:
        """Seconds of work of HTTP functions."""
        return (1 + self.polls) * self.http_s + self.reports * self.report_s

    @property
    def billed_s(self) -> float:
        """Seconds that Y1 bills: no run counts for less than a tenth of one."""
        orchestrator, entity, http, report = (
            max(_MIN_BILLED_S, seconds) for seconds in (self.orchestrator_s, self.entity_s, self.http_s, self.report_s)
        )
        durable = self.all_episodes * orchestrator + self.all_activities * self.activity_s
        called = (1 + self.polls) * http + self.reports * report
        return durable + self.entity_operations * entity + called + self.mail_s

    @property
    def run_in_worker_s(self) -> float:
        """Seconds of processor time of an orchestrator's or activity's run in the worker: its share of the order's."""
        return self.order_in_worker_s / (self.episodes + self.activities)

    @property
    def durable_in_worker_s(self) -> float:
        """Seconds of processor time in the worker of an order, and of a watch where there is one."""
        watch = self.tracking_episodes + self.tracking_activities
        return self.order_in_worker_s + watch * processor.RECORDED_RUN_IN_WORKER_S

    @property
    def durable_cpu_s(self) -> float:
        """Those in worker and host."""
        return self.durable_in_worker_s + (self.all_episodes + self.all_activities) * processor.RUN_IN_HOST_S

    @property
    def reports_cpu_s(self) -> float:
        """Seconds of processor time of its parcel's reports."""
        return self.reports * (processor.REPORT_IN_WORKER.seconds + processor.REPORT_IN_HOST_S)

    @property
    def worker_cpu_s(self) -> float:
        """Seconds of processor time of both in the worker."""
        return self.durable_in_worker_s + self.reports * processor.REPORT_IN_WORKER.seconds

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time of both in worker and host."""
        return self.durable_cpu_s + self.reports_cpu_s

    @property
    def queue_operations(self) -> int:
        """Put, get and delete of every message: starts, requests, their answers, one-way messages and the mail."""
        pairs = self.all_activities + self.entity_calls
        single = self.entity_signals + self.events + self.timers + self.tracking_timers
        modelled = 3 * (1 + self.carrier_polls) + 6 * pairs + 3 * single + 3
        return self.queue_ops if self.queue_ops is not None else modelled

    @property
    def table_operations(self) -> int:
        """Those on the tables of the task hub and of the shop, the client's polls included."""
        modelled = self.hub_requests.tables + self.shop_table_operations + self.polls
        return self.table_ops if self.table_ops is not None else round(modelled)

    @property
    def hub_requests(self) -> Requests:
        """Those of the Durable extension."""
        instances = 1 + self.carrier_polls
        messages = instances + 2 * self.entity_calls + self.entity_signals + self.events
        return storage.total(
            storage.RUN.times(self.all_episodes + self.entity_operations),
            storage.INSTANCE.times(instances),
            storage.MESSAGE.times(messages + self.timers + self.tracking_timers + 2 * self.all_activities),
        )

    @property
    def parcel_requests(self) -> Requests:
        """Those of the app after the order's end, until its parcel has arrived."""
        watched = (
            storage.total(storage.WATCH, storage.WATCHED_CHANGE.times(self.tracking_changes))
            if self.carrier_polls
            else Requests()
        )
        return storage.total(
            storage.REPORT.times(self.reports),
            storage.RECORDED_REPORT.times(self.recorded_reports),
            storage.SILENT_POLL.times(self.silent_polls),
            watched,
        )

    @property
    def life_requests(self) -> Requests:
        """All of an order and its parcel, the polling of queues and of the client apart."""
        return storage.total(self.hub_requests, storage.ORDER, self.parcel_requests)

    @property
    def shop_table_operations(self) -> int:
        """Those on the shop's tables alone, wherever the task hub is; a poll of the client reads the order's row."""
        return round(storage.ORDER.tables + self.parcel_requests.tables) + self.polls

    @property
    def control_messages(self) -> int:
        """Messages in the control queues: to orchestrations and entities, the answers of activities among them."""
        return 1 + self.carrier_polls + 2 * self.entity_calls + self.entity_signals + self.events + self.all_activities

    @property
    def repository_rows(self) -> int:
        """Rows of the order repository that are read or changed for an order and its parcel."""
        changed = storage.ORDER_ROWS + storage.RECORDED_REPORT_ROWS * self.recorded_reports
        polled = storage.SILENT_POLL_ROWS * self.silent_polls
        return changed + polled + storage.ORDER_READ_ROWS + self.reports + self.polls

    @property
    def scheduler_actions(self) -> int:
        """Actions that the Durable Task Scheduler bills."""
        waits = self.entity_signals + self.events + self.timers + self.tracking_timers
        return 1 + self.carrier_polls + 2 * (self.all_activities + self.entity_calls) + waits

    @property
    def telemetry(self) -> Items:
        """Items of telemetry: of every run, a line of the app for each step, each of two statuses, and the parcel's end."""
        return telemetry.total(
            telemetry.EPISODE.times(self.all_episodes),
            telemetry.ACTIVITY.times(self.all_activities),
            telemetry.ENTITY_OPERATION.times(self.entity_operations),
            telemetry.INSTANCE.times(1 + self.carrier_polls),
            telemetry.QUIET_CALL.times(1 + self.reports + 1),
            telemetry.CALL.times(self.polls),
            Items(facts=self.steps + 2 + (1 if self.reports else 0)),
        )


VERSION_1_0: Final = Workload(
    activities=5,
    carrier_polls=10,
    tracking_changes=3,
    reports=0,
    recorded_reports=0,
    silent_polls=0,
    order_in_worker_s=processor.RECORDED_RUN_IN_WORKER_S * (7 + 5),
)
"""An order as it was: an activity for each step, and a workflow that polled its parcel. Its rows are counted as they are now."""
