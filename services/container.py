"""The one place where settings become collaborators: adapters behind their ports.

Each is built when it is first used, and imports what it stands on only then: a cold start pays for none of them.
"""

import os
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from domain.payments.providers import INVOICE, STRIPE
from services.built_once import built_once
from settings import Settings

if TYPE_CHECKING:
    from adapters.azure_storage.storage import Storage
    from domain.audit import AuditLog
    from domain.expenses.claim import ExpenseRules
    from domain.ports import Carrier, Mailer, ParcelTracker, PaymentProvider, RegionLookup, WebhookSender
    from domain.repositories.files import (
        Archive,
        Backup,
        FileBatches,
        Manifests,
        QueueDepths,
        Reports,
        RunFiles,
        StorageSetup,
    )
    from domain.repositories.orders import (
        Catalogue,
        OrderBatches,
        OrderRepair,
        OrderRepository,
        QueuedOrders,
        RefusedOrders,
    )
    from domain.repositories.parcels import OpenParcels, Parcels
    from domain.repositories.payments import ExpensePayments, Invoices, PaymentReconciliation
    from domain.repositories.people import (
        DecisionLinks,
        Erasures,
        FailedLinks,
        Outbox,
        PersonalDataStores,
        SentMessages,
        Texts,
        Users,
    )
    from domain.repositories.runs import Approvals, DeadLetters, RunRepository
    from services.inventory_notes import InventoryNotes
    from services.link_attempts import LinkAttempts
    from services.order_backlog import OrderBacklog
    from services.recent_checks import RecentChecks
    from services.recent_results import RecentResults


