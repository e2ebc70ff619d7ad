"""What became of a change that an entity decides on after the caller was answered."""

from datetime import UTC, datetime

import azure.functions as func

from domain.keyed_changes import KEY_RETENTION, ChangeLog, ChangeState, ChangeStatus, KeyedChange
from domain.wire import Wire
from triggers.http.support.links import resource
from triggers.http.support.problems import not_found
from triggers.http.support.request_params import path_id
from triggers.http.support.responses import accepted, answer


class ChangeLinks(Wire):
    """A change that is on its way.

    Attributes:
        id: Names the change.
        key: Send it again to be sure that the change counts once.
        statusQueryGetUri: Says what becomes of it.
    """

    id: str
    key: str
    statusQueryGetUri: str


class ChangeAnswer(ChangeStatus):
    """What became of a change, for seven days. reason_code, message: why it was refused."""

    id: str


def links_of(change: KeyedChange, *path: str) -> dict[str, str]:
    """Return the fields of a `ChangeLinks`. path: of the resource below which the change can be looked up."""
    status_uri = resource(*path, change.change_id)
    return {"id": change.change_id, "key": change.key, "statusQueryGetUri": status_uri}


def change_status(request: func.HttpRequest, log: ChangeLog, *path: str) -> func.HttpResponse:
    """Return what became of the change that the path names: 202 while the entity has yet to decide.

    Args:
        request: The request.
        log: The changes of the entity.
        path: Of the resource below which changes can be looked up.

    Raises:
        Problem: 404.
    """
    change_id = path_id(request, "change_id")
    status = log.status(change_id, datetime.now(UTC))
    if status is None:
        days = KEY_RETENTION.days
        raise not_found("change_not_found", f"There is no change with this id that is younger than {days} days.")
    body = ChangeAnswer(id=change_id, **dict(status))
    if status.state is ChangeState.PENDING:
        return accepted(body, resource(*path, change_id))
    return answer(body)
