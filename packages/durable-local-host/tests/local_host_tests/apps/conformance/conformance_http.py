import json
import threading
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

bp = df.Blueprint()
GET = ["GET"]
OPEN = func.AuthLevel.ANONYMOUS


@bp.route(route="items/{id:int?}", methods=GET, auth_level=OPEN)
def items(req: func.HttpRequest) -> func.HttpResponse:
    return _json(dict(req.route_params))


@bp.route(route="orders/{id}", methods=GET, auth_level=OPEN)
def order_by_id(req: func.HttpRequest) -> str:
    return f"order {req.route_params['id']}"


@bp.route(route="orders/newest", methods=GET, auth_level=OPEN)
def newest_order(req: func.HttpRequest) -> str:
    return "the newest order"


@bp.route(methods=["POST"], auth_level=OPEN)
def post_only(req: func.HttpRequest) -> str:
    return "posted"


@bp.route(methods=GET)
def needs_a_key(req: func.HttpRequest) -> str:
    return "let in"


@bp.route(auth_level=OPEN)
def describe(req: func.HttpRequest) -> func.HttpResponse:
    return _json(
        {
            "method": req.method,
            "url": req.url,
            "params": dict(req.params),
            "headers": dict(req.headers),
            "body": req.get_body().decode(),
        }
    )


@bp.route(methods=GET, auth_level=OPEN)
def raises(req: func.HttpRequest) -> str:
    raise RuntimeError("a secret of the app")


@bp.route(methods=GET, auth_level=OPEN)
def gives_a_dict(req: func.HttpRequest):
    return {"a": 1}


@bp.route(methods=["POST"], auth_level=OPEN)
def gives_text(req: func.HttpRequest) -> str:
    """Return the body as a `str`."""
    return req.get_body().decode()


@bp.route(methods=GET, auth_level=OPEN)
def gives_json(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse('{"a":1}', mimetype="application/json", status_code=HTTPStatus.CREATED)


@bp.route(methods=GET, auth_level=OPEN)
def sets_cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("ok")
    response.headers.add("Set-Cookie", "first=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "second=2; Secure")
    return response


@bp.route(methods=GET, auth_level=OPEN)
def show_context(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = {
        "function_name": context.function_name,
        "invocation_id": context.invocation_id,
        "thread": context.thread_local_storage.invocation_id,
        "retry_count": context.retry_context.retry_count,
        "is_main_thread": threading.current_thread() is threading.main_thread(),
    }
    return _json(seen)


@bp.route(route="check_status/{id}", methods=GET, auth_level=OPEN)
@bp.durable_client_input(client_name="client")
async def check_status(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return client.create_check_status_response(req, req.route_params["id"])


@bp.route(route="client/{method}", methods=["POST"], auth_level=OPEN)
@bp.durable_client_input(client_name="client")
async def call_client(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Call any method of the SDK's client: `{"args": [...], "kwargs": {...}}`; `{"entity": [name, key]}` is an EntityId."""
    body = req.get_json()
    args = [_argument(each) for each in body.get("args", [])]
    try:
        result = await getattr(client, req.route_params["method"])(*args, **body.get("kwargs", {}))
    except Exception as error:
        return _json({"error": str(error), "type": type(error).__name__})
    return _json({"result": _plain(result)})


def _argument(value):
    return df.EntityId(*value["entity"]) if isinstance(value, dict) and "entity" in value else value


def _plain(result):
    if isinstance(result, list):
        return [_plain(each) for each in result]
    if hasattr(result, "entity_exists"):
        return {"exists": result.entity_exists, "state": result.entity_state}
    if hasattr(result, "instances_deleted"):
        return result.instances_deleted
    if hasattr(result, "runtime_status"):
        return result.to_json() if result else None
    return result


def _json(value) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), mimetype="application/json")
