"""Read the settings that have a form of the shop's: amounts, addresses, names. `setting_values` reads the plain ones.

Every function raises InvalidSetting. env: the environment. name: of the setting.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.ids import ContainerName, Version
from domain.money import Limit, Money
from domain.payments.providers import PROVIDERS, ProviderName
from domain.shipping.addresses import address_problems
from domain.shipping.carriers import CARRIERS, DEFAULT_CARRIERS, CarrierName
from domain.shipping.shipment import Address
from domain.wire import Cents, Currency, EmailAddress
from setting_values import InvalidSetting, optional, required, whole


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


def containers(env: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of blob containers that are separated by commas."""
    found = tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
    try:
        return TypeAdapter(tuple[ContainerName, ...]).validate_python(found) or default
    except ValidationError:
        raise InvalidSetting(name, "must be names of blob containers with commas between them") from None
