"""Fill in the templates of the pages. Everything put into one is escaped, and a name without a value is an error."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import azure.functions as func
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console.web.static_files import file_address
from domain.money import Money
from domain.text import moment
from triggers.http.support.operation import PAGE

_FOLDER: Final = Path(__file__).parents[1] / "templates"

_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
"""Of every page: it loads the console's own files only, stands in no frame, and no cache keeps it."""


def rendered(name: str, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> func.HttpResponse:
    """Return the answer with a filled-in template."""
    text = environment().get_template(name).render(facts)
    return func.HttpResponse(text, status_code=status, mimetype=PAGE, charset="utf-8", headers=HEADERS)


def amount(cents: int, currency: str) -> str:
    """Return an amount as people read it: `1,250.00 USD`."""
    return str(Money(cents, currency))


def words(name: object) -> str:
    """Return a name of the code as people read it: `needs_attention` is "needs attention"."""
    return str(name).replace("_", " ")


def time_tag(at: datetime) -> Markup:
    """Return a time for people and for programs."""
    return Markup('<time datetime="{}">{}</time>').format(at.astimezone(UTC).isoformat(timespec="seconds"), moment(at))


def age(since: datetime) -> str:
    """Return how long ago a time is, in its largest unit: `5 minutes`."""
    seconds = max(0, int((datetime.now(UTC) - since).total_seconds()))
    count, unit = next(((seconds // size, unit) for size, unit in _UNITS if seconds >= size), (seconds, "second"))
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def address(path: str, **query: object) -> str:
    """Return an address of the console. query: what is None or empty is left out."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"/console/{path}" + (f"?{urlencode(given)}" if given else "")


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(age=age, words=words, time=time_tag)
    made.tests["https"] = lambda address: str(address or "").startswith("https://")
    made.globals.update(address=address, amount=amount, file_address=file_address)
    return made
