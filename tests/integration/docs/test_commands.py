"""The requests that the pages give to try out are accepted by the app, in the order in which a reader sends them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.seed import CATALOGUE
from tests.support.shop import Shop
from tests.unit.docs.markdown import ROOT, Page

_BLOCK = re.compile(r"^```(?:sh|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CURL = re.compile(r"^curl (?:[^'\n\\]|\\\n|\$?'[^']*')*", re.MULTILINE)
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'")
_OURS = re.compile(r"http://(?:localhost|127\.0\.0\.1):7071/api/(.*)")

PAGES = [
    Page("README.md"),
    *(Page(f"docs/patterns/{path.name}") for path in sorted((ROOT / "docs/patterns").glob("*.md"))),
]


@dataclass(frozen=True)
class Request:
    """One curl command. path: below `/api/`."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


def requests(page: Page) -> Iterator[Request]:
    """Yield the requests to the app that a page gives; not those to an id that the reader has to fill in."""
    for block in _BLOCK.findall(page.text):
        for command in _CURL.findall(block):
            request = parsed(shlex.split(_ANSI.sub(plain_quotes, command).split(" | ")[0]))
            if request is not None and not re.search(r"\b[A-Z]{2,}", request.path):
                yield request


def plain_quotes(quoted: re.Match[str]) -> str:
    return shlex.quote(quoted[1].encode().decode("unicode_escape"))


def parsed(words: list[str]) -> Request | None:
    options: dict[str, Any] = {"headers": {}, "body": None, "method": None, "path": None}
    rest = iter(words[1:])
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            options["headers"][name] = value
        elif word == "-X":
            options["method"] = next(rest)
        elif word in {"-d", "--data-binary"}:
            options["body"] = next(rest)
        elif ours := _OURS.fullmatch(word):
            options["path"] = ours[1]
    options["method"] = options["method"] or ("GET" if options["body"] is None else "POST")
    return Request(**options) if options["path"] else None


@pytest.mark.parametrize("page", [page for page in PAGES if list(requests(page))], ids=lambda page: page.name)
async def test_the_requests_of_a_page_are_accepted(page: Page, desk: Shop) -> None:
    for seed in CATALOGUE:
        await desk.stock(seed.product_id, seed.quantity, unit_price_cents=seed.unit_price_cents)
    for request in requests(page):
        send = getattr(desk.host.http, request.method.lower())
        answer = await send(f"/api/{request.path}", data=request.body, headers=request.headers)
        assert answer.status < 400, (request.path, answer.status, answer.json())
        await desk.host.run_until_idle()


def test_requests_are_found_where_a_reader_finds_them() -> None:
    assert [request.path for request in requests(Page("README.md"))] == ["orders", "orders/my-first-order"]
    assert len([page for page in PAGES if list(requests(page))]) >= 7
