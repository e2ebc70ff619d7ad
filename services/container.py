"""The one place where settings become adapters. Each is built once per process, when it is first needed."""

from functools import cache

from adapters.azure_storage.setup import StorageSetup
from adapters.azure_storage.storage import Storage
from adapters.easypost.carrier import EasyPostCarrier
from adapters.easypost.trackers import EasyPostTrackers
from adapters.mail import mailer
from adapters.stores.catalogue import CatalogueStore
from adapters.stores.dead_letters import DeadLetters
from adapters.stores.expense_payments import ExpensePayments
from adapters.stores.file_batches import FileBatches
from adapters.stores.manifests import Manifests
from adapters.stores.order_batches import OrderBatches
from adapters.stores.order_repository import OrderRepository
from adapters.stores.outbox import Outbox
from adapters.stores.parcels import Parcels
from adapters.stores.refused_orders import RefusedOrders
from adapters.stores.reports import Reports
from adapters.stores.run_repository import RunRepository
from adapters.stores.sent_messages import SentMessages
from adapters.stores.users import Users
from adapters.stripe.payments import StripePayments
from adapters.web.decision_links import DecisionLinks
from adapters.web.regions import RegionService, RegionTable
from adapters.web.webhooks import WebhookSender
from domain.expenses.claim import ExpenseRules
from services.notifications import NotificationSender
from services.order_intake import OrderIntake
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
def order_repository() -> OrderRepository:
    return OrderRepository(_storage())


@cache
def run_repository() -> RunRepository:
    return RunRepository(_storage())


@cache
def catalogue() -> CatalogueStore:
    return CatalogueStore(_storage())


@cache
def order_batches() -> OrderBatches:
    return OrderBatches(_storage())


@cache
def order_intake() -> OrderIntake:
    return OrderIntake(order_repository(), catalogue(), settings())


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
def notification_sender() -> NotificationSender:
    shop = settings()
    sent = SentMessages(_storage())
    mails = mailer.connect(shop.mail)
    return NotificationSender(mails, sent, order_repository(), decision_links(), shop.approver_emails, shop.public_url)


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
    return Reports(_storage(), order_repository())


@cache
def _storage() -> Storage:
    return Storage(settings().storage)
