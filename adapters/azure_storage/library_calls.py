"""What the storage libraries have in common, for the calls that are made past their own operations."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final, NoReturn

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ResourceNotModifiedError,
    map_error,
)
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
)

# The service redirects no request of the app. Spans of requests are made below the libraries (`adapters.telemetry.spans`), and
# bodies are decoded above them. What the others do must be asked for, and is not.
IDLE_POLICIES: Final = (
    ContentDecodePolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
)
_ERRORS: Final[dict[int, type[HttpResponseError]]] = {
    HTTPStatus.UNAUTHORIZED: ClientAuthenticationError,
    HTTPStatus.NOT_FOUND: ResourceNotFoundError,
    HTTPStatus.CONFLICT: ResourceExistsError,
    HTTPStatus.NOT_MODIFIED: ResourceNotModifiedError,
}


def pipeline_of(transport: Any, policies: Iterable[Any], idle: tuple[type, ...]) -> "Pipeline[Any, Any]":
    """Return a pipeline of a library's policies, without those that do nothing for the app. Their order stays."""
    return Pipeline(transport, [policy for policy in policies if not isinstance(policy, idle)])


def raise_by_status(response: Any, read_body: Callable[[], Any]) -> NoReturn:
    """Raise what the libraries make of an answer first, before they read the service's code from it.

    Args:
        response: The answer.
        read_body: Returns the library's model of the body, if it has one; only called where the status says too little.
    """
    map_error(response.status_code, response, _ERRORS)
    raise HttpResponseError(response=response, model=read_body())
