"""Check out a cart: freeze it, order what is in it, then empty it of that.

The cart's own entity says what is ordered, once for this checkout; the order's id is this run's. So whatever is repeated here
repeats the same order, and a cart is never emptied for an order that the shop did not accept.
"""

from datetime import timedelta
from typing import Any, Final

import azure.durable_functions as df

from activities.order_intake import accept_order
from domain.carts.cart import CART_ENTITY, CHECKOUT_CART, BeginCheckout, CheckoutBegun, CheckOutCart, FinishCheckout
from domain.carts.steps import BEGIN_CHECKOUT, FINISH_CHECKOUT
from domain.orders.intake import AcceptOrder, OrderAccepted
from domain.orders.order import OrderRequest
from domain.wire import Wire
from domain.workflows.commands import Command, entity_command, step_of
from domain.workflows.steps import Outcome
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import RetryPolicy, Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import WorkflowRun, required

bp = df.Blueprint()

# Whether the order was accepted must become known: until then the cart can be neither emptied nor freed.
UNTIL_KNOWN: Final = RetryPolicy(
    total=timedelta(days=5), first_pause=timedelta(seconds=1), longest_pause=timedelta(minutes=10)
)


@bp.orchestration_trigger(context_name="context")
def checkout_cart(context: df.DurableOrchestrationContext) -> Wait:
    """Order what is in a cart.

    Input: `{key, request: CheckOutCart}`; key is also the order's id. Result and custom status: a `WorkflowProgress`.
    """
    given = context.get_input()
    request = CheckOutCart.model_validate(given["request"])
    run = WorkflowRun.begin(context, CHECKOUT_CART, given)
    return (yield from saga(run, check_out(run, request)))


def check_out(run: WorkflowRun, request: CheckOutCart) -> Wait:
    """Order what is in the cart, once. Returns the instance's result."""
    begun = yield from begin(run, request)
    if begun.finished is not None:
        return finished_before(run, begun.finished)
    return (yield from order(run, request, begun))


def begin(run: WorkflowRun, request: CheckOutCart) -> Wait:
    """Freeze what is ordered. Returns the entity's `CheckoutBegun`."""
    command = _of_cart(request, BEGIN_CHECKOUT, BeginCheckout(number=request.number))
    begun = yield from run.ask(command, CheckoutBegun)
    if run.restart is not None and begun is not None and begun.finished is not None:
        return begun
    return required(command.operation, begun)


def finished_before(run: WorkflowRun, finished: FinishCheckout) -> dict[str, Any]:
    """End as the instance before this one, which had finished the checkout, would have ended."""
    outcome = Outcome.DONE if finished.accepted else Outcome.REFUSED
    return _ended(
        run,
        OrderAccepted(
            outcome=outcome,
            reference=run.key,
            reason_code=finished.reason_code,
            message=finished.message,
            errors=finished.errors,
        ),
    )


def order(run: WorkflowRun, request: CheckOutCart, begun: CheckoutBegun) -> Wait:
    """Have the order accepted, and release the cart. Returns the instance's result."""
    command = activity(accept_order, AcceptOrder(order_id=run.key, request=_order_request(request, begun)))
    taken = yield from run.ask(command, OrderAccepted, UNTIL_KNOWN)
    if taken is None:
        return run.end("failed", "Whether the order was accepted is unknown; the cart stays as it is.", "no_answer")
    accepted = taken.outcome is Outcome.DONE
    finish = FinishCheckout(
        number=request.number,
        accepted=accepted,
        reason_code=taken.reason_code,
        message=taken.message,
        errors=taken.errors,
    )
    yield from run.do(step_of(_of_cart(request, FINISH_CHECKOUT, finish)))
    return _ended(run, taken)


def _ended(run: WorkflowRun, taken: OrderAccepted) -> dict[str, Any]:
    if taken.outcome is Outcome.DONE:
        run.detail["order_id"] = taken.reference
        return run.end("completed", "The order is accepted.")
    run.detail["errors"] = [error.to_wire() for error in taken.errors]
    return run.end("rejected", taken.message or "The order is not acceptable.", taken.reason_code)


def _order_request(request: CheckOutCart, begun: CheckoutBegun) -> OrderRequest:
    return OrderRequest(
        customer_id=request.customer_id,
        lines=list(begun.lines),
        payment=request.payment,
        ship_to=request.ship_to,
        email=request.email,
    )


def _of_cart(request: CheckOutCart, operation: str, asked: Wire) -> Command:
    return entity_command(CART_ENTITY, request.customer_id, operation, asked)
