"""Settle orders and runs of other workflows: replay everything of one that is open."""

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.ids import PROCESS_ORDER
from domain.wire import Wire
from domain.workflows.dead_letter import DeadLetterState, ReplayProgress
from domain.workflows.steps import StepResult
from services.durable.instances import has_completed
from services.recovery.settlement import OpenStep, Settlement, SettlementStatus, settle, settlement_of
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import accepted, answer

bp = df.Blueprint()

_REFUSALS = {409: "It is under way, was never started, or nothing of it is open."}


class SettledStep(Wire):
    """A step that was left open. attempt: of its latest replay, 0 before the first; result: of that replay, once it has ended."""

    dead_letter_id: str
    step: str
    state: DeadLetterState
    attempt: int
    is_running: bool
    result: StepResult | None
    statusQueryGetUri: str


class SettlementAnswer(Wire):
    """How far the settlement is.

    `running`: a replay is under way. `open`: a step is open, and none is being replayed. `settled`: nothing is open.
    """

    workflow: str
    id: str
    status: SettlementStatus
    steps: tuple[SettledStep, ...]
    statusQueryGetUri: str


@operation(
    bp,
    "POST",
    "orders/{order_id}/settlement",
    roles=frozenset({Role.OPERATOR}),
    answers={202: SettlementAnswer},
    problems=_REFUSALS,
)
async def settle_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Settle an order: replay every open dead letter of it at once.

    An order whose instance has failed, was terminated or is gone is stopped first, and not started again. The order ends with the
    last of its dead letters. A repeat finds the replays under way, and starts those again that have failed.
    """
    order_id = path_id(req, "order_id")
    return _accepted(await settle(client, PROCESS_ORDER, order_id), "orders", order_id)


@operation(
    bp,
    "GET",
    "orders/{order_id}/settlement",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: SettlementAnswer, 202: SettlementAnswer},
)
async def get_order_settlement(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return how far the settlement of an order is.

    The status is 202 while a replay is under way, else 200.
    """
    order_id = path_id(req, "order_id")
    return _shown(await settlement_of(client, PROCESS_ORDER, order_id), "orders", order_id)


@operation(
    bp,
    "POST",
    "runs/{workflow}/{id}/settlement",
    roles=frozenset({Role.OPERATOR}),
    answers={202: SettlementAnswer},
    problems=_REFUSALS,
)
async def settle_run(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Settle a run of any workflow: replay every open dead letter of it at once.

    The replay of the dead letter `run` starts the run again.
    """
    workflow, key = path_id(req, "workflow"), path_id(req, "id")
    return _accepted(await settle(client, workflow, key), "runs", workflow, key)


@operation(
    bp,
    "GET",
    "runs/{workflow}/{id}/settlement",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: SettlementAnswer, 202: SettlementAnswer},
)
async def get_run_settlement(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return how far the settlement of a run is.

    The status is 202 while a replay is under way, else 200.
    """
    workflow, key = path_id(req, "workflow"), path_id(req, "id")
    return _shown(await settlement_of(client, workflow, key), "runs", workflow, key)


def _accepted(settlement: Settlement, *path: str) -> func.HttpResponse:
    body = _answer(settlement, *path)
    return accepted(body, body.statusQueryGetUri)


def _shown(settlement: Settlement, *path: str) -> func.HttpResponse:
    if settlement.status is SettlementStatus.RUNNING:
        return _accepted(settlement, *path)
    return answer(_answer(settlement, *path))


def _answer(settlement: Settlement, *path: str) -> SettlementAnswer:
    return SettlementAnswer(
        workflow=settlement.workflow,
        id=settlement.key,
        status=settlement.status,
        steps=tuple(map(_step, settlement.steps)),
        statusQueryGetUri=resource(*path, "settlement"),
    )


def _step(step: OpenStep) -> SettledStep:
    dead_letter, latest = step.dead_letter, step.replay
    has_ended = latest is not None and has_completed(latest)
    return SettledStep(
        dead_letter_id=dead_letter.dead_letter_id,
        step=dead_letter.step,
        state=dead_letter.state,
        attempt=dead_letter.replays,
        is_running=step.is_running,
        result=ReplayProgress.model_validate(latest.output).result if latest is not None and has_ended else None,
        statusQueryGetUri=resource("dead-letters", dead_letter.dead_letter_id),
    )
