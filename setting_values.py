"""Read one setting at a time: its text, held to its form, or refused by its name.

Every function raises InvalidSetting. env: the environment. name: of the setting.
"""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from domain.errors import ShopError
from domain.files.batch import ContainerName
from domain.ids import Version
from domain.money import Limit, Money
from domain.payments.providers import PROVIDERS, ProviderName
from domain.shipping.addresses import address_problems
from domain.shipping.carriers import CARRIERS, DEFAULT_CARRIERS, CarrierName
from domain.shipping.shipment import Address
from domain.wire import Cents, Currency, EmailAddress

C = TypeVar("C", bound=str)

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


def currency_code(env: Mapping[str, str], name: str) -> str:
    """Return a currency in which cards can be charged."""
    text = env.get(name, "").strip() or "usd"
    try:
        return str(TypeAdapter(Currency).validate_python(text))
    except ValidationError:
        rule = "must be the code of a currency in which cards can be charged, in lower case, such as usd"
        raise InvalidSetting(name, rule) from None


def limit(env: Mapping[str, str], name: str, default: Limit) -> Limit:
    """Return a limit: `100000` is in the shop's currency; `{"usd": 100000, "idr": 1600000000}` for several."""
    currency = currency_code(env, "SHOP_CURRENCY")
    stated = default.for_currency(currency)
    if not env.get(name, "").strip().startswith("{"):
        return Limit(stated=Money(whole(env, name, stated.amount), currency))
    amounts: dict[str, int] = from_json(env, name, dict[Currency, Cents], {})
    return Limit(stated=Money(amounts.get(currency, stated.amount), currency), others=amounts)


def optional_limit(env: Mapping[str, str], name: str) -> Limit | None:
    """Return a limit in the form of `limit`, or None."""
    return limit(env, name, Limit(stated=Money(0, "usd"))) if optional(env, name) else None


def one_of(env: Mapping[str, str], name: str, known: tuple[C, ...]) -> C:
    """Return one of the known texts; the first is the default."""
    text = env.get(name, "").strip() or known[0]
    for each in known:
        if text == each:
            return each
    raise InvalidSetting(name, f"must be one of {', '.join(known)}")


def postal_address(env: Mapping[str, str], name: str) -> Address:
    """Return an address that is one of its country."""
    required(env, name)
    address: Address = from_json(env, name, Address, None)
    found = address_problems(address.country, city=address.city, state=address.state, postal_code=address.postal_code)
    if (problem := next(found, None)) is not None:
        raise InvalidSetting(name, f"must be an address of its country: {problem.field}: {problem.message}")
    return address


def from_json(env: Mapping[str, str], name: str, form: Any, default: Any) -> Any:
    """Return the value of a JSON text. form: the type that it has to be of."""
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        return TypeAdapter(form).validate_json(text, extra="forbid")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole text"
        raise InvalidSetting(name, f"must be JSON of its form: {where}: {first['msg']}") from None


def carriers(env: Mapping[str, str], name: str) -> tuple[CarrierName, ...]:
    """Return the carriers that are named, in our order."""
    named = [each.strip() for each in env.get(name, "").split(",") if each.strip()]
    known = [carrier for carrier in CARRIERS if carrier in named]
    if set(named) - set(known):
        raise InvalidSetting(name, f"must be some of {', '.join(CARRIERS)}, with commas between them")
    return tuple(known) or DEFAULT_CARRIERS


def of_form(env: Mapping[str, str], name: str, form: Any) -> str | None:
    """Return a text of a form, or None. form: its type."""
    text = optional(env, name)
    if text is None:
        return None
    try:
        return str(TypeAdapter(form).validate_python(text))
    except ValidationError as error:
        message = error.errors(include_input=False, include_url=False)[0]["msg"]
        raise InvalidSetting(name, message[:1].lower() + message[1:]) from None


def names_a_host(url: str, schemes: tuple[str, ...]) -> bool:
    """Return whether an address has one of the schemes and a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def emails(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return mail addresses that are separated by commas."""
    found = tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
    try:
        return TypeAdapter(tuple[EmailAddress, ...]).validate_python(found)
    except ValidationError:
        raise InvalidSetting(name, "must be e-mail addresses with commas between them") from None


def payment_providers(env: Mapping[str, str], name: str, default: tuple[ProviderName, ...]) -> tuple[ProviderName, ...]:
    """Return payment providers that are separated by commas, in the order in which they are named."""
    named = tuple(dict.fromkeys(each.strip() for each in env.get(name, "").split(",") if each.strip()))
    if set(named) - set(PROVIDERS):
        raise InvalidSetting(name, f"must be some of {', '.join(PROVIDERS)}, with commas between them")
    return named or default


def versions(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return versions of an orchestrator that are separated by commas."""
    found = tuple(dict.fromkeys(each.strip() for each in env.get(name, "").split(",") if each.strip()))
    try:
        return TypeAdapter(tuple[Version, ...]).validate_python(found)
    except ValidationError:
        raise InvalidSetting(name, "must be versions such as 1.0, with commas between them") from None


def batch_width(env: Mapping[str, str], name: str, default: int) -> int:
    """Return how many files are read at a time."""
    chosen = whole(env, name, default)
    if not 1 <= chosen <= 100:
        raise InvalidSetting(name, "must be from 1 to 100")
    return chosen


def containers(env: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of blob containers that are separated by commas."""
    found = tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
    try:
        return TypeAdapter(tuple[ContainerName, ...]).validate_python(found) or default
    except ValidationError:
        raise InvalidSetting(name, "must be names of blob containers with commas between them") from None


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
