"""How the app learns who calls, read by itself: it decides at import which operations need a function key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

import setting_values as read
from setting_values import InvalidSetting

IdentityKind = Literal["local", "service_key", "entra"]
"""local: callers are believed. service_key: function keys, of storefronts alone. entra: people and applications of one tenant."""

# What the platform sets in an app's environment, on every plan and in Container Apps, and what no local host sets: from the host's
# EnvironmentExtensions and from learn.microsoft.com/azure/container-apps/environment-variables#built-in-environment-variables.
_AZURE: Final = (
    "WEBSITE_INSTANCE_ID",
    "WEBSITE_POD_NAME",
    "WEBSITE_OWNER_NAME",
    "WEBSITE_SKU",
    "LEGION_SERVICE_HOST",
    "MANAGED_ENVIRONMENT",
    "CONTAINER_APP_NAME",
    "CONTAINER_APP_REVISION",
    "CONTAINER_APP_HOSTNAME",
    "CONTAINER_APP_REPLICA_NAME",
    "CONTAINER_APP_ENV_DNS_SUFFIX",
    "CONTAINER_APP_JOB_NAME",
    "CONTAINER_APP_JOB_EXECUTION_NAME",
)

_KUBERNETES: Final = "KUBERNETES_SERVICE_HOST"
"""Set in every pod."""

_LOCAL_TOOLS: Final = "FUNCTIONS_CORETOOLS_ENVIRONMENT"
"""Set by `func` and by local_host for the app that they run: a developer's machine may be a pod too."""


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """How the app learns who calls.

    Attributes:
        kind: Which adapter.
        tenant_id: Of the Entra tenant.
        audiences: For which a token may be made: the client id of the app's registration, and its address.
        applications: The client ids of those that may call; empty for any of the tenant.
        authority: Issues the tokens.
        platform_authenticates: Whether the platform has App Service authentication on: it removes the headers that callers
            forge, so that those which arrive are its own.
    """

    kind: IdentityKind = "local"
    tenant_id: str = ""
    audiences: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    authority: str = "https://login.microsoftonline.com"
    platform_authenticates: bool = False


def identity_kind(env: Mapping[str, str]) -> IdentityKind:
    """Return how the app learns who calls. Without a setting: by function keys where it serves others, elsewhere not at all.

    Raises:
        InvalidSetting: It is none of the known ways, or local in Azure or Kubernetes.
    """
    served = _is_in_azure(env) or _is_in_kubernetes(env)
    default: IdentityKind = "service_key" if served else "local"
    kinds: tuple[IdentityKind, ...] = (default, *(each for each in get_args(IdentityKind) if each != default))
    kind = read.one_of(env, "IDENTITY", kinds)
    if kind == "local" and served:
        raise InvalidSetting(
            "IDENTITY", "must not be local in Azure or Kubernetes, where every caller would be believed"
        )
    return kind


def identity_settings(env: Mapping[str, str]) -> IdentitySettings:
    """Return how the app learns who calls.

    Raises:
        InvalidSetting: A setting is missing or not of its form.
    """
    kind = identity_kind(env)
    if kind != "entra":
        return IdentitySettings(kind=kind)
    audiences = _several(env, "ENTRA_AUDIENCES")
    if not audiences:
        raise InvalidSetting("ENTRA_AUDIENCES", "is missing")
    return IdentitySettings(
        kind=kind,
        tenant_id=read.required(env, "ENTRA_TENANT_ID"),
        audiences=audiences,
        applications=_several(env, "ENTRA_ALLOWED_APPLICATIONS"),
        authority=_authority(env),
        platform_authenticates=env.get("WEBSITE_AUTH_ENABLED", "").strip().lower() == "true",
    )


def _authority(env: Mapping[str, str]) -> str:
    address = (read.optional(env, "ENTRA_AUTHORITY") or IdentitySettings.authority).rstrip("/")
    is_local = urlsplit(address).hostname == "127.0.0.1" and not _is_in_azure(env) and not _is_in_kubernetes(env)
    if not read.names_a_host(address, ("http", "https") if is_local else ("https",)):
        raise InvalidSetting("ENTRA_AUTHORITY", "must be an https address such as https://login.microsoftonline.com")
    return address


def _is_in_azure(env: Mapping[str, str]) -> bool:
    return any(env.get(name) for name in _AZURE)


def _is_in_kubernetes(env: Mapping[str, str]) -> bool:
    return bool(env.get(_KUBERNETES)) and not env.get(_LOCAL_TOOLS)


def _several(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
