"""Every setting of the application, read once at start, typed, and refused by name.

Orchestrators never read settings: what a story needs travels in its input, because a setting changed between two replays
would change the past.
"""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from domain.addresses import address_problems
from domain.carriers import CARRIERS, DEFAULT_CARRIERS, CarrierName
from domain.catalogue import ORDER_LIMIT
from domain.customs import ContentsType, CountryCode, CustomsRules, HsCode
from domain.errors import ShopError
from domain.expense import ExpenseLimits
from domain.file_batch import ContainerName
from domain.money import Limit, Money
from domain.payment import CaptureMode
from domain.shipping import LABEL_LIMIT, LABEL_PERCENT, Address
from domain.shipping_rules import ShippingRules
from domain.wire import Cents, Currency, EmailAddress

C = TypeVar("C", bound=str)

ManifestEvents = Literal["blob", "queue"]
"""blob: the host looks for new blobs itself. queue: the storage account's events come through a queue."""

# A durable timer above six days is split by the SDK and cannot be cancelled in between.
_LONGEST_REMINDER = timedelta(days=5)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,45}")

_APPROVAL_THRESHOLD = Limit(stated=Money(100_000, "usd"))

# What Azure leaves in place of a secret that it could not read.
_VAULT_REFERENCE = "@Microsoft.KeyVault("


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
class MailSettings:
    """How mails leave: through Azure Communication Services by identity (endpoint), or by SMTP (smtp_url), or not at all.

    smtp_url: `smtp://user:password@host:587` (STARTTLS where offered), or `smtps://` for TLS from the first byte.
    """

    sender: str = "shop@localhost"
    endpoint: str | None = None
    smtp_url: str | None = field(default=None, repr=False)
    client_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """An API base of None is the provider's own; for regions, the table that comes with the app."""

    storage: StorageLocation
    stripe_api_key: str
    easypost_api_key: str
    ship_from: Address
    stripe_api_base: str | None = None
    easypost_api_base: str | None = None
    region_api_base: str | None = None
    currency: str = "usd"
    approval_threshold: Limit = _APPROVAL_THRESHOLD
    order_limit: Limit = ORDER_LIMIT
    approval_timeout: timedelta = timedelta(hours=24)
    approval_reminder: timedelta = timedelta(hours=8)
    capture: CaptureMode = "after_shipping"
    history_retention: timedelta = timedelta(days=30)
    mail: MailSettings = MailSettings()
    public_url: str = "http://localhost:7071"
    approver_emails: tuple[str, ...] = ()
    expense_timeout: timedelta = timedelta(days=2)
    expense_limits: ExpenseLimits = field(default_factory=dict)
    link_secret: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    easypost_webhook_secret: str | None = field(default=None, repr=False)
    carriers: tuple[CarrierName, ...] = DEFAULT_CARRIERS
    label_percent: int = LABEL_PERCENT
    label_limit: Limit = LABEL_LIMIT
    customs: CustomsRules | None = None
    shop_id: str = "shop"
    task_hub: str = "DurableOrders"
    callback_allow_loopback: bool = False
    file_batch_width: int = 20
    file_batch_containers: tuple[str, ...] = ("incoming",)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read from environment variables. Raises InvalidSetting naming the first one that is wrong."""
        return cls(
            storage=_storage(env, "SHOP_STORAGE"),
            stripe_api_key=_required(env, "STRIPE_API_KEY"),
            stripe_api_base=env.get("STRIPE_API_BASE") or None,
            easypost_api_key=_required(env, "EASYPOST_API_KEY"),
            easypost_api_base=env.get("EASYPOST_API_BASE") or None,
            region_api_base=env.get("REGION_API_BASE", "").rstrip("/") or None,
            ship_from=_address(env, "SHIP_FROM"),
            currency=_currency(env, "SHOP_CURRENCY"),
            approval_threshold=_limit(env, "APPROVAL_THRESHOLD_CENTS", cls.approval_threshold),
            order_limit=_limit(env, "MAX_ORDER_CENTS", cls.order_limit),
            approval_timeout=_duration(env, "APPROVAL_TIMEOUT_S", timedelta(hours=24), timedelta(days=60)),
            approval_reminder=_duration(env, "APPROVAL_REMINDER_S", timedelta(hours=8), _LONGEST_REMINDER),
            capture=_one_of(env, "PAYMENT_CAPTURE", get_args(CaptureMode)),
            history_retention=timedelta(days=_days(env, "HISTORY_RETENTION_DAYS", 30)),
            mail=_mail(env),
            public_url=_public_url(env, "PUBLIC_URL"),
            approver_emails=_emails(env, "APPROVER_EMAILS"),
            expense_timeout=_duration(env, "EXPENSE_TIMEOUT_S", timedelta(days=2), _LONGEST_REMINDER),
            expense_limits=_json(env, "EXPENSE_LIMITS", ExpenseLimits, {}),
            link_secret=_secret(env, "LINK_SECRET"),
            webhook_secret=_webhook_secret(env, "WEBHOOK_SECRET"),
            easypost_webhook_secret=_secret(env, "EASYPOST_WEBHOOK_SECRET"),
            carriers=_carriers(env, "CARRIERS"),
            label_percent=_whole(env, "LABEL_MAX_PERCENT", LABEL_PERCENT),
            label_limit=_limit(env, "MAX_LABEL_CENTS", LABEL_LIMIT),
            customs=_customs(env),
            shop_id=_name(env, "SHOP_ID", cls.shop_id),
            task_hub=_name(env, "TASKHUB_NAME", cls.task_hub),
            callback_allow_loopback=_yes(env, "CALLBACK_ALLOW_LOOPBACK"),
            file_batch_width=_width(env, "FILE_BATCH_WIDTH"),
            file_batch_containers=_containers(env, "FILE_BATCH_CONTAINERS"),
        )

    @property
    def shipping(self) -> ShippingRules:
        """Which parcels can be sent."""
        return ShippingRules(ship_from=self.ship_from.country, carriers=self.carriers, customs=self.customs)

    @property
    def namespace(self) -> str:
        """By which providers tell this shop's orders from those of others that use the same account."""
        return f"{self.shop_id}.{self.task_hub}"


