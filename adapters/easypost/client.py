"""The SDK's client, on a session of ours."""

from typing import TYPE_CHECKING, Final

from adapters.web.sessions import new_provider_session

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

_MAX_CONNECT_RETRIES: Final = 3  # as the SDK's own session has it


def new_client(api_key: str, api_base: str | None, answer_s: int) -> "EasyPostClient":
    """Return a client. api_base: None for EasyPost's own. answer_s: how long to wait for an answer."""
    from easypost.easypost_client import EasyPostClient

    options = {"api_base": api_base} if api_base else {}
    client = EasyPostClient(api_key, timeout=answer_s, **options)
    # The SDK takes no session. Its own looks at the environment at every request, and keeps ten connections.
    client._requests_session = new_provider_session(_MAX_CONNECT_RETRIES)
    return client
