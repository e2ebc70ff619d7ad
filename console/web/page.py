"""Declare a page of the console at its handler: `@page("GET", "orders/{order_id}")`.

The handler takes the visit and returns the answer. A page that the menu leads to names its entry.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

import azure.functions as func

from console.web.visit import Visit
from domain.identity import Role

Method = Literal["GET", "POST"]
Handler = Callable[[Visit], Awaitable[func.HttpResponse]]

READERS: Final = frozenset({Role.APPROVER, Role.OPERATOR, Role.CATALOGUE_MANAGER, Role.AUDITOR})
"""Those who work in the shop. A storefront speaks for one customer, and the console shows them all."""

ORDER_READERS: Final = READERS - {Role.CATALOGUE_MANAGER}
"""Those who read orders, and with them customers' names and addresses: the same as over the API."""

MENU: Final = ("Orders", "Approvals", "Dead letters", "Stock", "Catalogue", "Workflows", "Health", "Audit log")
"""The entries of the menu, in their order."""

_declared: Final[list["Page"]] = []


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page, or one action of a page.

    Attributes:
        method: GET shows, POST acts.
        path: Below `/console/`, with its parameters in braces.
        roles: Those who may ask for it, by any of them.
        menu: The entry of the menu that leads to it, if one does: of `MENU`.
        handler: Answers it.
    """

    method: Method
    path: str
    roles: frozenset[Role]
    menu: str | None
    handler: Handler

    def values(self, path: str) -> dict[str, str] | None:
        """Return the parameters of a path that is this page's, by name; None for the path of another page."""
        parts, given = self.path.split("/"), path.split("/")
        if len(parts) != len(given):
            return None
        values: dict[str, str] = {}
        for part, value in zip(parts, given, strict=True):
            if part.startswith("{"):
                values[part.strip("{}")] = value
            elif part != value:
                return None
        return values


def page(
    method: Method, path: str, *, roles: frozenset[Role] = READERS, menu: str | None = None
) -> Callable[[Handler], Handler]:
    """Declare the page that the decorated handler serves. `Page` describes the arguments."""

    def declare(handler: Handler) -> Handler:
        _declared.append(Page(method=method, path=path, roles=roles, menu=menu, handler=handler))
        return handler

    return declare


def declared_pages() -> tuple[Page, ...]:
    """Return every page of the modules that were imported."""
    return tuple(_declared)
