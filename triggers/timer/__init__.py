"""Timer functions: recovery, reconciliation, and what else is due regularly."""
