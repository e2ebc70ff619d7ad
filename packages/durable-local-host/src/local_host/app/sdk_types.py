"""The packages `azurefunctions-extensions-…`: parameters of their types are made by them, not by the SDK's converters.

Such a package is only asked when the app has imported it, as the worker does.
"""

from __future__ import annotations

import sys
from typing import Any


def sdk_type_converter(binding_type: str) -> Any:
    """Return what makes a value of such a type for a binding; None when there is nothing that does."""
    registry = _registry()
    return registry.get(binding_type) if registry is not None else None


def is_sdk_type(annotation: Any) -> bool:
    """Return whether a parameter of that type is made by such a package."""
    registry = _registry()
    return registry is not None and bool(registry.check_supported_type(annotation))


def is_settlement_client(annotation: Any) -> bool:
    """Return whether a parameter of that type needs no binding, since it settles messages of Service Bus."""
    check = getattr(_registry(), "check_supported_grpc_client_type", None)
    return check is not None and bool(check(annotation))


def http_types() -> Any:
    """Return the base package when the app's HTTP functions take and return another framework's types; None when they do not."""
    base = _base()
    return base if base is not None and base.HttpV2FeatureChecker.http_v2_enabled() else None


def _registry() -> Any:
    base = _base()
    return base.get_binding_registry() if base is not None else None


def _base() -> Any:
    return sys.modules.get("azurefunctions.extensions.base")
