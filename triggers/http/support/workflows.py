"""Start workflows once and show how they are, whatever they do: every workflow but the order's goes through here.

The same key with the same request gets the same answer, however often and by however many it is sent; another request under a
used key gets 409.
"""

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import azure.durable_functions as df
import azure.functions as func

from domain.ids import digest_id, instance_id_of, order_id_for_key
from domain.orders.approval import CANCELLATION_REQUESTED
from domain.wire import Timestamp, Wire
from domain.workflows.intake import Intake
from domain.workflows.run import Run, RunRequest, WorkflowProgress, WorkflowStatus
from domain.workflows.steps import LedgerEntry
from services.container import services
from services.order_start import START_TIMEOUT_S
from triggers.http.support.instances import InstanceStatus, has_completed, instance_status, is_unfinished, raise_event
from triggers.http.support.links import resource
from triggers.http.support.problems import conflict, invalid_field, not_found, unavailable
from triggers.http.support.request_params import idempotency_key, path_id
from triggers.http.support.responses import accepted, answer

_log = logging.getLogger(__name__)

_ACCEPTED: Final = "Accepted."


class WorkflowLinks(Wire):
    """Where to look at a run, in the shape of a Durable client's check-status answer."""

    id: str
    statusQueryGetUri: str


class WorkflowAnswer(Wire):
    """A run. The keys in camelCase are spelled and meant as clients of Durable Functions know them; the rest repeats either."""

    id: str
    name: str
    instanceId: str
    runtimeStatus: str
    customStatus: WorkflowProgress
    output: WorkflowProgress | None
    createdTime: Timestamp | None
    lastUpdatedTime: Timestamp | None
    status: WorkflowStatus
    succeeded: bool | None
    message: str
    reason_code: str | None
    steps: tuple[LedgerEntry, ...]
    detail: dict[str, Any]


def chosen_key(request: func.HttpRequest, named: str | None) -> str:
    """The key of a new run: the body's id, or what `Idempotency-Key` stands for, or a fresh one.

    Raises Problem (422) when both are given and differ: the two could then promise different things of a repeat.
    """
    header = idempotency_key(request)
    if named is not None and header is not None and named != header:
        raise invalid_field("Idempotency-Key", "differs_from_id", "Give the same text as id, or one of them")
    if named is not None:
        return named
    return order_id_for_key(header) if header is not None else f"run-{digest_id(secrets.token_hex())}"


async def start_once(client: df.DurableOrchestrationClient, workflow: str, key: str, request: Wire) -> None:
    """Enter and start one run. workflow: its orchestrator's name. request: what was asked; it becomes the input.

    Raises Problem (409) when the key belongs to another request, and StorageUnavailable.
    """
    if not await is_started_once(client, workflow, key, request):
        raise conflict("id_taken", "Another request has this id: the same id was sent with another body before.")


async def is_started_once(client: df.DurableOrchestrationClient, workflow: str, key: str, request: Wire) -> bool:
    """As `start_once`, but False when the key belongs to another request."""
    body = request.to_wire()
    run = Run(workflow=workflow, key=key, request={"key": key, "request": body}, accepted_at=datetime.now(UTC))
    outcome = await asyncio.to_thread(services().run_repository.accept, run, fingerprint(body))
    if outcome is Intake.NEW:
        await start_run(client, run)
    return outcome is not Intake.CONFLICT


async def start_run(client: df.DurableOrchestrationClient, run: Run) -> None:
    """Start an accepted run that has no instance. A start that fails is left to the recovery timer."""
    start = client.start_new(run.workflow, run.instance_id, dict(run.request))
    try:
        await asyncio.wait_for(start, START_TIMEOUT_S)
        await asyncio.to_thread(services().run_repository.intake.mark_started, run.instance_id)
    except Exception as error:  # noqa: BLE001 - whatever it was, the run is in the repository and will be found there
        _log.warning("%s %s: starting it failed with %s", run.workflow, run.key, type(error).__qualname__)


async def start_as_asked(
    request: func.HttpRequest, client: df.DurableOrchestrationClient, workflow: str, asked: RunRequest, path: str
) -> func.HttpResponse:
    """Start one run once: 202 with its links. path: such as `reports`, which takes requests and holds their runs.

    Raises Problem (422, 409) and StorageUnavailable.
    """
    key = chosen_key(request, asked.id)
    await start_once(client, workflow, key, asked)
    return started_answer(path, key)


