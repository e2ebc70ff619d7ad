"""Start, show and cancel the runs of every workflow except the order's."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from domain.ids import digest_id, instance_id_of, order_id_for_key
from domain.wire import Timestamp, Wire
from domain.workflows.run import RunRequest, WorkflowProgress, WorkflowStatus
from domain.workflows.steps import LedgerEntry, StepUnderWay
from services.workflows.runs import RunView, cancel_run, find_run, start_once
from triggers.http.support.links import resource
from triggers.http.support.problems import invalid_field
from triggers.http.support.request_params import idempotency_key, path_id
from triggers.http.support.responses import accepted, answer


class WorkflowLinks(Wire):
    """The address of a run's status, in the form of a Durable client's check-status answer."""

    id: str
    statusQueryGetUri: str


class WorkflowAnswer(Wire):
    """A run. The keys in camelCase are those that clients of Durable Functions know; the other fields repeat them."""

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
    step: StepUnderWay | None
    detail: dict[str, Any]


def chosen_key(request: func.HttpRequest, named: str | None) -> str:
    """Return the key of a new run: the body's id, or what `Idempotency-Key` stands for, or a fresh one.

    Raises:
        Problem: 422 when both are given and differ: a repeat could then mean either.
    """
    header = idempotency_key(request)
    if named is not None and header is not None and named != header:
        raise invalid_field("Idempotency-Key", "differs_from_id", "Must equal id, or be left out")
    if named is not None:
        return named
    return order_id_for_key(header) if header is not None else f"run-{digest_id(secrets.token_hex())}"


async def start_as_asked(
    request: func.HttpRequest, client: df.DurableOrchestrationClient, workflow: str, asked: RunRequest, path: str
) -> func.HttpResponse:
    """Start one run once, and return a 202 with its links.

    Args:
        request: It may name the run by its `Idempotency-Key`.
        client: The durable client.
        workflow: The orchestrator's name.
        asked: The body.
        path: The collection that the request was sent to and that holds the runs, such as `reports`.

    Raises:
        Problem: 422 when two ids are given and differ.
        RunConflict: Another request has the id.
        StorageUnavailable: The run was not stored.
    """
    key = chosen_key(request, asked.id)
    await start_once(client, workflow, key, asked)
    return started_answer(path, key)


def started_answer(resource_path: str, key: str) -> func.HttpResponse:
    """Return a 202 with the links of a run in a collection such as `reports`."""
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
    """Return a 202 while the run goes on, a 200 when it has ended.

    Args:
        request: Its route's parameter for the run is `id`.
        client: The durable client.
        workflow: The orchestrator's name.
        resource_path: The collection that holds the run, such as `reports`.
        fresh: Makes facts for `detail` that are stored nowhere, such as links. It may block.

    Raises:
        RunNotFound: There is no such run.
    """
    view = await find_run(client, workflow, path_id(request, "id"))
    shown = _answer(view)
    shown = shown.model_copy(update={"detail": shown.detail | await asyncio.to_thread(fresh, shown.customStatus)})
    # The instance of an ended run may still be sending its webhook, for hours.
    if shown.status == "running":
        return accepted(shown, resource(resource_path, view.key))
    return answer(shown)


async def cancelled(
    request: func.HttpRequest, client: df.DurableOrchestrationClient, workflow: str, resource_path: str
) -> func.HttpResponse:
    """Request that a run stops where it can, and return a 202 with its links.

    Raises:
        RunNotRunning: The run has ended, or there is none.
        TryAgain: The request was not stored.
    """
    key = path_id(request, "id")
    await cancel_run(client, workflow, key)
    return started_answer(resource_path, key)


def _answer(view: RunView) -> WorkflowAnswer:
    progress, instance = view.progress, view.instance
    return WorkflowAnswer(
        id=view.key,
        name=view.workflow,
        instanceId=instance_id_of(view.workflow, view.key),
        runtimeStatus=view.runtime_status,
        customStatus=progress,
        output=None if progress.status == "running" else progress,
        createdTime=None if instance is None else instance.created_time,
        lastUpdatedTime=None if instance is None else instance.last_updated_time,
        status=progress.status,
        succeeded=progress.succeeded,
        message=progress.message,
        reason_code=progress.reason_code,
        steps=progress.steps,
        step=progress.step,
        detail=progress.detail,
    )
