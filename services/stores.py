"""What the shop keeps in its storage account: the stores behind their ports, made of the settings.

Each is built when it is first used, and imports what it stands on only then: a cold start pays for none of them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.built_once import built_once
from settings import Settings

if TYPE_CHECKING:
    from adapters.azure_storage.storage import Storage
    from domain.audit import AuditLog
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
        OrderIndexCheck,
        OrderRepair,
        OrderRepository,
        QueuedOrders,
        RefusedOrders,
    )
    from domain.repositories.parcels import LabelComparison, OpenParcels, Parcels
    from domain.repositories.payments import ExpensePayments, PaymentReconciliation
    from domain.repositories.people import (
        Erasures,
        Outbox,
        PersonalDataStores,
        SentMessages,
        Users,
    )
    from domain.repositories.runs import Approvals, DeadLetters, RunRepository


@dataclass(frozen=True)
class Stores:
    """The stores of one process.

    Attributes:
        storage_retries: How often a storage client sends a request again; None for as often as it should.
    """

    settings: Settings
    storage_retries: int | None = None

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
    def payment_reconciliation(self) -> "PaymentReconciliation":
        from adapters.stores.payment_reconciliation import PaymentReconciliationStore

        return PaymentReconciliationStore(self.storage)

    @built_once
    def label_comparison(self) -> "LabelComparison":
        from adapters.stores.label_comparison import LabelComparisonStore

        return LabelComparisonStore(self.storage)

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
    def order_index_check(self) -> "OrderIndexCheck":
        from adapters.stores.order_index_check import OrderIndexCheck

        return OrderIndexCheck(self.storage)

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
    def audit_log(self) -> "AuditLog":
        from adapters.stores.audit_log import AuditLog

        return AuditLog(self.storage)

    @built_once
    def sent_messages(self) -> "SentMessages":
        from adapters.stores.sent_messages import SentMessages

        return SentMessages(self.storage)
