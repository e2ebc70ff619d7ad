"""Timer functions: recover runs, expire reservations, reconcile stock, purge histories."""
