"""Lead a browser without a caller to where people sign in: the platform's own page, in Azure.

Source: learn.microsoft.com, "Customize sign-in and sign-out in Azure App Service authentication" (`/.auth/login/PROVIDER`,
`post_login_redirect_uri`).
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import azure.functions as func

from console.web.rendering import HEADERS, address
from services.identity import is_local, signs_in

_PLATFORMS_PAGE: Final = "/.auth/login/aad"


def sign_in_address(path: str) -> str | None:
    """Return where people sign in, to come back to a page then; None where they cannot.

    Args:
        path: Of the page, below `/console/`. Its query stays behind: it may name customers, and would pass through the tenant.
    """
    if signs_in():
        return f"{_PLATFORMS_PAGE}?{urlencode({'post_login_redirect_uri': address(path)})}"
    return address("local-caller") if is_local() else None


def is_a_page_of_a_browser(request: func.HttpRequest) -> bool:
    """Return whether a request is that of a person who opens a page, and not of a script or a program."""
    accepted = request.headers.get("accept", "")
    return request.method == "GET" and "text/html" in accepted and "hx-request" not in request.headers


def sign_in_answer() -> func.HttpResponse:
    """Send a browser to where people sign in for the console; elsewhere to the console, which says what is missing."""
    return to_sign_in(sign_in_address("") or address(""))


def to_sign_in(location: str) -> func.HttpResponse:
    """Send the browser there."""
    return func.HttpResponse(status_code=HTTPStatus.FOUND, headers={**HEADERS, "Location": location})
