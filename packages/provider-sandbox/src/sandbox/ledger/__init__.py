"""What the sandbox remembers: payments, parcels, idempotency keys, calls and fault rules, in one SQLite file."""
