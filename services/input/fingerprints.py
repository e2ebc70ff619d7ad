"""Know a repeat of a request from another request under the same id."""

import hashlib
import json

from domain.wire import Wire


def fingerprint(request: Wire) -> str:
    """Return the SHA-256 of all that a request asks for: equal for equal requests, and for those alone.

    Args:
        request: Without the id under which it came; that is what the fingerprint is stored under.

    Fields with their default are left out, so that a field that is added later keeps the fingerprints of the requests before it.
    """
    asked = request.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
