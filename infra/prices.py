"""List prices in US dollars, of an American region, with where and when each was read. Price again before quoting."""

from dataclasses import dataclass
from typing import Final

AS_OF: Final = "2026-11"


@dataclass(frozen=True)
class Price:
    """verified: read from a source of Azure's own; otherwise from elsewhere, or from memory of earlier lists."""

    dollars: float
    per: str
    verified: bool


Y1_GB_SECOND: Final = Price(0.000016, "GB-seconds", False)
Y1_EXECUTION: Final = Price(0.20e-6, "executions", False)
FC1_GB_SECOND: Final = Price(0.000026, "GB-seconds on demand", True)
FC1_EXECUTION: Final = Price(0.40e-6, "executions", False)
FC1_READY_BASE: Final = Price(0.000004, "GB-seconds of an always-ready instance", False)
FC1_READY_BUSY: Final = Price(0.000016, "GB-seconds of an always-ready instance at work", False)
EP_VCPU_HOUR: Final = Price(0.173, "vCPU-hours", True)
EP_GIB_HOUR: Final = Price(0.0123, "GiB-hours", True)
QUEUE_OPERATION: Final = Price(0.004e-4, "queue operations", False)
TABLE_OPERATION: Final = Price(0.00036e-4, "table operations", False)
LOG_GB: Final = Price(2.30, "gigabytes of logs", False)

# What is free every month.
Y1_FREE_GB_SECONDS: Final = 400_000
Y1_FREE_EXECUTIONS: Final = 1_000_000
FC1_FREE_GB_SECONDS: Final = 100_000
FC1_FREE_EXECUTIONS: Final = 250_000

EP_SIZES: Final = {"EP1": (1, 3.5), "EP2": (2, 7.0), "EP3": (4, 14.0)}
"""vCPUs and GiB of one instance."""
