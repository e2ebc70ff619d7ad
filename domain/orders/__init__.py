"""Orders, approvals and batches of orders."""
