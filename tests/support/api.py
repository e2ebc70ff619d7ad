"""The operations of the app and the document that describes them."""

from functools import cache
from typing import Any, Final

import blueprints  # noqa: F401 - declares every operation
from triggers.http.support.openapi import document
from triggers.http.support.operation import declared_operations

OPERATIONS: Final = declared_operations()


@cache
def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document without its servers."""
    return document.openapi_document(OPERATIONS)
