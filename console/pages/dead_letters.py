"""Dead letters: why each waits, for how long, what a replay does; one or many of them replayed or resolved."""

import asyncio
from typing import Annotated, Any, Final

import azure.functions as func
from pydantic import Field

from console.web.page import page
from console.web.rendering import address
from console.web.visit import Visit
from domain.errors import StorageUnavailable
from domain.identity import Role
from domain.page import InvalidCursor, Page
from domain.refusals import Invalid
from domain.wire import VISIBLE_TEXT, Edge
from domain.workflows.dead_letter import DeadLetter, DeadLetterState, ReplayProgress, Resolution
from services.concurrency import gather_bounded
from services.container import services
from services.durable.instances import has_completed, is_unfinished
from services.workflows.dead_letters import find_dead_letter, latest_replay
from services.workflows.many_dead_letters import replay_many, resolve_many
from triggers.http.support.callers import caller
from triggers.http.support.request_params import checked_id

MAX_CHOSEN_COUNT: Final = 25
_READERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
_OPERATORS: Final = frozenset({Role.OPERATOR})

Reason = Annotated[str, Field(min_length=1, max_length=500), VISIBLE_TEXT]


class DeadLettersQuery(Edge):
    """The query of the list."""

    state: DeadLetterState = DeadLetterState.OPEN
    cursor: Annotated[str, Field(max_length=2_000)] | None = None


class ProgressQuery(Edge):
    """The dead letters of one request, with commas between them, and those of them that it did not change."""

    ids: Annotated[str, Field(max_length=4_000)]
    refused: Annotated[str, Field(max_length=4_000)] = ""


class NoFields(Edge):
    """A form of choices and a button."""


class ReasonForm(Edge):
    """Why a dead letter needs no replay."""

    reason: Reason


@page("GET", "dead-letters", roles=_READERS, menu="Dead letters")
async def show_dead_letters(visit: Visit) -> func.HttpResponse:
    """Show one page of dead letters, the open ones unless another state is asked for."""
    query = visit.query(DeadLettersQuery)
    listed = await asyncio.to_thread(_read, query)
    return visit.show(
        "dead_letters.html",
        query=query,
        records=listed.items,
        cursor=listed.cursor,
        states=tuple(DeadLetterState),
        may_act=caller().has(Role.OPERATOR) and query.state is DeadLetterState.OPEN,
    )


@page("GET", "dead-letters/{dead_letter_id}", roles=_READERS)
async def show_dead_letter(visit: Visit) -> func.HttpResponse:
    """Show a dead letter with its latest replay."""
    record = (await find_dead_letter(visit.id("dead_letter_id"))).dead_letter
    latest = await latest_replay(visit.client, record)
    result = (
        ReplayProgress.model_validate(latest.output).result if latest is not None and has_completed(latest) else None
    )
    return visit.show(
        "dead_letter.html",
        record=record,
        is_running=is_unfinished(latest),
        result=result,
        may_act=caller().has(Role.OPERATOR) and record.is_open,
    )


@page("GET", "dead-letter-progress", roles=_READERS)
async def show_progress(visit: Visit) -> func.HttpResponse:
    """Show how far the dead letters of one request are."""
    query = visit.query(ProgressQuery)
    states = await gather_bounded(lambda each: _state(visit, each), _ids(query.ids))
    return visit.show("dead_letter_progress.html", states=states, refused=set(query.refused.split(",")))


@page("POST", "dead-letters/replay", roles=_OPERATORS)
async def replay_in_console(visit: Visit) -> func.HttpResponse:
    """Replay the chosen dead letters."""
    _, chosen = visit.form_with_choices(NoFields, "id", MAX_CHOSEN_COUNT)
    ids = _known_form(chosen)
    return _to_progress(visit, ids, await replay_many(visit.client, ids))


@page("POST", "dead-letters/resolve", roles=_OPERATORS)
async def resolve_in_console(visit: Visit) -> func.HttpResponse:
    """Close the chosen dead letters, which were settled by hand."""
    form, chosen = visit.form_with_choices(ReasonForm, "id", MAX_CHOSEN_COUNT)
    ids = _known_form(chosen)
    resolution = Resolution(resolved_by=caller().name, reason=form.reason)
    return _to_progress(visit, ids, await resolve_many(visit.client, ids, resolution))


def _read(query: DeadLettersQuery) -> Page[DeadLetter]:
    try:
        return services().dead_letters.list(state=query.state, cursor=query.cursor, limit=MAX_CHOSEN_COUNT)
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None


async def _state(visit: Visit, dead_letter_id: str) -> dict[str, Any]:
    """Return the state of one dead letter, in words; what cannot be read now is so on the page, too."""
    try:
        record = (await find_dead_letter(dead_letter_id)).dead_letter
        is_running = record.is_open and is_unfinished(await latest_replay(visit.client, record))
    except StorageUnavailable:
        return {"id": dead_letter_id, "state": "not known now"}
    return {"id": dead_letter_id, "state": "being replayed" if is_running else str(record.state)}


def _to_progress(visit: Visit, ids: tuple[str, ...], refused: tuple[str, ...]) -> func.HttpResponse:
    return visit.go_to(address("dead-letter-progress", ids=",".join(ids), refused=",".join(refused)))


def _known_form(chosen: tuple[str, ...]) -> tuple[str, ...]:
    if not chosen:
        raise Invalid.of_field("id", "missing", "Choose at least one dead letter")
    return tuple(checked_id("dead_letter_id", each) for each in chosen)


def _ids(text: str) -> tuple[str, ...]:
    return _known_form(tuple(dict.fromkeys(text.split(",")))[:MAX_CHOSEN_COUNT])
