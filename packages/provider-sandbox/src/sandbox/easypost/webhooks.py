"""Webhooks and the events that they are sent, pure: the shapes of EasyPost's, and its signature of a body."""

import hashlib
import hmac
import json
import unicodedata
from datetime import datetime

from sandbox.core.exchange import JsonObject
from sandbox.core.ids import easypost_id
from sandbox.easypost.trackers import timestamp

SIGNATURE_HEADER = "X-Hmac-Signature"


def new_webhook(url: str, now: datetime) -> JsonObject:
    """Make a Webhook, which never shows its secret."""
    return {
        "id": easypost_id("hook"),
        "object": "Webhook",
        "mode": "test",
        "url": url,
        "created_at": timestamp(now),
        "disabled_at": None,
        "custom_headers": [],
    }


def event(description: str, tracker: JsonObject, before: JsonObject, url: str, now: datetime) -> str:
    """Return the body of an event. before: the attributes that have changed, as they were."""
    document = {
        "description": description,
        "mode": "test",
        "previous_attributes": before,
        "created_at": timestamp(now),
        "pending_urls": [url],
        "completed_urls": [],
        "updated_at": timestamp(now),
        "id": easypost_id("evt"),
        "user_id": "user_sandbox",
        "status": "pending",
        "object": "Event",
        "result": tracker,
    }
    return json.dumps(document, separators=(",", ":"))


def signature(body: str, secret: str) -> str:
    """Return what EasyPost sends as the signature: the secret normalised (NFKD), the body as its bytes."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return f"hmac-sha256-hex={hmac.new(key, body.encode(), hashlib.sha256).hexdigest()}"
