"""Workflows that survive restarts: deterministic, no I/O, no environment, no clock but the context's."""
