"""Start, show and cancel the runs of every workflow except the order's."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from domain.ids import digest_id, order_id_for_key
from domain.wire import Wire
from domain.workflows.run import RunRequest, WorkflowProgress
from services.workflows.runs import RunView, cancel_run, find_run, open_dead_letters, start_once
from triggers.http.support.durable_view import ViewQuery, address_of_view
from triggers.http.support.links import resource
from triggers.http.support.problems import invalid_field
from triggers.http.support.request_params import idempotency_key, path_id, read_query
from triggers.http.support.responses import accepted, answer
from triggers.http.support.run_document import RunDocument, durable_run, run_document


class WorkflowLinks(Wire):
    """The address of a run's status, in the form of a Durable client's check-status answer."""

    id: str
    statusQueryGetUri: str


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
    model: type[RunDocument],
    *,
    fresh: Callable[[WorkflowProgress], dict[str, Any]] = lambda progress: {},
    links: Callable[[RunView], dict[str, str]] = lambda view: {},
) -> func.HttpResponse:
    """Return a 202 while the run goes on, a 200 when it has ended.

    Args:
        request: Its route's parameter for the run is `id`, and its query a `ViewQuery`.
        client: The durable client.
        workflow: The orchestrator's name.
        resource_path: The collection that holds the run, such as `reports`.
        model: The document of the workflow's runs.
        fresh: Makes facts for `detail` that are stored nowhere, such as links that expire. It may block.
        links: Makes further addresses, by their name in `RunResources`.

    Raises:
        RunNotFound: There is no such run.
    """
    key, query = path_id(request, "id"), read_query(request, ViewQuery)
    view = await find_run(client, workflow, key)
    if query.view is None:
        dead_letters = await open_dead_letters(view)
        facts = await asyncio.to_thread(fresh, view.progress)
        shown: Wire = run_document(model, view, resource_path, dead_letters, fresh=facts, links=links(view))
    else:
        shown = durable_run(model, view)
    # The instance of an ended run may still be sending its webhook, for hours.
    if view.progress.status == "running":
        return accepted(shown, address_of_view(query, resource_path, view.key))
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
