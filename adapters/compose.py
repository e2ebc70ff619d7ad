"""The one place where settings become adapters. Each is built once per process, when it is first needed."""

from functools import cache

from adapters.catalogue_store import CatalogueStore
from adapters.dead_letters import DeadLetters
from adapters.easypost_carrier import EasyPostCarrier
from adapters.expense_payments import ExpensePayments
from adapters.intake_book import IntakeBook
from adapters.order_book import OrderBook
from adapters.outbox import Outbox
from adapters.parcels import Parcels
from adapters.storage import Storage
from adapters.stripe_payments import StripePayments
from adapters.webhooks import WebhookSender
from settings import settings


@cache
def payment_provider() -> StripePayments:
    return StripePayments.connect(settings().stripe_api_key, settings().stripe_api_base)


@cache
def carrier() -> EasyPostCarrier:
    return EasyPostCarrier.connect(settings().easypost_api_key, settings().easypost_api_base, settings().ship_from)


@cache
def order_book() -> OrderBook:
    return OrderBook(_storage())


@cache
def intake_book() -> IntakeBook:
    return IntakeBook(_storage())


@cache
def catalogue() -> CatalogueStore:
    return CatalogueStore(_storage())


@cache
def outbox() -> Outbox:
    return Outbox(_storage())


@cache
def dead_letters() -> DeadLetters:
    return DeadLetters(_storage())


@cache
def webhooks() -> WebhookSender:
    return WebhookSender(settings().webhook_secret, allow_loopback=settings().callback_allow_loopback)


@cache
def expense_payments() -> ExpensePayments:
    return ExpensePayments(_storage())


@cache
def parcels() -> Parcels:
    return Parcels(_storage())


@cache
def _storage() -> Storage:
    return Storage(settings().storage)
