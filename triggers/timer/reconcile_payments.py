"""Compare the payments at the providers with the orders regularly."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from services.payments.reconciliation import reconcile_payments as reconcile

bp = df.Blueprint()


@bp.timer_trigger(arg_name="timer", schedule="0 37 * * * *")
@bp.durable_client_input(client_name="client")
async def reconcile_payments(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Read what has happened to payments since the last run. Runs every hour, away from the full hour and the inventory's run."""
    await reconcile(client, datetime.now(UTC))
