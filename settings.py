"""Every setting of the application, read once at start, typed, and refused by name.

Orchestrators never read settings: what an orchestration needs travels in its input, because a setting changed between two replays
would change the past.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self, get_args

import setting_forms as forms
import setting_values as read
from domain.catalogue.product import ORDER_LIMIT
from domain.expenses.limits import ExpenseLimits
from domain.money import Limit, Money
from domain.orders.policy import APPROVAL_ESCALATION_S
from domain.payments.payment import CaptureMode
from domain.payments.providers import STRIPE, ProviderName
from domain.shipping.carriers import DEFAULT_CARRIERS, CarrierName
from domain.shipping.customs import ContentsType, CustomsRules
from domain.shipping.rules import ShippingRules
from domain.shipping.shipment import LABEL_LIMIT, LABEL_PERCENT, Address
from domain.trade_codes import CountryCode, HsCode
from domain.wire import Cents, Currency
from domain.workflows.steps import STEP_PATIENCE_S
from mail_settings import MailSettings, mail_settings
from setting_values import InvalidSetting
from tracing_settings import TracingSettings, tracing_settings

# A durable timer above six days is split by the SDK and cannot be cancelled in between.
_MAX_REMINDER = timedelta(days=5)

# Every step of an order together, and its compensations after them, must end before its reservation does.
_MAX_STEP_PATIENCE = timedelta(hours=2)

# Orders that wait for a day are left to an operator.
_MAX_INTAKE_WAIT = timedelta(hours=4)

_APPROVAL_THRESHOLD = Limit(stated=Money(100_000, "usd"))


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
class ExpenseSettings:
    """What an expense claim may hold, how long it waits for its decision, and how often its approver is reminded."""

    limits: ExpenseLimits = field(default_factory=dict)
    timeout: timedelta = timedelta(days=2)
    reminder: timedelta = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """An API base of None is the provider's own; for regions, the table that comes with the app.

    intake_max_wait: how long accepted orders may wait before no further ones are accepted; 0 for no limit.
    """

    storage: StorageLocation
    stripe_api_key: str
    easypost_api_key: str
    ship_from: Address
    stripe_api_base: str | None = None
    easypost_api_base: str | None = None
    region_api_base: str | None = None
    currency: str = "usd"
    approval_threshold: Limit = _APPROVAL_THRESHOLD
    second_approval_limit: Limit | None = None
    order_limit: Limit = ORDER_LIMIT
    approval_timeout: timedelta = timedelta(hours=24)
    approval_reminder: timedelta = timedelta(hours=8)
    step_patience: timedelta = timedelta(seconds=STEP_PATIENCE_S)
    intake_max_wait: timedelta = timedelta(minutes=10)
    order_versions: tuple[str, ...] = ()
    approval_escalation: timedelta = timedelta(seconds=APPROVAL_ESCALATION_S)
    capture: CaptureMode = "after_shipping"
    payment_providers: tuple[ProviderName, ...] = (STRIPE,)
    invoice_credit: Mapping[str, int] = field(default_factory=dict)
    payment_reconciliation_grace: timedelta = timedelta(hours=1)
    history_retention: timedelta = timedelta(days=30)
    order_retention: timedelta = timedelta(days=730)
    backup: StorageLocation | None = None
    backup_retention: timedelta = timedelta(days=14)
    audit_retention: timedelta = timedelta(days=730)
    mail: MailSettings = field(default_factory=MailSettings)
    public_url: str = "http://localhost:7071"
    approver_emails: tuple[str, ...] = ()
    expenses: ExpenseSettings = ExpenseSettings()
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
    tracing: TracingSettings = field(default_factory=TracingSettings)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read from environment variables. Raises InvalidSetting naming the first one that is wrong."""
        return cls(
            storage=storage_location(env, "SHOP_STORAGE"),
            stripe_api_key=read.required(env, "STRIPE_API_KEY"),
            stripe_api_base=env.get("STRIPE_API_BASE") or None,
            easypost_api_key=read.required(env, "EASYPOST_API_KEY"),
            easypost_api_base=env.get("EASYPOST_API_BASE") or None,
            region_api_base=env.get("REGION_API_BASE", "").rstrip("/") or None,
            ship_from=forms.postal_address(env, "SHIP_FROM"),
            currency=forms.currency_code(env, "SHOP_CURRENCY"),
            approval_threshold=forms.limit(env, "APPROVAL_THRESHOLD_CENTS", cls.approval_threshold),
            second_approval_limit=forms.optional_limit(env, "SECOND_APPROVAL_LIMIT_CENTS"),
            order_limit=forms.limit(env, "MAX_ORDER_CENTS", cls.order_limit),
            approval_timeout=read.duration(env, "APPROVAL_TIMEOUT_S", timedelta(hours=24), timedelta(days=60)),
            approval_reminder=read.duration(env, "APPROVAL_REMINDER_S", timedelta(hours=8), _MAX_REMINDER),
            step_patience=read.duration(env, "STEP_PATIENCE_S", cls.step_patience, _MAX_STEP_PATIENCE),
            intake_max_wait=read.limit_or_none(env, "INTAKE_MAX_WAIT_S", cls.intake_max_wait, _MAX_INTAKE_WAIT),
            order_versions=forms.versions(env, "ORDER_VERSIONS"),
            approval_escalation=read.duration(env, "APPROVAL_ESCALATION_S", cls.approval_escalation, _MAX_REMINDER),
            capture=read.one_of(env, "PAYMENT_CAPTURE", get_args(CaptureMode)),
            payment_providers=forms.payment_providers(env, "PAYMENT_PROVIDERS", cls.payment_providers),
            invoice_credit=forms.from_json(env, "INVOICE_CREDIT_CENTS", dict[Currency, Cents], {}),
            payment_reconciliation_grace=timedelta(seconds=read.whole(env, "PAYMENT_RECONCILIATION_GRACE_S", 3_600)),
            history_retention=timedelta(days=read.whole_days(env, "HISTORY_RETENTION_DAYS", 30)),
            order_retention=timedelta(days=read.whole_days(env, "ORDER_RETENTION_DAYS", 730)),
            backup=_optional_storage(env, "BACKUP_STORAGE"),
            backup_retention=timedelta(days=read.whole_days(env, "BACKUP_RETENTION_DAYS", 14)),
            audit_retention=timedelta(days=read.whole_days(env, "AUDIT_RETENTION_DAYS", 730)),
            mail=mail_settings(env),
            public_url=known_public_url(env) or cls.public_url,
            approver_emails=forms.emails(env, "APPROVER_EMAILS"),
            expenses=_expenses(env),
            link_secret=read.optional_secret(env, "LINK_SECRET"),
            webhook_secret=read.webhook_secret(env, "WEBHOOK_SECRET"),
            easypost_webhook_secret=read.optional_secret(env, "EASYPOST_WEBHOOK_SECRET"),
            carriers=forms.carriers(env, "CARRIERS"),
            label_percent=read.whole(env, "LABEL_MAX_PERCENT", LABEL_PERCENT),
            label_limit=forms.limit(env, "MAX_LABEL_CENTS", LABEL_LIMIT),
            customs=_customs(env),
            shop_id=read.short_name(env, "SHOP_ID", cls.shop_id),
            task_hub=read.short_name(env, "TASKHUB_NAME", cls.task_hub),
            callback_allow_loopback=read.yes(env, "CALLBACK_ALLOW_LOOPBACK"),
            file_batch_width=read.batch_width(env, "FILE_BATCH_WIDTH", cls.file_batch_width),
            file_batch_containers=forms.containers(env, "FILE_BATCH_CONTAINERS", cls.file_batch_containers),
            tracing=tracing_settings(env),
        )

    @property
    def shipping(self) -> ShippingRules:
        """Which parcels can be sent."""
        return ShippingRules(ship_from=self.ship_from.country, carriers=self.carriers, customs=self.customs)

    @property
    def namespace(self) -> str:
        """The name by which providers distinguish this shop's orders from those of others that use the same account."""
        return f"{self.shop_id}.{self.task_hub}"


