"""The mail adapters."""
