"""One call from the socket to the ledger and back: authenticate, understand, let a fault intervene, execute, answer.

Execution is synchronous and in one transaction, so calls are applied one after the other and each answer follows its
commit. The only pauses are ordered delays; while one lasts, its idempotency key is in use.
"""

from dataclasses import dataclass, field, replace

from aiohttp import web

from sandbox.core.delays import Delays
from sandbox.core.exchange import Answer, Call, Handler
from sandbox.core.face import Face, MalformedRequest, Operation
from sandbox.core.faults import FaultRule, Kind, Placed, decide
from sandbox.ledger import journal
from sandbox.ledger.store import Ledger

_INTERNAL_ERROR_STATUS = 500
_HTML_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass
class Pipeline:
    """One face at work. keys_in_use: idempotency keys whose first request is still under way."""

    face: Face
    ledger: Ledger
    delays: Delays
    keys_in_use: set[str] = field(default_factory=set)

    async def serve(self, operation: Operation, request: web.Request) -> Answer:
        """Return the answer to one request. Raises Dropped when a fault or the shutdown takes the connection away."""
        refused = self.face.authenticate(request.headers)
        if refused is not None:
            return refused
        try:
            call = self._understood(operation, request, await request.read())
        except MalformedRequest as malformed:
            return malformed.answer
        if call.idempotency_key is None:
            return await self._attempt(operation.handler, call)
        return await self._attempt_alone(operation.handler, call, call.idempotency_key)

    def _understood(self, operation: Operation, request: web.Request, body: bytes) -> Call:
        target = request.match_info.get("id")
        params = self.face.decode(request.rel_url.raw_query_string, body)
        return Call(
            face=self.face.name,
            method=operation.method,
            operation=operation.name,
            path=request.path,
            target=target,
            params=params,
            order_id=self.face.order_of(self.ledger, target, params),
            idempotency_key=self._key(operation, request),
            now=self.ledger.now(),
        )

    def _key(self, operation: Operation, request: web.Request) -> str | None:
        if self.face.busy is None or operation.method != "POST":
            return None
        return request.headers.get("Idempotency-Key") or None

    async def _attempt_alone(self, handler: Handler, call: Call, key: str) -> Answer:
        if key in self.keys_in_use:
            assert self.face.busy is not None
            busy = self.face.busy(key)
            return self._executed(lambda _call, _ledger: busy, call, fault=None)
        self.keys_in_use.add(key)
        try:
            return await self._attempt(handler, call)
        finally:
            self.keys_in_use.discard(key)

    async def _attempt(self, handler: Handler, call: Call) -> Answer:
        fault = self._ordered_fault(call)
        if fault is None:
            return self._executed(handler, call, fault=None)
        if fault.kind is Kind.DROP_BEFORE:
            self._note(call, None, fault)
            raise Dropped
        outage = self._outage(fault)
        if outage is not None:
            self._note(call, outage, fault)
            return outage
        if fault.delay_s is not None and not await self.delays.wait(fault.delay_s):
            raise Dropped
        return self._disturbed(handler, call, fault)

    def _disturbed(self, handler: Handler, call: Call, fault: FaultRule) -> Answer:
        if fault.kind is Kind.STATUS or fault.kind is Kind.FAIL_AFTER:
            return self._executed(self._failing(handler, acts=fault.kind is Kind.FAIL_AFTER), call, fault)
        lagging = fault.kind is Kind.LAG
        answer = self._executed(handler, replace(call, refusal=fault.refusal, lagging=lagging), fault)
        if fault.kind is Kind.DROP_AFTER:
            raise Dropped
        return answer

    def _failing(self, handler: Handler, *, acts: bool) -> Handler:
        """Return what answers 500. It runs like any handler, so that an idempotency key remembers the failure."""
        failure = self.face.failure(_INTERNAL_ERROR_STATUS)

        def fail(call: Call, ledger: Ledger) -> Answer:
            if acts:
                handler(call, ledger)
            return failure

        return fail

    def _outage(self, fault: FaultRule) -> Answer | None:
        """Return what a proxy in front of the provider answers; nothing reaches the provider and its idempotency keys."""
        if fault.kind is Kind.HTML:
            return Answer(status=502, body=_HTML_PAGE)
        if fault.status is None or fault.status == _INTERNAL_ERROR_STATUS:
            return None
        return self.face.failure(fault.status)

    def _ordered_fault(self, call: Call) -> FaultRule | None:
        placed = [
            Placed(id=rule_id, rule=FaultRule.model_validate(rule), seen=seen)
            for rule_id, rule, seen in journal.rules(self.ledger)
        ]
        decision = decide(placed, call)
        if decision.counted:
            with self.ledger.transaction():
                for one in decision.counted:
                    journal.save_seen(self.ledger, one.id, one.seen)
        return decision.fired

    def _executed(self, handler: Handler, call: Call, fault: FaultRule | None) -> Answer:
        with self.ledger.transaction():
            executed = self.face.execute(handler, call, self.ledger)
            self._log(call, executed.answer, fault, replayed=executed.replayed)
        return executed.answer

    def _note(self, call: Call, answer: Answer | None, fault: FaultRule) -> None:
        """Log a call that was not executed."""
        with self.ledger.transaction():
            self._log(call, answer, fault, replayed=False)

    def _log(self, call: Call, answer: Answer | None, fault: FaultRule | None, *, replayed: bool) -> None:
        record = journal.CallRecord(
            at=call.now.isoformat(timespec="milliseconds"),
            face=call.face,
            method=call.method,
            operation=call.operation,
            order_id=call.order_id,
            idempotency_key=call.idempotency_key,
            status=answer.status if answer else None,
            replayed=replayed,
            fault=fault.kind if fault else None,
        )
        journal.log_call(self.ledger, record)