def known_public_url(env: Mapping[str, str]) -> str | None:
    """Return where people reach the app, which is known on Azure without a setting; None where it is not known.

    Read by itself: every answer's links begin with it.

    Raises:
        InvalidSetting: It is not an address.
    """
    host = read.optional(env, "WEBSITE_HOSTNAME")
    url = read.optional(env, "PUBLIC_URL") or (f"https://{host}" if host else None)
    if url is None:
        return None
    if not read.names_a_host(url, ("http", "https")):
        raise InvalidSetting("PUBLIC_URL", "must be an address such as https://shop.example")
    return url.rstrip("/")


def _customs(env: Mapping[str, str]) -> CustomsRules | None:
    """Without a signer nothing is declared, and no parcel crosses a border."""
    signer = read.optional(env, "CUSTOMS_SIGNER")
    if signer is None:
        return None
    return CustomsRules(
        signer=signer,
        contents=read.one_of(env, "CUSTOMS_CONTENTS", get_args(ContentsType)),
        hs_code=forms.of_form(env, "CUSTOMS_HS_CODE", HsCode),
        origin_country=forms.of_form(env, "CUSTOMS_ORIGIN_COUNTRY", CountryCode),
    )


def _expenses(env: Mapping[str, str]) -> ExpenseSettings:
    return ExpenseSettings(
        limits=forms.from_json(env, "EXPENSE_LIMITS", ExpenseLimits, {}),
        timeout=read.duration(env, "EXPENSE_TIMEOUT_S", ExpenseSettings.timeout, _MAX_REMINDER),
        reminder=read.duration(env, "EXPENSE_REMINDER_S", ExpenseSettings.reminder, _MAX_REMINDER),
    )


def _optional_storage(env: Mapping[str, str], name: str) -> StorageLocation | None:
    is_named = any(value.strip() for key, value in env.items() if key == name or key.startswith(f"{name}__"))
    return storage_location(env, name) if is_named else None


def storage_location(env: Mapping[str, str], name: str) -> StorageLocation:
    """Return the storage account that the settings of this name describe.

    Raises:
        InvalidSetting: It is missing, or not whole.
    """
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