@cache
def settings() -> Settings:
    """The settings of this process. Raises InvalidSetting."""
    return Settings.from_env(os.environ)


def manifest_events(env: Mapping[str, str]) -> ManifestEvents:
    """How the app hears of new manifests. Read by itself: it decides which function is registered, when nothing else is needed.

    Raises InvalidSetting.
    """
    known: tuple[ManifestEvents, ...] = get_args(ManifestEvents)
    return _one_of(env, "MANIFEST_EVENTS", known)


def mail_takes_utf8(env: Mapping[str, str]) -> bool:
    """Whether addresses outside ASCII (before the @) are accepted: only where the mail server offers SMTPUTF8. Read by itself, as
    every request is held against it.

    Raises InvalidSetting.
    """
    return _yes(env, "MAIL_SMTPUTF8")


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise InvalidSetting(name, "is missing")
    if _VAULT_REFERENCE in value:
        raise InvalidSetting(name, "refers to a secret that its vault does not hold, or that this app may not read")
    return value


def _name(env: Mapping[str, str], name: str, default: str) -> str:
    text = env.get(name, "").strip() or default
    if not _NAME.fullmatch(text):
        raise InvalidSetting(name, "must be 1 to 45 ASCII letters, digits, - and _")
    return text


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise InvalidSetting(name, "must be a whole number, 0 or more")
    return int(text)


def _days(env: Mapping[str, str], name: str, default: int) -> int:
    days = _whole(env, name, default)
    if not 1 <= days <= 3650:
        raise InvalidSetting(name, "must be from 1 to 3650 days")
    return days


def _duration(env: Mapping[str, str], name: str, default: timedelta, most: timedelta) -> timedelta:
    value = timedelta(seconds=_whole(env, name, int(default.total_seconds())))
    if not timedelta(0) < value <= most:
        raise InvalidSetting(name, f"must be from 1 to {int(most.total_seconds())} seconds")
    return value


def _currency(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "").strip() or "usd"
    try:
        return str(TypeAdapter(Currency).validate_python(text))
    except ValidationError:
        rule = "must be the code of a currency in which cards can be charged, in lower case, such as usd"
        raise InvalidSetting(name, rule) from None


def _limit(env: Mapping[str, str], name: str, default: Limit) -> Limit:
    """`100000` is in the shop's currency; `{"usd": 100000, "idr": 1600000000}` says it for several."""
    currency = _currency(env, "SHOP_CURRENCY")
    stated = default.for_currency(currency)
    if not env.get(name, "").strip().startswith("{"):
        return Limit(stated=Money(_whole(env, name, stated.amount), currency))
    amounts: dict[str, int] = _json(env, name, dict[Currency, Cents], {})
    return Limit(stated=Money(amounts.get(currency, stated.amount), currency), others=amounts)


def _one_of(env: Mapping[str, str], name: str, known: tuple[C, ...]) -> C:
    """The first is the default."""
    text = env.get(name, "").strip() or known[0]
    for each in known:
        if text == each:
            return each
    raise InvalidSetting(name, f"must be one of {', '.join(known)}")


