"""What tests of the console do: visit pages and send their forms, as one person or another."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from local_host.testing import Answer
from tests.support.shop import Shop

OPERATOR: Final = "operator"
APPROVER: Final = "approver"


async def visit(shop: Shop, path: str, *, roles: str | None = None, who: str = "grace", **query: str) -> Answer:
    headers = {} if roles is None else {"X-Local-Caller": who, "X-Local-Roles": roles}
    return await shop.host.http.request("GET", f"/console/{path}", params=query, headers=headers)


async def send(shop: Shop, path: str, *, roles: str, who: str = "grace", **form: str | Sequence[str]) -> Answer:
    headers = {"X-Local-Caller": who, "X-Local-Roles": roles}
    return await shop.host.http.request(
        "POST", f"/console/{path}", data=urlencode(form, doseq=True), headers={**headers, **_TYPE}
    )


_TYPE: Final = {"Content-Type": "application/x-www-form-urlencoded"}
