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
from domain.wire import Wire
from services.container import services
from triggers.http.support.access import Access
from triggers.http.support.operation import operation
from triggers.http.support.problems import RETRY_SOON
from triggers.http.support.responses import answer

bp = df.Blueprint()


# Probes give up after some five seconds.
_TIMEOUT_S: Final = 3
# No order can have this id: looking it up costs next to nothing and proves that the table answers.
_NO_ORDER: Final = "health.check"

Check = Literal["ok", "failed"]

_log = logging.getLogger(__name__)


class Checks(Wire):
    """Each check: whether every setting is there and well-formed, and whether the order repository answers."""

    settings: Check
    storage: Check


class HealthAnswer(Wire):
    """Whether the app can work. The status is ok when every check is."""

    status: Check
    checks: Checks


@operation(
    bp,
    "GET",
    "health",
    access=Access.ANONYMOUS,
    answers={200: HealthAnswer, 503: HealthAnswer},
)
async def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Return whether the app can work.

    The status is 200 when every check is ok, else 503.
    """
    checks = Checks(settings=_settings(), storage=await _storage())
    healthy = checks.settings == checks.storage == "ok"
    body = HealthAnswer(status="ok" if healthy else "failed", checks=checks)
    if healthy:
        return answer(body)
    return answer(body, HTTPStatus.SERVICE_UNAVAILABLE, RETRY_SOON)


def _settings() -> Check:
    try:
        services()
    except ShopError as error:
        _log.error("settings: %s", error)
        return "failed"
    return "ok"


async def _storage() -> Check:
    try:
        await asyncio.wait_for(asyncio.to_thread(_look_up_nothing), _TIMEOUT_S)
    except (ShopError, TimeoutError) as error:
        _log.warning("storage: %s", type(error).__name__)
        return "failed"
    return "ok"


def _look_up_nothing() -> None:
    services().order_repository.get(_NO_ORDER)
