"""Who calls the operation that is being served, and whether they may.

For handlers and pages: `caller()` is who called, in an API request and in a browser's session alike, and is there from the start,
because `@operation(roles=...)` has admitted them. `require(...)` demands a role for a part of an operation; `owned(...)` and
`customer_scope(...)` hold a storefront to the customer it speaks for.

Forms need no token against forgery. Every operation but a GET refuses what a page of another site sends in a browser's name: the
browser itself says where a request comes from (`Sec-Fetch-Site`, or `Origin` from those that are older), and a page can change
neither. Callers whose proof no browser adds by itself, such as a bearer token, are not asked.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import azure.functions as func

from domain.identity import Caller, CallerKind, Evidence, IdentityUnavailable, NotAdmitted, Role
from services.identity import identity
from settings import known_public_url
from triggers.http.support.problems import Problem, invalid_field, unavailable
from triggers.http.support.request_params import checked_id

# Each is a proof that a caller puts there deliberately; a browser adds none of them to a request that a page makes.
_DELIBERATE: Final = ("authorization", "x-functions-key", "x-local-caller")

_caller: ContextVar[Caller] = ContextVar("caller")


class NotSignedIn(Problem):
    """The request shows nothing of its caller, or nothing that is valid.

    Attributes:
        can_sign_in: Whether it shows nothing: who is refused already would be so again.
    """

    def __init__(self, detail: str, *, can_sign_in: bool) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, "not_signed_in", detail, headers={"WWW-Authenticate": "Bearer"})
        self.can_sign_in = can_sign_in


def caller() -> Caller:
    """Return who called the operation that is being served."""
    return _caller.get()


@contextmanager
def calling(who: Caller) -> Iterator[None]:
    """Let `caller` return this one."""
    token = _caller.set(who)
    try:
        yield
    finally:
        _caller.reset(token)


async def admitted(request: func.HttpRequest, roles: Collection[Role]) -> Caller:
    """Return who calls.

    Args:
        request: The request.
        roles: Those who may call, by any of them.

    Raises:
        Problem: 401 without a valid identity, 403 without one of the roles, or for a request of another site's page.
    """
    evidence = Evidence(headers={name.lower(): value for name, value in request.headers.items()})
    try:
        who = await identity().caller(evidence)
    except NotAdmitted as refusal:
        raise NotSignedIn(str(refusal), can_sign_in=False) from None
    except IdentityUnavailable:
        raise unavailable("Who calls cannot be checked now. The same request may be sent again.") from None
    if who is None:
        raise NotSignedIn("Sign in, or send a token of the tenant as bearer token.", can_sign_in=True)
    if not who.has(*roles):
        raise _forbidden(roles)
    if request.method not in ("GET", "HEAD") and _comes_from_another_site(request, evidence, who):
        raise Problem(HTTPStatus.FORBIDDEN, "cross_site", "A page of another site may not do this in your name.")
    return who


def require(*roles: Role) -> Caller:
    """Return who called.

    Raises:
        Problem: 403 for a caller without any of these roles.
    """
    if not caller().has(*roles):
        raise _forbidden(roles)
    return caller()


def doer(stated: str | None, field: str) -> str:
    """Return the name under which the caller's action is recorded.

    Args:
        stated: The name that the body states. Only of the unnamed caller of a developer's own machine is it believed, and needed.
        field: Where the body states it.

    Raises:
        Problem: 422 for the unnamed caller when the body states none either.
    """
    who = caller()
    if who.kind is CallerKind.UNNAMED:
        if stated is None:
            raise invalid_field(field, "missing", "Field required, unless X-Local-Caller says who calls")
        return stated
    if who.kind is CallerKind.SERVICE_KEY and who.customer is not None:
        return f"{who.name} for {who.customer}"
    return who.name


def customer_scope(*others: Role) -> str | None:
    """Return the only customer whose things the caller may touch; None for any.

    Args:
        others: The roles that may touch the things of any customer.

    Raises:
        Problem: 403 for a storefront that does not say for which customer it speaks; 404 or, for a card number, 422 for what can be
            no customer's id: it gets no further, into keys of storage or a log.
    """
    if caller().has(*others):
        return None
    customer = caller().customer
    if customer is None:
        detail = "Say in X-Customer-Id for which customer the storefront speaks."
        raise Problem(HTTPStatus.FORBIDDEN, "customer_missing", detail)
    return checked_id("customer_id", customer)


def owned(customer_id: str | None, *others: Role) -> bool:
    """Return whether the caller may touch a thing of this customer.

    Args:
        customer_id: Whose it is; None where that is not known.
        others: The roles that may touch the things of any customer.

    Raises:
        Problem: As `customer_scope`.
    """
    scope = customer_scope(*others)
    return scope is None or scope == customer_id


def _comes_from_another_site(request: func.HttpRequest, evidence: Evidence, who: Caller) -> bool:
    if who.kind is CallerKind.SERVICE_KEY or any(evidence.header(name) for name in _DELIBERATE):
        return False
    site = evidence.header("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = evidence.header("origin")
    return origin is not None and urlsplit(origin).netloc not in _own_hosts(request)


def _own_hosts(request: func.HttpRequest) -> tuple[str, ...]:
    return urlsplit(request.url).netloc, urlsplit(known_public_url(os.environ) or "").netloc or "-"


def _forbidden(roles: Collection[Role]) -> Problem:
    names = " or ".join(sorted(roles))
    return Problem(HTTPStatus.FORBIDDEN, "role_missing", f"This needs the role {names}.")
