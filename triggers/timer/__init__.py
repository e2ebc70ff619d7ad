"""Timer functions: recover runs, expire reservations, reconcile stock and payments, prepare storage, purge histories."""
