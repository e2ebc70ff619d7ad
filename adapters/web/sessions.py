"""Sessions of `requests` for the SDKs of providers and of storage."""

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

# As many connections as there may be calls at once: threads of activities, and those that a page of a list is read with.
MAX_POOL_CONNECTIONS: Final = 64


def new_session(connect_retries: int = 0) -> "Session":
    """Return a session that has read the environment once, here.

    By default `requests` looks for proxies, a .netrc file and a folder of certificates at every request. It goes on doing so where
    a proxy is configured, because which hosts are reached without it is decided for each request.

    Args:
        connect_retries: How often a connection is tried again that could not be opened.
    """
    from http.cookiejar import DefaultCookiePolicy
    from urllib.request import getproxies

    session = _proxied_session(connect_retries) if getproxies() else _plain_session(connect_retries)
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    # No provider's API has cookies, and threads that share a session must not share one's.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def new_provider_session(connect_retries: int = 0) -> "Session":
    """Return such a session for an API that has no redirects: one would lead a payment or a customer's address elsewhere."""
    session = new_session(connect_retries)
    session.max_redirects = 0
    return session


def _plain_session(connect_retries: int) -> "Session":
    from adapters.web.plain_sessions import PlainAdapter, PlainSession

    session, adapter = PlainSession(), PlainAdapter(MAX_POOL_CONNECTIONS, connect_retries)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _proxied_session(connect_retries: int) -> "Session":
    from requests import Session

    from adapters.web.kept_alive import KeptAliveAdapter

    session, adapter = Session(), KeptAliveAdapter(MAX_POOL_CONNECTIONS, connect_retries)
    # Else the password of a .netrc file takes the place of the key or signature that a request has.
    session.auth = _as_it_is
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _as_it_is(request: "PreparedRequest") -> "PreparedRequest":
    return request
