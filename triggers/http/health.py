"""Check whether the app can work.

Every caller may ask, so the answer has one word for each check. The log has the details.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Final, Literal

import azure.durable_functions as df
import azure.functions as func

from domain.errors import ShopError
from domain.wire import Edge, Wire
from services.container import services
from services.hub_health import knows_its_orders, takes_work
from services.order_backlog import IntakeState
from triggers.http.support.access import ANYONE
from triggers.http.support.operation import operation
from triggers.http.support.problems import RETRY_SOON
from triggers.http.support.request_params import read_query
from triggers.http.support.responses import answer

bp = df.Blueprint()


# No order can have this id: looking it up costs next to nothing and proves that the table answers.
_NO_ORDER: Final = "health.check"

Check = Literal["ok", "failed"]

_log = logging.getLogger(__name__)


class Checks(Wire):
    """The checks of readiness.

    Attributes:
        settings: Every setting is there and well-formed, the providers' keys included.
        storage: The order repository answers.
        hub: The task hub stores what is sent to it; with a full disk it does not.
        stock: The hub has the stock of what orders have bought; a new hub in place of the old one has not.
    """

    settings: Check
    storage: Check
    hub: Check
    stock: Check


class IntakeHealth(Wire):
    """Whether new orders are accepted. A paused intake is no failure: a restart of the app would start no order sooner.

    Attributes:
        state: `paused` while too many orders wait for their first step; `unknown` when that cannot be measured, and `unlimited`
            without a limit: then orders are accepted.
        late_orders: How many of the orders looked at have waited for longer than the limit.
        oldest_wait_s: How long the oldest of these has waited.
    """

    state: IntakeState
    late_orders: int
    oldest_wait_s: int | None


class HealthQuery(Edge):
    """The query of the health resource.

    Attributes:
        probe: `ready` asks whether the app can work, `live` only whether it answers.
    """

    probe: Literal["ready", "live"] = "ready"


class HealthAnswer(Wire):
    """Whether the app can work. The status is ok when every check is; without checks, the app answers."""

    status: Check
    checks: Checks | None = None
    intake: IntakeHealth | None = None


@operation(
    bp,
    "GET",
    "health",
    roles=ANYONE,
    query=HealthQuery,
    answers={200: HealthAnswer, 503: HealthAnswer},
)
async def get_health(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return whether the app can work.

    The status is 200 when every check is ok, else 503. With `probe=live` nothing is checked: an app that answers is alive,
    and to start it again would not mend a dependency.
    """
    if read_query(req, HealthQuery).probe == "live":
        return answer(HealthAnswer(status="ok"))
    checks = await _checks(client)
    healthy = set(checks.to_wire().values()) == {"ok"}
    body = HealthAnswer(status="ok" if healthy else "failed", checks=checks, intake=await _intake(checks))
    if healthy:
        return answer(body)
    return answer(body, HTTPStatus.SERVICE_UNAVAILABLE, RETRY_SOON)


async def _checks(client: df.DurableOrchestrationClient) -> Checks:
    if _settings() == "failed":  # the other checks need them
        return Checks(settings="failed", storage="failed", hub="failed", stock="failed")
    storage, hub, stock = await asyncio.gather(
        services().recent_checks.succeeds("storage", _read_orders), takes_work(client), knows_its_orders(client)
    )
    return Checks(settings="ok", storage=_word(storage), hub=_word(hub), stock=_word(stock))


async def _intake(checks: Checks) -> IntakeHealth | None:
    if checks.settings == "failed":
        return None
    view = await services().order_backlog.view()
    return IntakeHealth(state=view.state, **view.backlog._asdict())


def _word(is_ok: bool) -> Check:
    return "ok" if is_ok else "failed"


def _settings() -> Check:
    try:
        services()
    except ShopError as error:
        _log.error("settings: %s", error)
        return "failed"
    return "ok"


async def _read_orders() -> None:
    await asyncio.to_thread(services().order_repository.get, _NO_ORDER)
