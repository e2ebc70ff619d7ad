"""Adapters for links, webhooks and lookups over HTTP."""
