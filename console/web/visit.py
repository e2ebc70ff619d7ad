"""One request for a page: what it was asked for, and how it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import azure.functions as func

from console.web.rendering import HEADERS, rendered
from domain.identity import Caller
from domain.refusals import Invalid
from domain.wire import Edge
from services.durable.client import DurableClient
from services.identity import is_local
from services.input.documents import refuse_card_numbers, validated
from triggers.http.support.forms import form_fields
from triggers.http.support.operation import FORM
from triggers.http.support.problems import Problem
from triggers.http.support.request_params import checked_id

M = TypeVar("M", bound=Edge)

_MAX_FORM_BYTES: Final = 16 * 1024


class MenuEntry(NamedTuple):
    """An entry of the menu."""

    title: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request for a page.

    Attributes:
        request: As the platform hands it over.
        client: The durable client.
        path: Of the page, below `/console/`.
        values: The parameters of the path, by name.
        caller: Who asks; None until they are admitted.
        menu: What the menu shows them.
    """

    request: func.HttpRequest
    client: DurableClient
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    caller: Caller | None = None
    menu: tuple[MenuEntry, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether a person may choose who they are, as on a developer's own machine."""
        return is_local()

    def id(self, name: str) -> str:
        """Return an id of the path. Raises Problem: 404 when nothing can have such an id."""
        return checked_id(name, self.values[name])

    def query(self, model: type[M]) -> M:
        """Return the query. A field that was left empty is none. Raises RequestRefused."""
        fields = {name: value for name, value in self.request.params.items() if value.strip() and name != "code"}
        refuse_card_numbers(fields)
        return validated(model, fields)

    def form(self, model: type[M]) -> M:
        """Return what the page's form sent. Raises Problem, RequestRefused."""
        fields = form_fields(self._form_text())
        refuse_card_numbers(fields)
        return validated(model, fields)

    def typed(self) -> dict[str, str]:
        """Return what a person has typed into the page's form, with the fields that are empty.

        Raises:
            Problem, RequestRefused: It is no form, or a field looks like a card number: it is not shown again.
        """
        fields = form_fields(self._form_text(), with_empty=True)
        refuse_card_numbers(fields)
        return fields

    def form_with_choices(self, model: type[M], name: str, most: int) -> tuple[M, tuple[str, ...]]:
        """Return what a form with a list of choices sent: its fields, and the values that were chosen.

        Args:
            model: Of the fields.
            name: The name that every choice has.
            most: How many may be chosen.

        Raises:
            Problem, RequestRefused: The form is another one.
        """
        pairs = parse_qsl(self._form_text())
        chosen = tuple(dict.fromkeys(value for field, value in pairs if field == name))
        if len(chosen) > most:
            raise Invalid.of_field(name, "too_many", f"Choose {most} at most")
        fields = {field: value for field, value in pairs if field != name}
        refuse_card_numbers(fields)
        return validated(model, {name: fields[name] for name in model.model_fields if name in fields}), chosen

    def _form_text(self) -> str:
        body = self.request.get_body()
        media_type = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != FORM:
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send the page's own form.")
        if len(body) > _MAX_FORM_BYTES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "The form is too long.")
        return body.decode("utf-8", "replace")

    def show(self, template: str, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> func.HttpResponse:
        """Return a page in the console's layout."""
        return rendered(template, status, visit=self, **facts)

    def go_to(self, address: str) -> func.HttpResponse:
        """Send the browser to another page, to be read with GET."""
        return func.HttpResponse(status_code=HTTPStatus.SEE_OTHER, headers={**HEADERS, "Location": address})
