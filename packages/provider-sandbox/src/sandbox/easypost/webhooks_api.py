"""The webhook endpoints."""

from urllib.parse import urlsplit

from sandbox.core.exchange import Answer, Call, JsonObject
from sandbox.easypost import fields, webhooks
from sandbox.easypost.errors import invalid, missing, not_found
from sandbox.ledger import hooks
from sandbox.ledger.store import Ledger


def create(call: Call, ledger: Ledger) -> Answer:
    """Register an address for all events of the account."""
    given = fields.section(call.params, "webhook")
    url = fields.text(given, "url")
    if url is None:
        raise missing("url")
    if urlsplit(url).scheme not in ("http", "https"):
        raise invalid("url", "must be an http or https address")
    webhook = webhooks.new_webhook(url, call.now)
    hooks.save(ledger, webhook, fields.text(given, "webhook_secret"))
    return Answer(status=201, body=webhook)


def list_all(_call: Call, ledger: Ledger) -> Answer:
    """Answer with all webhooks."""
    return Answer(body={"webhooks": [webhook for webhook, _ in hooks.registered(ledger)]})


def delete(call: Call, ledger: Ledger) -> Answer:
    """Remove a webhook with what waits for it."""
    assert call.target is not None
    if not hooks.remove(ledger, call.target):
        raise not_found()
    return Answer(body={})


def announce(ledger: Ledger, description: str, tracker: JsonObject, before: JsonObject | None = None) -> None:
    """Have an event about a tracker wait for its delivery to every webhook of the account."""
    for webhook, _ in hooks.registered(ledger):
        body = webhooks.event(description, tracker, before or {}, webhook["url"], ledger.now())
        hooks.put(ledger, webhook["id"], body, ledger.now())
