"""The Azure functions of the console. What they serve is imported by the first visit, so that no cold start pays for it."""

from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from triggers.http.support.access import ANYONE, auth_level

bp = df.Blueprint()

_PAGES: Final = "console/{*path}"
_AUTH_LEVEL: Final = auth_level((Role.OPERATOR,))  # each page has roles of its own


@bp.route(route=_PAGES, methods=["GET"], auth_level=_AUTH_LEVEL)
@bp.durable_client_input(client_name="client")
async def show_console(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Show a page of the console. It changes nothing."""
    from console.web.serving import serve

    return await serve("GET", req, client)


@bp.route(route=_PAGES, methods=["POST"], auth_level=_AUTH_LEVEL)
@bp.durable_client_input(client_name="client")
async def act_in_console(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Do what a form of a page asks for."""
    from console.web.serving import serve

    return await serve("POST", req, client)


@bp.route(route="console/sign-in", methods=["GET"], auth_level=auth_level(ANYONE))
async def console_sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """Send a browser to where people sign in. The platform, which refuses other addresses without a session, lets this one pass."""
    from console.web.sign_in import sign_in_answer

    return sign_in_answer()


@bp.route(route="console/static/{name}", methods=["GET"], auth_level=_AUTH_LEVEL)
async def console_file(req: func.HttpRequest) -> func.HttpResponse:
    """Return a style sheet or a script. They hold nothing of the shop."""
    from console.web.static_files import file_answer

    return file_answer(req.route_params["name"])
