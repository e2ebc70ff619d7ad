"""Show a run of any workflow but the order's: what was asked for, where it stands, and what can be done with it."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import ValidationError

from domain.cards import holds_card_number
from domain.ids import instance_id_of
from domain.wire import Timestamp, Wire
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.run import WorkflowStatus
from domain.workflows.steps import LedgerEntry, StepUnderWay
from services.workflows.runs import RunView
from triggers.http.support.dead_letter_links import OpenDeadLetter, open_dead_letters
from triggers.http.support.durable_view import DurableStatus, status_and_output
from triggers.http.support.links import resource


class RunResources(Wire):
    """The addresses of a run. One is null where there is none, or nothing behind it that could succeed now.

    Attributes:
        durable: The same run, as clients of Durable Functions know it.
        cancellation: Takes a cancellation.
        withdrawal: Takes the withdrawal of a claim.
        order: The order that the run is about.
        results: What became of each line of a batch.
        settlement: Settles what is open, and stops a run whose instance has failed, was terminated or is gone.
    """

    self: str
    durable: str
    cancellation: str | None = None
    withdrawal: str | None = None
    order: str | None = None
    results: str | None = None
    settlement: str | None = None


class RunDocument(Wire):
    """A run. The keys in camelCase are those that clients of Durable Functions know.

    Attributes:
        succeeded: Whether it completed; null until its end.
        step: The step under way, with its attempts; null between two.
        request: What was asked for; null where that is not kept any longer.
        detail: The workflow's own facts.
        updated_at: When anything of it last changed, after its end too.
        steps: The ledger, oldest first.
        dead_letters: What an operator has to settle; null while their store does not answer.
        createdTime: When it began.
        lastUpdatedTime: The same as `updated_at`.
    """

    asked: ClassVar[type[Wire]]

    id: str
    workflow: str
    status: WorkflowStatus
    succeeded: bool | None
    message: str
    reason_code: str | None
    step: StepUnderWay | None
    updated_at: Timestamp | None
    request: Wire | None
    detail: dict[str, Any]
    steps: tuple[LedgerEntry, ...]
    dead_letters: tuple[OpenDeadLetter, ...] | None
    links: RunResources
    instanceId: str
    runtimeStatus: str
    createdTime: Timestamp | None
    lastUpdatedTime: Timestamp | None


D = TypeVar("D", bound=RunDocument)


def run_document(
    model: type[D],
    view: RunView,
    collection: str,
    dead_letters: tuple[DeadLetter, ...] | None,
    *,
    fresh: Mapping[str, Any],
    links: Mapping[str, str],
) -> D:
    """Return the document of a run.

    Args:
        model: The workflow's own.
        view: Where the run stands.
        collection: Holds the run, such as `reports`.
        dead_letters: What is open of it; None when that is not known.
        fresh: Facts for `detail` that are stored nowhere, such as links that expire.
        links: Further addresses, by their name in `RunResources`.
    """
    progress, address = view.progress, resource(collection, view.key)
    can_be_settled = bool(dead_letters) or view.has_stopped
    settlement = {"settlement": resource("runs", view.workflow, view.key, "settlement")} if can_be_settled else {}
    return model(
        id=view.key,
        workflow=view.workflow,
        status=progress.status,
        succeeded=progress.succeeded,
        message=progress.message,
        reason_code=progress.reason_code,
        step=progress.step,
        updated_at=view.changed_at,
        request=_request(model, view),
        detail={**progress.detail, **fresh},
        steps=progress.steps,
        dead_letters=None if dead_letters is None else open_dead_letters(dead_letters),
        links=RunResources(self=address, durable=f"{address}?view=durable", **links, **settlement),
        instanceId=instance_id_of(view.workflow, view.key),
        runtimeStatus=view.runtime_status,
        createdTime=view.created_at,
        lastUpdatedTime=view.changed_at,
    )


def durable_run(model: type[RunDocument], view: RunView) -> DurableStatus:
    """Return a run as clients of Durable Functions know it."""
    request = _request(model, view)
    return DurableStatus(
        name=view.workflow,
        instanceId=instance_id_of(view.workflow, view.key),
        runtimeStatus=view.runtime_status,
        input=None if request is None else {"key": view.key, "request": request.to_wire()},
        **status_and_output(view.progress, has_ended=view.progress.status != "running"),
        createdTime=view.created_at,
        lastUpdatedTime=view.changed_at,
    )


def _request(model: type[RunDocument], view: RunView) -> Wire | None:
    given = view.given.get("request")
    try:
        # An instance that was started past the API has passed none of the shop's doors.
        return None if given is None or holds_card_number(given) else model.asked.model_validate(given)
    except ValidationError:
        return None
