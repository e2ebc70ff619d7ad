"""Read one setting at a time: its text, held to its form, or refused by its name.

Every function raises InvalidSetting. env: the environment. name: of the setting. What has a form of the shop's is read by
`setting_forms`: this module is imported at every cold start, and imports no models.
"""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from domain.errors import ShopError

C = TypeVar("C", bound=str)

ManifestEvents = Literal["blob", "queue"]
"""blob: the host looks for new blobs itself. queue: the storage account's events come through a queue."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,45}")

# What Azure leaves in place of a secret that it could not read.
_VAULT_REFERENCE: Final = "@Microsoft.KeyVault("


class InvalidSetting(ShopError):
    """A setting is missing or not of its form."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"setting {name}: {rule} (local.settings.json.example describes every setting)")
        self.name = name


def required(env: Mapping[str, str], name: str) -> str:
    """Return a text that must be there."""
    value = env.get(name, "").strip()
    if not value:
        raise InvalidSetting(name, "is missing")
    if _VAULT_REFERENCE in value:
        raise InvalidSetting(name, "refers to a secret that its vault does not hold, or that this app may not read")
    return value


def short_name(env: Mapping[str, str], name: str, default: str) -> str:
    """Return a name that providers and tables take as a part of their own."""
    text = env.get(name, "").strip() or default
    if not _NAME.fullmatch(text):
        raise InvalidSetting(name, "must be 1 to 45 ASCII letters, digits, - and _")
    return text


def whole(env: Mapping[str, str], name: str, default: int) -> int:
    """Return a whole number, 0 or more."""
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise InvalidSetting(name, "must be a whole number, 0 or more")
    return int(text)


def whole_days(env: Mapping[str, str], name: str, default: int) -> int:
    """Return a number of days."""
    days = whole(env, name, default)
    if not 1 <= days <= 3650:
        raise InvalidSetting(name, "must be from 1 to 3650 days")
    return days


def duration(env: Mapping[str, str], name: str, default: timedelta, most: timedelta) -> timedelta:
    """Return a time that is set in seconds. most: the longest that is allowed."""
    value = timedelta(seconds=whole(env, name, int(default.total_seconds())))
    if not timedelta(0) < value <= most:
        raise InvalidSetting(name, f"must be from 1 to {int(most.total_seconds())} seconds")
    return value


def limit_or_none(env: Mapping[str, str], name: str, default: timedelta, most: timedelta) -> timedelta:
    """Return a time that is set in seconds, where 0 stands for no limit. most: the longest that is allowed."""
    value = timedelta(seconds=whole(env, name, int(default.total_seconds())))
    if value > most:
        raise InvalidSetting(name, f"must be from 0 (no limit) to {int(most.total_seconds())} seconds")
    return value


def one_of(env: Mapping[str, str], name: str, known: tuple[C, ...]) -> C:
    """Return one of the known texts; the first is the default."""
    text = env.get(name, "").strip() or known[0]
    for each in known:
        if text == each:
            return each
    raise InvalidSetting(name, f"must be one of {', '.join(known)}")


def names_a_host(url: str, schemes: tuple[str, ...]) -> bool:
    """Return whether an address has one of the schemes and a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def batch_width(env: Mapping[str, str], name: str, default: int) -> int:
    """Return how many files are read at a time."""
    chosen = whole(env, name, default)
    if not 1 <= chosen <= 100:
        raise InvalidSetting(name, "must be from 1 to 100")
    return chosen


def webhook_secret(env: Mapping[str, str], name: str) -> str | None:
    """Return the key that signs webhooks, or None."""
    secret = optional_secret(env, name)
    if secret is None:
        return None
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise InvalidSetting(name, "must be whsec_ and the Base64 of 24 to 64 random bytes")
    return secret


def optional_secret(env: Mapping[str, str], name: str) -> str | None:
    """Return a secret that a part of the app can do without, or None.

    Azure leaves a reference to a vault that does not hold it as it is.
    """
    secret = optional(env, name)
    return None if secret is not None and _VAULT_REFERENCE in secret else secret


def optional(env: Mapping[str, str], name: str) -> str | None:
    """Return a text, or None."""
    return env.get(name, "").strip() or None


def yes(env: Mapping[str, str], name: str) -> bool:
    """Return true or false; false where nothing is set."""
    text = env.get(name, "").strip().lower() or "false"
    if text not in ("true", "false"):
        raise InvalidSetting(name, "must be true or false")
    return text == "true"


def manifest_events(env: Mapping[str, str]) -> ManifestEvents:
    """Return how the app detects new manifests. Read by itself: it decides which function is registered."""
    known: tuple[ManifestEvents, ...] = get_args(ManifestEvents)
    return one_of(env, "MANIFEST_EVENTS", known)
