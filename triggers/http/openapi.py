"""The API's description, over HTTP."""

import json
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from triggers.http.support.links import resource
from triggers.http.support.problems import answers_problems

bp = df.Blueprint()

OPENAPI: Final = "openapi.json"


@bp.route(route=OPENAPI, methods=["GET"])
@answers_problems
async def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The document, with this host as its server."""
    # Here, because it is rarely asked for and would lengthen every cold start.
    from triggers.http.support.openapi_document import openapi_document

    document = {**openapi_document(), "servers": [{"url": resource(req, OPENAPI)}]}
    return func.HttpResponse(json.dumps(document), mimetype="application/json")
