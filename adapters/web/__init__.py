"""Webhooks, links in mails, and look-ups over HTTP."""
