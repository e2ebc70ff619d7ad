"""Every setting of the application, read once at start, typed, and refused by name.

Orchestrators never read settings: what a story needs travels in its input, because a setting changed between two replays
would change the past.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal, Self, get_args

from pydantic import ValidationError

from domain.errors import ShopError
from domain.payment import CaptureMode
from domain.shipping import Address

# A durable timer above six days is split by the SDK and cannot be cancelled in between.
_LONGEST_REMINDER = timedelta(days=5)


class InvalidSetting(ShopError):
    """A setting is missing or not of its form."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"setting {name}: {rule} (local.settings.json.example describes every setting)")
        self.name = name


@dataclass(frozen=True, kw_only=True)
class StorageLocation:
    """The account with the shop's tables, queues and blobs: a connection string, or one address per service and an identity.

    client_id: of the user-assigned identity; None for the default credential.
    """

    connection_string: str | None = None
    table_uri: str | None = None
    queue_uri: str | None = None
    blob_uri: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Amounts in cents. An API base of None is the provider's own."""

    storage: StorageLocation
    stripe_api_key: str
    easypost_api_key: str
    ship_from: Address
    stripe_api_base: str | None = None
    easypost_api_base: str | None = None
    currency: str = "usd"
    approval_threshold_cents: int = 100_000
    approval_timeout: timedelta = timedelta(hours=24)
    approval_reminder: timedelta = timedelta(hours=8)
    capture: CaptureMode = "after_shipping"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read from environment variables. Raises InvalidSetting naming the first one that is wrong."""
        return cls(
            storage=_storage(env, "SHOP_STORAGE"),
            stripe_api_key=_required(env, "STRIPE_API_KEY"),
            stripe_api_base=env.get("STRIPE_API_BASE") or None,
            easypost_api_key=_required(env, "EASYPOST_API_KEY"),
            easypost_api_base=env.get("EASYPOST_API_BASE") or None,
            ship_from=_address(env, "SHIP_FROM"),
            currency=_currency(env, "SHOP_CURRENCY"),
            approval_threshold_cents=_whole(env, "APPROVAL_THRESHOLD_CENTS", 100_000),
            approval_timeout=_duration(env, "APPROVAL_TIMEOUT_S", timedelta(hours=24), timedelta(days=60)),
            approval_reminder=_duration(env, "APPROVAL_REMINDER_S", timedelta(hours=8), _LONGEST_REMINDER),
            capture=_capture(env, "PAYMENT_CAPTURE"),
        )


@cache
def settings() -> Settings:
    """The settings of this process. Raises InvalidSetting."""
    return Settings.from_env(os.environ)


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise InvalidSetting(name, "is missing")
    return value


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise InvalidSetting(name, "must be a whole number, 0 or more")
    return int(text)


def _duration(env: Mapping[str, str], name: str, default: timedelta, most: timedelta) -> timedelta:
    value = timedelta(seconds=_whole(env, name, int(default.total_seconds())))
    if not timedelta(0) < value <= most:
        raise InvalidSetting(name, f"must be from 1 to {int(most.total_seconds())} seconds")
    return value


def _currency(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "").strip() or "usd"
    if len(text) != 3 or not text.isascii() or not text.islower():
        raise InvalidSetting(name, "must be a three-letter currency code in lower case, such as usd")
    return text


def _capture(env: Mapping[str, str], name: str) -> CaptureMode:
    text = env.get(name, "").strip() or "after_shipping"
    modes: tuple[Literal["after_shipping", "immediate"], ...] = get_args(CaptureMode)
    for mode in modes:
        if text == mode:
            return mode
    raise InvalidSetting(name, f"must be one of {', '.join(modes)}")


def _address(env: Mapping[str, str], name: str) -> Address:
    try:
        return Address.model_validate_json(_required(env, name))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole text"
        raise InvalidSetting(name, f"must be an address as JSON: {where}: {first['msg']}") from None


def _storage(env: Mapping[str, str], name: str) -> StorageLocation:
    connection_string = env.get(name, "").strip()
    if connection_string:
        return StorageLocation(connection_string=connection_string)
    uris = {service: env.get(f"{name}__{service}ServiceUri", "").strip() for service in ("table", "queue", "blob")}
    missing = [service for service, uri in uris.items() if not uri]
    if len(missing) == len(uris):
        raise InvalidSetting(name, f"is missing: give a connection string, or {name}__tableServiceUri and its siblings")
    if missing:
        raise InvalidSetting(f"{name}__{missing[0]}ServiceUri", "is missing")
    return StorageLocation(
        table_uri=uris["table"],
        queue_uri=uris["queue"],
        blob_uri=uris["blob"],
        client_id=env.get(f"{name}__clientId", "").strip() or None,
    )
