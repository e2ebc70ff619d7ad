"""The one place where settings become adapters. Each is built once per process, when it is first needed."""

from functools import cache

from adapters import mailer
from adapters.catalogue_store import CatalogueStore
from adapters.dead_letters import DeadLetters
from adapters.decision_links import DecisionLinks
from adapters.easypost_carrier import EasyPostCarrier
from adapters.easypost_trackers import EasyPostTrackers
from adapters.expense_payments import ExpensePayments
from adapters.file_batches import FileBatches
from adapters.intake_book import IntakeBook
from adapters.manifests import Manifests
from adapters.order_batches import OrderBatches
from adapters.order_book import OrderBook
from adapters.order_intake import OrderIntake
from adapters.outbox import Outbox
from adapters.parcels import Parcels
from adapters.postman import Postman
from adapters.refused_orders import RefusedOrders
from adapters.regions import RegionService, RegionTable
from adapters.reports import Reports
from adapters.sent_messages import SentMessages
from adapters.storage import Storage
from adapters.storage_setup import StorageSetup
from adapters.stripe_payments import StripePayments
from adapters.users import Users
from adapters.webhooks import WebhookSender
from domain.expense import ExpenseRules
from settings import settings


@cache
def payment_provider() -> StripePayments:
    return StripePayments.connect(settings().stripe_api_key, settings().stripe_api_base)


@cache
def carrier() -> EasyPostCarrier:
    return EasyPostCarrier.connect(settings().easypost_api_key, settings().easypost_api_base, settings().ship_from)


@cache
def trackers() -> EasyPostTrackers:
    return EasyPostTrackers.connect(settings().easypost_api_key, settings().easypost_api_base)


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
def order_batches() -> OrderBatches:
    return OrderBatches(_storage())


@cache
def order_intake() -> OrderIntake:
    return OrderIntake(order_book(), catalogue(), settings())


@cache
def refused_orders() -> RefusedOrders:
    return RefusedOrders(_storage())


@cache
def outbox() -> Outbox:
    return Outbox(_storage())


@cache
def dead_letters() -> DeadLetters:
    return DeadLetters(_storage())


@cache
def decision_links() -> DecisionLinks:
    return DecisionLinks(settings().link_secret, settings().public_url)


@cache
def postman() -> Postman:
    shop = settings()
    sent = SentMessages(_storage())
    mails = mailer.connect(shop.mail)
    return Postman(mails, sent, order_book(), decision_links(), shop.approver_emails, shop.public_url)


@cache
def webhooks() -> WebhookSender:
    return WebhookSender(settings().webhook_secret, allow_loopback=settings().callback_allow_loopback)


@cache
def expense_rules() -> ExpenseRules:
    shop = settings()
    return ExpenseRules(
        limits=shop.expense_limits,
        approvers=shop.approver_emails,
        decide_within_s=int(shop.expense_timeout.total_seconds()),
    )


@cache
def expense_payments() -> ExpensePayments:
    return ExpensePayments(_storage())


@cache
def parcels() -> Parcels:
    return Parcels(_storage())


@cache
def regions() -> RegionTable | RegionService:
    base = settings().region_api_base
    return RegionTable() if base is None else RegionService(base)


@cache
def users() -> Users:
    return Users(_storage())


@cache
def file_batches() -> FileBatches:
    return FileBatches(_storage(), settings().file_batch_width)


@cache
def storage_setup() -> StorageSetup:
    return StorageSetup(_storage())


@cache
def manifests() -> Manifests:
    return Manifests(_storage())


@cache
def reports() -> Reports:
    return Reports(_storage(), order_book())


@cache
def _storage() -> Storage:
    return Storage(settings().storage)
