"""Look after every product once a day, so that nothing depends on what was noted."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.inventory.drift_log import log_drift
from services.inventory.reconciliation import reconcile
from services.inventory.reservations import release_expired_of
from services.inventory.stock import products

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 41 3 * * *")
@bp.durable_client_input(client_name="client")
async def check_every_stock(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Release what has expired of any product, and compare all products with the orders. Runs every night."""
    now = datetime.now(UTC)
    await release_expired_of(client, await products(), now)
    log_drift(await reconcile(client, now))
