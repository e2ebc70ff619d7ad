"""The one place where settings become collaborators: adapters behind their ports.

Each is built when it is first used, and imports what it stands on only then: a cold start pays for none of them.
"""

import os
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from domain.payments.providers import INVOICE, STRIPE
from services.built_once import built_once
from services.stores import Stores
from settings import Settings

if TYPE_CHECKING:
    from domain.expenses.claim import ExpenseRules
    from domain.ports import Carrier, Mailer, ParcelTracker, PaymentProvider, RegionLookup, WebhookSender
    from domain.repositories.payments import Invoices
    from domain.repositories.people import (
        CustomerExports,
        DecisionLinks,
        FailedLinks,
        Texts,
    )
    from services.inventory_notes import InventoryNotes
    from services.link_attempts import LinkAttempts
    from services.order_backlog import OrderBacklog
    from services.recent_checks import RecentChecks
    from services.recent_results import RecentResults


@dataclass(frozen=True)
class Services(Stores):
    """The collaborators of one process, made of its settings: its stores, providers and what it remembers."""

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
    def order_backlog(self) -> "OrderBacklog":
        """Return what was measured of orders that wait for their first step."""
        from services.order_backlog import OrderBacklog

        return OrderBacklog(self.order_repository, self.settings.intake_max_wait)

    @built_once
    def inventory_notes(self) -> "InventoryNotes":
        """Return the notes of stocks to be looked at."""
        from adapters.stores.stock_notes import StockNotes
        from services.inventory_notes import InventoryNotes

        return InventoryNotes(StockNotes(self.storage))

    @built_once
    def invoices(self) -> "Invoices":
        from adapters.invoice.bank_payments import InvoiceBankPayments

        return InvoiceBankPayments(self.storage)

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
    def customer_exports(self) -> "CustomerExports":
        from adapters.stores.customer_exports import CustomerExports

        return CustomerExports(self.storage)

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
