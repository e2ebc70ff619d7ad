"""References of app settings to the vault, which App Service resolves when a setting changes and then once in 24 hours.

The template creates them before the vault holds a secret. They are resolved anew by
https://learn.microsoft.com/azure/app-service/app-service-key-vault-references#rotation, and their status is read by
https://learn.microsoft.com/rest/api/appservice/web-apps/get-app-settings-key-vault-references.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from infra.hooks.azure_cli import HookFailed, az

_REFERENCES: Final = "/config/configreferences/appsettings"
_API_VERSION: Final = "?api-version=2022-03-01"
# The app's role on the vault is as new as the app, and takes minutes to work.
_MAX_ATTEMPTS: Final = 20
_PAUSE_S: Final = 15.0


def await_resolved(site: str, missing: Collection[str], pause: Callable[[float], None]) -> None:
    """Have a site resolve its references, and wait until it has.

    Args:
        site: Resource id of an app or of a slot.
        missing: Secrets that no vault holds yet, so that there is nothing to wait for.
        pause: Waits for a number of seconds.

    Raises:
        HookFailed: Some stay unresolved; the error names each with its status.
    """
    unresolved = _unresolved(site, missing)
    for _ in range(_MAX_ATTEMPTS):
        if not unresolved:
            return
        az("rest", "--method", "post", "--url", f"{site}{_REFERENCES}/refresh{_API_VERSION}")
        pause(_PAUSE_S)
        unresolved = _unresolved(site, missing)
    if unresolved:
        named = ", ".join(f"{name} ({status})" for name, status in sorted(unresolved.items()))
        raise HookFailed(f"{site.rpartition('/')[2]} does not resolve its references to the vault: {named}")


def _unresolved(site: str, missing: Collection[str]) -> dict[str, str]:
    """Return the status of each setting that is not resolved and could be."""
    found = az("rest", "--method", "get", "--url", f"{site}{_REFERENCES}{_API_VERSION}")
    return {
        str(one["name"]): _status(one)
        for one in found["value"]
        if _status(one) != "Resolved" and one["properties"].get("secretName") not in missing
    }


def _status(reference: dict[str, Any]) -> str:
    return str(reference["properties"].get("status"))
