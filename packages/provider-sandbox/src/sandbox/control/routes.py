"""`/sandbox` over HTTP: ledgers and call log to read, fault rules to place, reset.

Errors are `{"error": {"message", "fields"}}` with status 400, 404 or 409.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.control import events, webhooks
from sandbox.control.answers import json_body, problem, read
from sandbox.core.delays import Delays
from sandbox.core.faults import FaultRule
from sandbox.ledger import journal, parcels, payments
from sandbox.ledger.store import Ledger

_AMOUNTS = ("authorised", "captured", "refunded", "voided")
_INDEX = {
    "GET /sandbox/ledger/payments": "money per payment, and totals per currency; ?order_id= for one order",
    "GET /sandbox/ledger/parcels": "label and tracking per shipment; ?order_id= for one order",
    "GET /sandbox/calls": "calls received, and how many of each operation; ?order_id= ?operation=",
    "GET /sandbox/faults": "the fault rules in force and how often each has matched",
    "POST /sandbox/faults": "place fault rules: one, or a list",
    "DELETE /sandbox/faults": "remove all fault rules; calls they delay go on at once",
    "DELETE /sandbox/faults/{id}": "remove one",
    "POST /sandbox/payments/{id}/authenticate": '{"succeed": bool}: the customer acts on a requires_action payment',
    "POST /sandbox/payments/{id}/settle": '{"succeed": bool}: how a processing payment ended',
    "POST /sandbox/payments/{id}/expire": "the bank gives an uncaptured authorisation back",
    "POST /sandbox/refunds/{id}": '{"status": "failed"}: the customer\'s bank returns the refund; the money is back',
    "POST /sandbox/trackers/{id}": '{"status": …}: the carrier reports; by tracker id, tracking code, reference or order',
    "POST /sandbox/webhooks/deliver": '{"copies": 1, "order": "sent" | "reversed" | "shuffled"}: deliver what waits; 0 loses it',
    "POST /sandbox/shipments/{id}/refund": '{"status": "refunded" | "rejected"}: the carrier decides on a refund',
    "POST /sandbox/clock": '{"advance_s": …}: put the clock forward; keys expire, the search index catches up',
    "POST /sandbox/search": '{"lag_s": …}: how far the search index is behind',
    "DELETE /sandbox/keys": "forget all idempotency keys, as Stripe does with those older than a day",
    "POST /sandbox/reset": "forget everything",
}


def routes(ledger: Ledger, operations: frozenset[str], delays: Delays) -> list[web.RouteDef]:
    """Return the routes. operations: the names that fault rules may give."""
    control = Control(ledger, operations, delays)
    return [
        web.get("/sandbox", control.index),
        web.get("/sandbox/ledger/payments", control.payments),
        web.get("/sandbox/ledger/parcels", control.parcels),
        web.get("/sandbox/calls", control.calls),
        web.get("/sandbox/faults", control.faults),
        web.post("/sandbox/faults", control.place_faults),
        web.delete("/sandbox/faults", control.remove_faults),
        web.delete(r"/sandbox/faults/{id:\d+}", control.remove_faults),
        web.post("/sandbox/clock", control.advance_clock),
        web.post("/sandbox/search", control.set_search_lag),
        web.delete("/sandbox/keys", control.forget_keys),
        web.post("/sandbox/reset", control.reset),
        *events.routes(ledger),
        *webhooks.routes(ledger),
    ]


@dataclass(frozen=True)
class Control:
    """The handlers that read, and those that order faults."""

    ledger: Ledger
    operations: frozenset[str]
    delays: Delays

    async def index(self, _request: web.Request) -> web.Response:
        """Answer with the list of what there is."""
        return web.json_response({"faces": ["/v1 (Stripe)", "/v2 (EasyPost)"], "sandbox": _INDEX})

    async def payments(self, request: web.Request) -> web.Response:
        """Answer with the money ledger."""
        entries = payments.entries(self.ledger, request.query.get("order_id"))
        return web.json_response({"payments": entries, "totals": _totals(entries)})

    async def parcels(self, request: web.Request) -> web.Response:
        """Answer with the parcel ledger."""
        return web.json_response({"parcels": parcels.entries(self.ledger, request.query.get("order_id"))})

    async def calls(self, request: web.Request) -> web.Response:
        """Answer with the call log."""
        found = journal.calls(self.ledger, request.query.get("order_id"), request.query.get("operation"))
        return web.json_response({"calls": found, "counts": Counter(call["operation"] for call in found)})

    async def faults(self, _request: web.Request) -> web.Response:
        """Answer with the fault rules."""
        placed = [
            {"id": rule_id, "rule": rule, "matched": sum(seen.values())}
            for rule_id, rule, seen in journal.rules(self.ledger)
        ]
        return web.json_response({"faults": placed})

    async def place_faults(self, request: web.Request) -> web.Response:
        """Add fault rules."""
        given = await json_body(request)
        rules = [self._rule(one) for one in (given if isinstance(given, list) else [given])]
        with self.ledger.transaction():
            ids = [journal.add_rule(self.ledger, rule.model_dump(mode="json")) for rule in rules]
        return web.json_response({"ids": ids}, status=201)

    async def remove_faults(self, request: web.Request) -> web.Response:
        """Remove fault rules."""
        raw = request.match_info.get("id")
        with self.ledger.transaction():
            removed = journal.remove_rules(self.ledger, None if raw is None else int(raw))
        self.delays.release()
        if raw is not None and removed == 0:
            raise problem(web.HTTPNotFound, "there is no such fault rule")
        return web.json_response({"removed": removed})

    async def advance_clock(self, request: web.Request) -> web.Response:
        """Put the clock forward."""
        body = read(events.Advance, await json_body(request))
        with self.ledger.transaction():
            self.ledger.set_condition("ahead_s", self.ledger.condition("ahead_s") + body.advance_s)
        return web.json_response({"now": self.ledger.now().isoformat()})

    async def set_search_lag(self, request: web.Request) -> web.Response:
        """Set how far the search index is behind."""
        body = read(events.SearchLag, await json_body(request))
        with self.ledger.transaction():
            self.ledger.set_condition("search_lag_s", body.lag_s)
        return web.json_response({"lag_s": body.lag_s})

    async def forget_keys(self, _request: web.Request) -> web.Response:
        """Forget all idempotency keys."""
        with self.ledger.transaction():
            return web.json_response({"removed": journal.forget_answers(self.ledger)})

    async def reset(self, _request: web.Request) -> web.Response:
        """Forget everything."""
        self.ledger.clear()
        self.delays.release()
        return web.json_response({})

    def _rule(self, given: Any) -> FaultRule:
        rule = read(FaultRule, given)
        if rule.operation is not None and rule.operation not in self.operations:
            raise problem(web.HTTPBadRequest, f"operation: must be one of {', '.join(sorted(self.operations))}")
        return rule


def _totals(entries: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Per currency, the sum of each amount."""
    totals: dict[str, dict[str, int]] = {}
    for entry in entries:
        sums = totals.setdefault(entry["currency"], dict.fromkeys(_AMOUNTS, 0))
        for name in _AMOUNTS:
            sums[name] += entry[name]
    return totals