@dataclass(frozen=True)
class Services:
    """The collaborators of one process, made of its settings.

    Attributes:
        storage_retries: How often a storage client sends a request again; None for as often as it should.
    """

    settings: Settings
    storage_retries: int | None = None

    @built_once
    def payment_provider(self) -> "PaymentProvider":
        from adapters.payment_providers import PaymentProviders

        # All that are known, offered or not: a payment is compensated where it was made.
        return PaymentProviders({STRIPE: self._stripe, INVOICE: self._invoice})

    def _stripe(self) -> "PaymentProvider":
        from adapters.stripe.payments import StripePayments

        return StripePayments.connect(self.settings.stripe_api_key, self.settings.stripe_api_base)

    def _invoice(self) -> "PaymentProvider":
        from adapters.invoice.payments import InvoicePayments

        return InvoicePayments(self.storage, self.settings.invoice_credit)

    @built_once
    def carrier(self) -> "Carrier":
        from adapters.easypost.carrier import EasyPostCarrier

        return EasyPostCarrier.connect(
            self.settings.easypost_api_key, self.settings.easypost_api_base, self.settings.ship_from
        )

    @built_once
    def recent_checks(self) -> "RecentChecks":
        """Return which checks have succeeded lately."""
        from services.recent_checks import RecentChecks

        return RecentChecks()

    @built_once
    def recent_results(self) -> "RecentResults":
        """Return what was read lately."""
        from services.recent_results import RecentResults

        return RecentResults()

    @built_once
    def trackers(self) -> "ParcelTracker":
        from adapters.easypost.trackers import EasyPostTrackers

        return EasyPostTrackers.connect(
            self.settings.easypost_api_key, self.settings.easypost_api_base, self.settings.easypost_webhook_secret
        )

    @built_once
    def storage(self) -> "Storage":
        from adapters.azure_storage.storage import MAX_RETRIES, Storage

        retries = MAX_RETRIES if self.storage_retries is None else self.storage_retries
        return Storage(self.settings.storage, retries)

    @built_once
    def backup(self) -> "Backup | None":
        """Return what copies into the account for backups; None without one."""
        if self.settings.backup is None:
            return None
        from adapters.azure_storage.storage import Storage
        from adapters.stores.backup import Backup

        return Backup(self.storage, Storage(self.settings.backup))

    @built_once
    def storage_setup(self) -> "StorageSetup":
        from adapters.stores.storage_setup import StorageSetup

        return StorageSetup(self.storage)

    @built_once
    def queue_depths(self) -> "QueueDepths":
        from adapters.stores.queue_depths import QueueDepths

        return QueueDepths(self.storage)

    @built_once
    def order_repository(self) -> "OrderRepository":
        from adapters.stores.order_repository import OrderRepository

        return OrderRepository(self.storage)

    @built_once
    def order_backlog(self) -> "OrderBacklog":
        """Return what was measured of orders that wait for their first step."""
        from services.order_backlog import OrderBacklog

        return OrderBacklog(self.order_repository, self.settings.intake_max_wait)

    @built_once
    def queued_orders(self) -> "QueuedOrders":
        from adapters.stores.queued_orders import QueuedOrders

        return QueuedOrders(self.storage)

    @built_once
    def approvals(self) -> "Approvals":
        from adapters.stores.approvals import Approvals

        return Approvals(self.storage)

    @built_once
    def run_repository(self) -> "RunRepository":
        from adapters.stores.run_repository import RunRepository

        return RunRepository(self.storage)

    @built_once
    def catalogue(self) -> "Catalogue":
        from adapters.stores.catalogue import CatalogueStore

        return CatalogueStore(self.storage)

    @built_once
    def inventory_notes(self) -> "InventoryNotes":
        """Return the notes of stocks to be looked at."""
        from adapters.stores.stock_notes import StockNotes
        from services.inventory_notes import InventoryNotes

        return InventoryNotes(StockNotes(self.storage))

    @built_once
    def order_batches(self) -> "OrderBatches":
        from adapters.stores.order_batches import OrderBatches

        return OrderBatches(self.storage)

    @built_once
    def refused_orders(self) -> "RefusedOrders":
        from adapters.stores.refused_orders import RefusedOrders

        return RefusedOrders(self.storage)

    @built_once
    def outbox(self) -> "Outbox":
        from adapters.stores.outbox import Outbox

        return Outbox(self.storage)

    @built_once
    def dead_letters(self) -> "DeadLetters":
        from adapters.stores.dead_letters import DeadLetters

        return DeadLetters(self.storage)

    @built_once
    def invoices(self) -> "Invoices":
        from adapters.invoice.bank_payments import InvoiceBankPayments

        return InvoiceBankPayments(self.storage)

    @built_once
    def payment_reconciliation(self) -> "PaymentReconciliation":
        from adapters.stores.payment_reconciliation import PaymentReconciliationStore

        return PaymentReconciliationStore(self.storage)

    @built_once
    def expense_payments(self) -> "ExpensePayments":
        from adapters.stores.expense_payments import ExpensePayments

        return ExpensePayments(self.storage)

    @built_once
    def parcels(self) -> "Parcels":
        from adapters.stores.parcels import Parcels

        return Parcels(self.storage)

    @built_once
    def order_repair(self) -> "OrderRepair":
        from adapters.stores.order_repair import OrderRepair

        return OrderRepair(self.storage)

    @built_once
    def open_parcels(self) -> "OpenParcels":
        from adapters.stores.parcels import OpenParcels

        return OpenParcels(self.storage)

    @built_once
    def users(self) -> "Users":
        from adapters.stores.users import Users

        return Users(self.storage)

    @built_once
    def file_batches(self) -> "FileBatches":
        from adapters.stores.file_batches import FileBatches

        return FileBatches(self.storage, self.settings.file_batch_width)

    @built_once
    def manifests(self) -> "Manifests":
        from adapters.stores.manifests import Manifests

        return Manifests(self.storage)

    @built_once
    def reports(self) -> "Reports":
        from adapters.stores.reports import Reports

        return Reports(self.storage, self.order_repository)

    @built_once
    def run_files(self) -> "RunFiles":
        from adapters.stores.run_files import RunFiles

        return RunFiles(self.storage)

    @built_once
    def archive(self) -> "Archive":
        from adapters.stores.archive import Archive

        return Archive(self.storage)

    @built_once
    def personal_data(self) -> "PersonalDataStores":
        from adapters.stores.personal_data import PersonalDataStores

        return PersonalDataStores(self.storage, self.settings.file_batch_containers)

    @built_once
    def erasures(self) -> "Erasures":
        from adapters.stores.erasures import Erasures

        return Erasures(self.storage)

    @built_once
    def decision_links(self) -> "DecisionLinks":
        from adapters.web.decision_links import DecisionLinks

        return DecisionLinks(self.settings.link_secret, self.settings.public_url)

    @built_once
    def webhooks(self) -> "WebhookSender":
        from adapters.web.webhooks import WebhookSender

        return WebhookSender(self.settings.webhook_secret, allow_loopback=self.settings.callback_allow_loopback)

    @built_once
    def regions(self) -> "RegionLookup":
        from adapters.web.regions import RegionService, RegionTable

        base = self.settings.region_api_base
        return RegionTable() if base is None else RegionService(base)

    @built_once
    def expense_rules(self) -> "ExpenseRules":
        from domain.expenses.claim import ExpenseRules

        return ExpenseRules(
            limits=self.settings.expenses.limits,
            approvers=self.settings.approver_emails,
            decide_within_s=int(self.settings.expenses.timeout.total_seconds()),
            remind_every_s=int(self.settings.expenses.reminder.total_seconds()),
        )

    @built_once
    def texts(self) -> "Texts":
        from adapters.rendering.texts import render

        return render

    @built_once
    def mailer(self) -> "Mailer":
        from adapters.mail import mailer

        return mailer.connect(self.settings.mail)

    @built_once
    def link_attempts(self) -> "LinkAttempts":
        """Return which addresses have tried links that failed."""
        from services.link_attempts import LinkAttempts

        return LinkAttempts(self.failed_links)

    @built_once
    def failed_links(self) -> "FailedLinks":
        from adapters.stores.link_attempts import FailedLinks

        return FailedLinks(self.storage)

    @built_once
    def audit_log(self) -> "AuditLog":
        from adapters.stores.audit_log import AuditLog

        return AuditLog(self.storage)

    @built_once
    def sent_messages(self) -> "SentMessages":
        from adapters.stores.sent_messages import SentMessages

        return SentMessages(self.storage)


@dataclass
class Process:
    """What this process has built. A test puts another container here, or None to have the environment read anew."""

    container: Services | None = None


process: Final = Process()
_READING: Final = Lock()


def services() -> Services:
    """Return the container of this process.

    Raises:
        InvalidSetting: A setting is missing or not of its form.
    """
    with _READING:
        if process.container is None:
            process.container = Services(Settings.from_env(os.environ))
        return process.container
