"""Log the drift of the inventory."""

import logging

from domain.inventory.reconciliation import ReconciliationReport

_log = logging.getLogger(__name__)


def log_drift(report: ReconciliationReport) -> None:
    """Log one warning per drift, as JSON, for alerts to match."""
    for drift in report.drift:
        _log.warning("inventory drift %s", drift.model_dump_json())
