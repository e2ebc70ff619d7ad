"""The API's description, over HTTP."""

import json
from functools import cache
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from domain.identity import EVERY_ROLE
from triggers.http.support.links import resource
from triggers.http.support.operation import JSON, declared_operations, operation

bp = df.Blueprint()


@operation(bp, "GET", "openapi.json", roles=EVERY_ROLE, answers={200: None})
async def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """Return this document, with this host as its server."""
    document = {**_document(), "servers": [{"url": resource()}]}
    return func.HttpResponse(json.dumps(document), mimetype=JSON)


@cache
def _document() -> dict[str, Any]:
    # Imported and built on demand: it is rarely requested and would lengthen every cold start. The first declares every operation.
    import blueprints  # noqa: F401
    from triggers.http.support.openapi.document import openapi_document

    return openapi_document(declared_operations())