def _address(env: Mapping[str, str], name: str) -> Address:
    _required(env, name)
    address: Address = _json(env, name, Address, None)
    found = address_problems(address.country, city=address.city, state=address.state, postal_code=address.postal_code)
    if (problem := next(found, None)) is not None:
        raise InvalidSetting(name, f"must be an address of its country: {problem.field}: {problem.message}")
    return address


def _json(env: Mapping[str, str], name: str, form: Any, default: Any) -> Any:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        return TypeAdapter(form).validate_json(text, extra="forbid")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole text"
        raise InvalidSetting(name, f"must be JSON of its form: {where}: {first['msg']}") from None


def _carriers(env: Mapping[str, str], name: str) -> tuple[CarrierName, ...]:
    named = [each.strip() for each in env.get(name, "").split(",") if each.strip()]
    known = [carrier for carrier in CARRIERS if carrier in named]
    if set(named) - set(known):
        raise InvalidSetting(name, f"must be some of {', '.join(CARRIERS)}, with commas between them")
    return tuple(known) or Settings.carriers


def _customs(env: Mapping[str, str]) -> CustomsRules | None:
    """Without a signer nothing is declared, and no parcel crosses a border."""
    signer = _text(env, "CUSTOMS_SIGNER")
    if signer is None:
        return None
    return CustomsRules(
        signer=signer,
        contents=_one_of(env, "CUSTOMS_CONTENTS", get_args(ContentsType)),
        hs_code=_form(env, "CUSTOMS_HS_CODE", HsCode),
        origin_country=_form(env, "CUSTOMS_ORIGIN_COUNTRY", CountryCode),
    )


def _form(env: Mapping[str, str], name: str, form: Any) -> str | None:
    text = _text(env, name)
    if text is None:
        return None
    try:
        return str(TypeAdapter(form).validate_python(text))
    except ValidationError as error:
        message = error.errors(include_input=False, include_url=False)[0]["msg"]
        raise InvalidSetting(name, message[:1].lower() + message[1:]) from None


def _mail(env: Mapping[str, str]) -> MailSettings:
    endpoint, smtp_url = _text(env, "MAIL_ENDPOINT"), _secret(env, "SMTP_URL")
    if endpoint and not endpoint.startswith("https://"):
        raise InvalidSetting("MAIL_ENDPOINT", "must be an https address")
    if endpoint and smtp_url:
        raise InvalidSetting("SMTP_URL", "must be empty when MAIL_ENDPOINT is set")
    if smtp_url and not _names_a_host(smtp_url, ("smtp", "smtps")):
        raise InvalidSetting("SMTP_URL", "must be of the form smtp://user:password@host:port, or smtps://")
    return MailSettings(
        sender=_text(env, "MAIL_FROM") or MailSettings.sender,
        endpoint=endpoint,
        smtp_url=smtp_url,
        client_id=_text(env, "SHOP_STORAGE__clientId"),
    )


def _public_url(env: Mapping[str, str], name: str) -> str:
    """Where people reach the app; on Azure that is known without a setting."""
    host = _text(env, "WEBSITE_HOSTNAME")
    url = _text(env, name) or (f"https://{host}" if host else Settings.public_url)
    if not _names_a_host(url, ("http", "https")):
        raise InvalidSetting(name, "must be an address such as https://shop.example")
    return url.rstrip("/")


def _names_a_host(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _emails(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
    try:
        return TypeAdapter(tuple[EmailAddress, ...]).validate_python(found)
    except ValidationError:
        raise InvalidSetting(name, "must be e-mail addresses with commas between them") from None


def _width(env: Mapping[str, str], name: str) -> int:
    width = _whole(env, name, Settings.file_batch_width)
    if not 1 <= width <= 100:
        raise InvalidSetting(name, "must be from 1 to 100")
    return width


def _containers(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
    try:
        return TypeAdapter(tuple[ContainerName, ...]).validate_python(found) or Settings.file_batch_containers
    except ValidationError:
        raise InvalidSetting(name, "must be names of blob containers with commas between them") from None


def _webhook_secret(env: Mapping[str, str], name: str) -> str | None:
    secret = _secret(env, name)
    if secret is None:
        return None
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise InvalidSetting(name, "must be whsec_ and the Base64 of 24 to 64 random bytes")
    return secret


def _secret(env: Mapping[str, str], name: str) -> str | None:
    """A secret that a part of the app can do without. A reference to a vault that does not hold it is left as it is by Azure."""
    secret = _text(env, name)
    return None if secret is not None and _VAULT_REFERENCE in secret else secret


def _text(env: Mapping[str, str], name: str) -> str | None:
    return env.get(name, "").strip() or None


def _yes(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower() or "false"
    if text not in ("true", "false"):
        raise InvalidSetting(name, "must be true or false")
    return text == "true"


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