def started_answer(resource_path: str, key: str) -> func.HttpResponse:
    """202 with the run's links. resource_path: such as `reports`."""
    uri = resource(resource_path, key)
    return accepted(WorkflowLinks(id=key, statusQueryGetUri=uri), uri)


async def run_status(
    request: func.HttpRequest,
    client: df.DurableOrchestrationClient,
    workflow: str,
    resource_path: str,
    *,
    fresh: Callable[[WorkflowProgress], dict[str, Any]] = lambda progress: {},
) -> func.HttpResponse:
    """202 while the run goes on, 200 when it has ended. The route's id parameter is `id`. Raises Problem (404).

    fresh: facts for `detail` that are made for this answer and kept nowhere, such as links; it may block.
    """
    key = path_id(request, "id")
    instance_id = instance_id_of(workflow, key)
    status = await instance_status(client, instance_id)
    end: WorkflowProgress | None = None
    awaits_run = False
    if not is_unfinished(status) and not has_completed(status):
        run = await asyncio.to_thread(services().run_repository.intake.open_run, instance_id)
        awaits_run = run is not None and (status is not None or not run.has_started)
        end = None if awaits_run else await asyncio.to_thread(services().run_repository.end, instance_id)
        # Started and without an instance: it has ended, and its history was purged.
        if status is None and end is None and not awaits_run:
            raise not_found(f"{workflow}_not_found", "There is no run with this id, or no longer.")
    shown = _answer(workflow, key, status, end, awaits_run=awaits_run)
    shown = shown.model_copy(update={"detail": shown.detail | await asyncio.to_thread(fresh, shown.customStatus)})
    # An instance that has told its end may still be calling somebody back, for hours.
    if shown.status == "running":
        return accepted(shown, resource(resource_path, key))
    return answer(shown)


async def cancel_run(
    request: func.HttpRequest, client: df.DurableOrchestrationClient, workflow: str, resource_path: str
) -> func.HttpResponse:
    """Ask a run to stop where it can: 202 with its address. Raises Problem (409) when it has ended or there is none.

    The request is stored before its event is raised, so that a run which takes over knows of it.
    """
    key = path_id(request, "id")
    instance_id = instance_id_of(workflow, key)
    status = await instance_status(client, instance_id)
    is_kept = not has_completed(status) and await asyncio.to_thread(
        services().run_repository.intake.request_cancellation, instance_id
    )
    if not is_kept and not is_unfinished(status):
        raise conflict("not_running", "There is no running run with this id.")
    is_told = is_unfinished(status) and await raise_event(client, instance_id, CANCELLATION_REQUESTED, {})
    if not is_kept and not is_told:  # started past the API, so nothing keeps the request
        raise unavailable("The run could not be told; the same request may be sent again.")
    return started_answer(resource_path, key)


def fingerprint(body: Any) -> str:
    """SHA-256 of a request, equal for equal ones."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _answer(
    workflow: str, key: str, status: InstanceStatus | None, end: WorkflowProgress | None, *, awaits_run: bool
) -> WorkflowAnswer:
    progress = end or _progress(key, status, awaits_run=awaits_run)
    return WorkflowAnswer(
        id=key,
        name=workflow,
        instanceId=instance_id_of(workflow, key),
        runtimeStatus="Pending" if awaits_run else "Failed" if status is None else status.runtime_status.name,
        customStatus=progress,
        output=None if progress.status == "running" else progress,
        createdTime=None if status is None else status.created_time,
        lastUpdatedTime=None if status is None else status.last_updated_time,
        status=progress.status,
        succeeded=progress.succeeded,
        message=progress.message,
        reason_code=progress.reason_code,
        steps=progress.steps,
        detail=progress.detail,
    )


def _progress(key: str, status: InstanceStatus | None, *, awaits_run: bool) -> WorkflowProgress:
    if status is not None and has_completed(status):
        return WorkflowProgress.model_validate(status.output)
    told = last_told(key, status)
    if awaits_run or is_unfinished(status):
        return told
    return stopped(told)


def last_told(key: str, status: InstanceStatus | None) -> WorkflowProgress:
    """What a run said last of itself. One whose worker died may have lost it."""
    if status is None or not status.custom_status:
        return WorkflowProgress(id=key, status="running", message=_ACCEPTED)
    return WorkflowProgress.model_validate(status.custom_status)


def stopped(told: WorkflowProgress) -> WorkflowProgress:
    """The end of a run that was terminated, or that fails again and again: its own error text is not for callers."""
    ended = {"status": "failed", "succeeded": False, "reason_code": "processing_stopped"}
    return told.model_copy(update={**ended, "message": "Processing stopped before the end."})
