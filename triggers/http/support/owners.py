"""Hold a storefront to the things of the customer that it speaks for. What is another customer's does not exist for it."""

import asyncio
from http import HTTPStatus

import azure.functions as func

from domain.identity import Role
from services.container import services
from services.orders.status import OrderNotFound
from triggers.http.support.callers import customer_scope, owned
from triggers.http.support.problems import Problem
from triggers.http.support.request_params import path_id, unknown


async def check_customer(order_id: str, *others: Role) -> None:
    """Check that the caller may touch an order.

    Args:
        order_id: The order's id.
        others: The roles that may touch the orders of any customer.

    Raises:
        OrderNotFound: It is another customer's, or there is none.
        Problem: 403 for a storefront that does not say for which customer it speaks.
    """
    scope = customer_scope(*others)
    if scope is None:
        return
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is None or row.customer_id != scope:
        raise OrderNotFound


def own_customer(request: func.HttpRequest, *others: Role) -> str:
    """Return the customer that the path names. others: the roles that may touch the things of any customer.

    Raises:
        Problem: 404 when it is another than the one that the caller speaks for, 403 when the caller names none.
    """
    customer_id = path_id(request, "customer_id")
    if not owned(customer_id, *others):
        raise unknown("customer_id")
    return customer_id


def check_own_id(request: func.HttpRequest, *others: Role) -> None:
    """Check that a run which is about a customer, and has its id, is about the one that the caller speaks for.

    Raises:
        Problem: As `own_customer`.
    """
    if not owned(path_id(request, "id"), *others):
        raise unknown("customer_id")


def check_stated_customer(customer_id: str, *others: Role) -> None:
    """Check that an order is placed for the customer that the caller speaks for.

    Raises:
        Problem: 403 when it is for another one, or the caller names none.
    """
    if not owned(customer_id, *others):
        raise Problem(
            HTTPStatus.FORBIDDEN, "other_customer", "customer_id must be the customer that X-Customer-Id names."
        )
