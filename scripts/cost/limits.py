"""Limits that Azure and Stripe document, each with its page. Read them again before relying on one: they change."""

from typing import Final, NamedTuple

_LEARN: Final = "https://learn.microsoft.com/azure"


class Limit(NamedTuple):
    """A documented limit, and the page that has it."""

    number: int
    source: str


QUEUE_MESSAGES_PER_S: Final = Limit(2_000, f"{_LEARN}/storage/queues/scalability-targets")
"""Of one queue, messages of 1 KiB. Each put, read and delete is counted as one."""

ACCOUNT_REQUESTS_PER_S: Final = Limit(20_000, f"{_LEARN}/storage/queues/scalability-targets")
PARTITION_ROWS_PER_S: Final = Limit(2_000, f"{_LEARN}/storage/tables/scalability-targets")
"""Of one partition of a table, rows of 1 KiB."""

MAX_TASK_HUB_PARTITIONS: Final = Limit(16, f"{_LEARN}/azure-functions/durable/durable-functions-azure-storage-provider")
"""Each has a control queue, and orchestrators and entities run on one instance for each at most."""

_SCHEDULER: Final = f"{_LEARN}/azure-functions/durable/durable-task-scheduler/durable-task-scheduler-billing"
SCHEDULER_CONSUMPTION_ACTIONS_PER_S: Final = Limit(500, _SCHEDULER)
SCHEDULER_UNIT_ACTIONS_PER_S: Final = Limit(2_000, _SCHEDULER)
MAX_SCHEDULER_UNITS: Final = Limit(3, _SCHEDULER)

_SCALE: Final = f"{_LEARN}/azure-functions/functions-scale#scale"
MAX_INSTANCES: Final = {
    "FC1": Limit(1_000, _SCALE),
    "EP1": Limit(20, _SCALE),
    "EP2": Limit(20, _SCALE),
    "EP3": Limit(20, _SCALE),
    "P0v3": Limit(30, _SCALE),
    "P1v3": Limit(30, _SCALE),
    "Y1": Limit(100, _SCALE),
}
"""Instances of one app on Linux. Premium has 20 to 100, by region; an App Service plan does not scale by itself here."""

STRIPE_CALLS_PER_S: Final = Limit(25, "https://docs.stripe.com/rate-limits")
"""Of one operation, such as making a payment, in live mode; 100 of all together. Stripe raises both on request."""

STRIPE_PAGE_PAYMENTS: Final = Limit(100, "https://docs.stripe.com/api/pagination")
