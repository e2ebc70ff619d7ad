"""List prices in US dollars, of an American region, each with its source. Read them again before quoting."""

from dataclasses import dataclass
from typing import Final

AS_OF: Final = "2026-11"


# Azure's own.
_RETAIL: Final = "Azure retail prices API"
_LISTED: Final = "Azure's price list"
# Not Azure's own, or not read again since.
_COMPARED: Final = "a third party's comparison of 2025-05"
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
FC1_EXECUTION: Final = Price(0.40e-6, "executions", _REMEMBERED)
FC1_READY_BASE: Final = Price(0.000004, "GB-seconds of an always-ready instance", _REMEMBERED)
FC1_READY_BUSY: Final = Price(0.000016, "GB-seconds of an always-ready instance at work", _REMEMBERED)
EP_VCPU_HOUR: Final = Price(0.173, "vCPU-hours", _RETAIL)
EP_GIB_HOUR: Final = Price(0.0123, "GiB-hours", _RETAIL)
P0V3_HOUR: Final = Price(0.085, "instance-hours (Linux)", _REMEMBERED)
P1V3_HOUR: Final = Price(0.155, "instance-hours (Linux)", _REMEMBERED)
QUEUE_OPERATION: Final = Price(0.004e-4, "queue operations", _REMEMBERED)
TABLE_OPERATION: Final = Price(0.00036e-4, "table operations", _REMEMBERED)
LOG_GB: Final = Price(2.30, "gigabytes of logs", _REMEMBERED)

# What is free every month.
Y1_FREE_GB_SECONDS: Final = 400_000
Y1_FREE_EXECUTIONS: Final = 1_000_000
FC1_FREE_GB_SECONDS: Final = 100_000
FC1_FREE_EXECUTIONS: Final = 250_000

FC1_VCPUS: Final = {512: 0.25, 2048: 1.0, 4096: 2.0}
"""vCPUs of one instance, by its memory in MB."""

EP_SIZES: Final = {"EP1": (1, 3.5), "EP2": (2, 7.0), "EP3": (4, 14.0)}
"""vCPUs and GiB of one instance."""

DEDICATED_HOUR: Final = {"P0v3": P0V3_HOUR, "P1v3": P1V3_HOUR}
"""An instance of an App Service plan for an hour."""
