"""Idempotency keys as Stripe honours them: the first answer is kept and given again, other parameters are refused.

Kept is whatever was answered once execution began, declines and 500s included; what failed validation before leaves
the key free. The parameters themselves are not kept, only their fingerprint.
"""

import hashlib
import json

from sandbox.core.exchange import Answer, Call, JsonObject
from sandbox.core.ids import stripe_id
from sandbox.ledger import journal
from sandbox.ledger.store import Ledger
from sandbox.stripe.errors import StripeRefusal, invalid_request
from sandbox.stripe.problem import Problem
from sandbox.stripe.wire import error_body

_MAX_KEY_CHARS = 255


def remembered(call: Call, ledger: Ledger) -> Answer | None:
    """Return the answer this key was given before, or None. Raises StripeRefusal when the key was used for something else."""
    key = call.idempotency_key
    if key is None:
        return None
    if len(key) > _MAX_KEY_CHARS:
        raise invalid_request(f"Idempotency keys can have up to {_MAX_KEY_CHARS} characters.")
    stored = journal.stored_answer(ledger, key)
    if stored is None:
        return None
    if stored.path != call.path:
        raise _misused(f"for the same endpoint they were first used for ('{call.path}' vs '{stored.path}')", key)
    if stored.fingerprint != _fingerprint(call.params):
        raise _misused("with the same parameters they were first used with", key)
    headers = {"Idempotent-Replayed": "true", "Original-Request": stored.request_id}
    return Answer(status=stored.status, body=json.loads(stored.body), headers=headers)


def remember(call: Call, answer: Answer, ledger: Ledger) -> Answer:
    """Keep the answer under the call's key, and stamp it with the request id that replays will refer to."""
    if call.idempotency_key is None or not answer.storable:
        return answer
    request_id = stripe_id("req")
    stored = journal.StoredAnswer(
        path=call.path,
        fingerprint=_fingerprint(call.params),
        status=answer.status,
        body=json.dumps(answer.body),
        request_id=request_id,
    )
    journal.store_answer(ledger, call.idempotency_key, stored)
    headers = {**answer.headers, "Request-Id": request_id, "Original-Request": request_id}
    return Answer(status=answer.status, body=answer.body, headers=headers)


def in_use(key: str) -> Answer:
    """Return the refusal of a second request while the first with the same key is still under way."""
    problem = Problem(
        status=409,
        type="idempotency_error",
        code="idempotency_key_in_use",
        message="There is currently another in-progress request using this Idempotent Key (that probably means you"
        f" submitted twice, and the other request is still going through): {key}. Please try again later.",
    )
    return Answer(status=409, body=error_body(problem), headers={"Stripe-Should-Retry": "true"}, storable=False)


def _misused(rule: str, key: str) -> StripeRefusal:
    message = (
        f"Keys for idempotent requests can only be used {rule}. Try using a key other than '{key}' if you meant to"
        " execute a different request."
    )
    return StripeRefusal(Problem(status=400, type="idempotency_error", message=message), began=False)


def _fingerprint(params: JsonObject) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
