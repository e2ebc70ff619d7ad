"""Stock, reservations and reconciliation."""
