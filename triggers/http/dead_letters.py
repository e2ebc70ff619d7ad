"""List, show, replay and resolve dead letters."""

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.wire import Wire
from domain.workflows.dead_letter import DeadLetter, DeadLetterState, ReplayProgress
from domain.workflows.steps import StepResult
from services.container import services
from services.workflows.dead_letters import find_dead_letter, latest_replay, replay, replay_id, resolve
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.request_params import path_id, read_query
from triggers.http.support.resolutions import StatedResolution, read_resolution
from triggers.http.support.responses import accepted, answer

bp = df.Blueprint()


class DeadLetterQuery(PageQuery):
    """The query of a list of dead letters. With a state, it has only those in this state."""

    state: DeadLetterState | None = None


class DeadLetterList(Wire):
    """One page of dead letters. `next_cursor` is for the next page, null on the last one."""

    dead_letters: tuple[DeadLetter, ...]
    next_cursor: str | None


class Replay(Wire):
    """A replay by an operator. Attempts count from 1. The result is null until the step has ended."""

    attempt: int
    runtimeStatus: str
    result: StepResult | None


class DeadLetterAnswer(DeadLetter):
    """A dead letter with its latest replay."""

    latest_replay: Replay | None


class ReplayAnswer(Wire):
    """A replay that was started. Attempts count from 1."""

    id: str
    dead_letter_id: str
    attempt: int
    statusQueryGetUri: str


@operation(
    bp,
    "GET",
    "dead-letters",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    query=DeadLetterQuery,
    answers={200: DeadLetterList},
)
async def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """List dead letters, sorted by id.

    A dead letter is a step that could not be done automatically and waits for an operator.
    """
    page = await read_page(services().dead_letters.list, read_query(req, DeadLetterQuery))
    return answer(DeadLetterList(dead_letters=tuple(page.items), next_cursor=page.cursor))


@operation(
    bp,
    "GET",
    "dead-letters/{dead_letter_id}",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: DeadLetterAnswer},
)
async def get_dead_letter(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a dead letter with its latest replay."""
    dead_letter = (await find_dead_letter(path_id(req, "dead_letter_id"))).dead_letter
    return answer(DeadLetterAnswer(**dict(dead_letter), latest_replay=await _latest_replay(client, dead_letter)))


@operation(
    bp,
    "POST",
    "dead-letters/{dead_letter_id}/replay",
    roles=frozenset({Role.OPERATOR}),
    answers={202: ReplayAnswer},
    problems={409: "The dead letter is closed, holds nothing to replay, or is being replayed."},
)
async def start_replay(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Try the step of a dead letter again.

    The order is closed when the step succeeds and nothing else of the order is open.
    """
    dead_letter = await replay(client, path_id(req, "dead_letter_id"))
    body = ReplayAnswer(
        id=replay_id(dead_letter),
        dead_letter_id=dead_letter.dead_letter_id,
        attempt=dead_letter.replays,
        statusQueryGetUri=resource("dead-letters", dead_letter.dead_letter_id),
    )
    return accepted(body, body.statusQueryGetUri)


@operation(
    bp,
    "POST",
    "dead-letters/{dead_letter_id}/resolve",
    roles=frozenset({Role.OPERATOR}),
    body=StatedResolution,
    answers={200: DeadLetter},
    problems={409: "The dead letter was closed otherwise, is being replayed, or its order has not ended yet."},
)
async def resolve_dead_letter(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Close a dead letter that an operator has settled by hand.

    A repeat of the same resolution gets the same answer.
    """
    return answer(await resolve(client, path_id(req, "dead_letter_id"), read_resolution(req)))


async def _latest_replay(client: df.DurableOrchestrationClient, dead_letter: DeadLetter) -> Replay | None:
    status = await latest_replay(client, dead_letter)
    if status is None:
        return None
    completed = status.runtime_status is df.OrchestrationRuntimeStatus.Completed
    return Replay(
        attempt=dead_letter.replays,
        runtimeStatus=status.runtime_status.name,
        result=ReplayProgress.model_validate(status.output).result if completed else None,
    )
