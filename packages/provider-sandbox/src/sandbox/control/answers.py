"""How `/sandbox` reads bodies and answers errors."""

import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


async def json_body(request: web.Request) -> Any:
    """Return the decoded body, `{}` for none. Raises 400 for what is not JSON."""
    raw = await request.read()
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        raise problem(web.HTTPBadRequest, "the body is not JSON") from None


def read(model: type[Model], given: Any) -> Model:
    """Return the body as that model. Raises 400 that names each wrong field and its rule, never its value."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        fields = [
            {"field": ".".join(map(str, one["loc"])) or "body", "message": one["msg"]}
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise problem(web.HTTPBadRequest, "the body does not fit", fields) from None


def problem(
    kind: type[web.HTTPException], message: str, fields: list[dict[str, str]] | None = None
) -> web.HTTPException:
    """Return `{"error": {"message", "fields"}}`; fields: `{"field", "message"}` each."""
    body = json.dumps({"error": {"message": message, "fields": fields or []}})
    return kind(text=body, content_type="application/json")
