"""Every blueprint of the app: a table of contents of what it runs.

All that is made here stays for the life of the process. So the collector is off meanwhile, and never walks it later: looking
for garbage in it would be a tenth of every cold start.
"""
# ruff: noqa: E402 - the imports stand where the collector is off

import gc

gc.disable()

from activities import (
    callback,
    dead_letter,
    expense,
    file_batch,
    notification,
    onboarding,
    order_batch,
    order_intake,
    payment,
    report,
    run,
    shipping,
    tracking,
)
from activities import order_repository as order_repository
from entities import inventory, shopping_cart
from orchestrators import (
    checkout_cart,
    expense_approval,
    process_order,
    replay_dead_letter,
    shipment_tracking,
    user_onboarding,
)
from orchestrators import file_batch as file_batch_story
from orchestrators import order_batch as order_batch_story
from orchestrators import report as report_story
from triggers.blob import file_manifest
from triggers.http import (
    approval,
    cancellation,
    carts,
    dead_letters,
    decisions,
    expenses,
    file_batches,
    health,
    openapi,
    order_batches,
    orders,
    products,
    reconciliation,
    reports,
    shipments,
)
from triggers.http import inventory as inventory_api
from triggers.http import onboarding as onboarding_api
from triggers.queue import notifications, orders_in
from triggers.timer import expire_reservations as expire_reservations
from triggers.timer import prepare_storage, purge_history, reconcile_inventory
from triggers.timer import start_orphaned_orders as start_orphaned_orders
from triggers.timer import start_orphaned_workflows as start_orphaned_workflows

BLUEPRINTS = (
    orders.bp,
    approval.bp,
    cancellation.bp,
    products.bp,
    inventory_api.bp,
    reconciliation.bp,
    dead_letters.bp,
    health.bp,
    openapi.bp,
    expenses.bp,
    decisions.bp,
    process_order.bp,
    replay_dead_letter.bp,
    expense_approval.bp,
    shipments.bp,
    shipment_tracking.bp,
    inventory.bp,
    payment.bp,
    shipping.bp,
    order_repository.bp,
    notification.bp,
    dead_letter.bp,
    callback.bp,
    expense.bp,
    tracking.bp,
    onboarding_api.bp,
    user_onboarding.bp,
    onboarding.bp,
    carts.bp,
    checkout_cart.bp,
    shopping_cart.bp,
    order_intake.bp,
    order_batches.bp,
    order_batch_story.bp,
    order_batch.bp,
    orders_in.bp,
    file_batches.bp,
    file_batch_story.bp,
    file_batch.bp,
    file_manifest.bp,
    reports.bp,
    report_story.bp,
    report.bp,
    notifications.bp,
    prepare_storage.bp,
    start_orphaned_orders.bp,
    start_orphaned_workflows.bp,
    run.bp,
    expire_reservations.bp,
    reconcile_inventory.bp,
    purge_history.bp,
)

gc.freeze()
gc.enable()
