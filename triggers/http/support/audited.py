"""Record what callers do in the audit log."""

import os
import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import azure.functions as func

from domain.identity import Caller, CallerKind, Role
from services.audit import record_answer, record_request
from triggers.http.support.problems import status_of

# Customers' own actions are in the order repository and the carts; what they do is no action of a person of the shop.
_OF_STOREFRONTS = frozenset({Role.STOREFRONT})

# The front end of App Service puts the port behind the address, which is another one for each connection.
_WITH_PORT: Final = re.compile(r"\[([^]]+)](?::[0-9]+)?|([^:]+):[0-9]+")


async def audited(
    name: str,
    request: func.HttpRequest,
    caller: Caller,
    roles: frozenset[Role],
    act: Callable[[], Awaitable[func.HttpResponse]],
) -> func.HttpResponse:
    """Answer a request, and record it where it is an action: by a person, or by any other caller with a role in the shop.

    Args:
        name: The operation's.
        request: The request.
        caller: Who calls.
        roles: Those who may call the operation.
        act: Answers it; problems are answers, too.

    Raises:
        StorageUnavailable: The action could not be recorded, and was not done.
    """
    if request.method in ("GET", "HEAD") or not is_audited(caller, roles):
        return await act()
    return await audited_as(name, request, caller.name, caller.roles, act)


async def audited_as(
    name: str,
    request: func.HttpRequest,
    who: str,
    roles: frozenset[Role] | tuple[str, ...],
    act: Callable[[], Awaitable[func.HttpResponse]],
) -> func.HttpResponse:
    """Answer a request, and record it. The arguments are those of `audited`. Raises StorageUnavailable."""
    requested = await record_request(
        who=who,
        roles=[str(role) for role in roles],
        operation=name,
        method=request.method,
        path=urlsplit(request.url).path,
        source=source_of(request),
    )
    try:
        response = await act()
    except Exception as error:
        await record_answer(requested, status_of(error))
        raise
    await record_answer(requested, response.status_code)
    return response


def is_audited(caller: Caller, roles: frozenset[Role]) -> bool:
    """Return whether what this caller does is recorded. roles: of the operation."""
    if caller.kind is CallerKind.UNNAMED:
        return Role.STOREFRONT not in roles
    return caller.kind is CallerKind.PERSON or not caller.roles <= _OF_STOREFRONTS


def source_of(request: func.HttpRequest) -> str | None:
    """Return the address that the request came from, without its port: as Front Door saw it, else the platform's front end.

    The front end puts it last, and would put Front Door's own address there, which all callers have in common.
    """
    front_door = os.environ.get("FRONT_DOOR_ID")
    if front_door and request.headers.get("x-azure-fdid", "").lower() == front_door.lower():
        # Callers can choose X-Azure-ClientIP, and not this one.
        return request.headers.get("x-azure-socketip", "")[:100] or None
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:100]
    with_port = _WITH_PORT.fullmatch(forwarded)
    return (forwarded if with_port is None else with_port[1] or with_port[2]) or None
