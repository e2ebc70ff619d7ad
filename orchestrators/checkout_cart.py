"""The story of a checkout: freeze the cart, order what was in it, then empty it of that.

The cart's own entity says what is ordered, once for this checkout; the order's id is this run's. So whatever is repeated here
repeats the same order, and a cart is never emptied for an order that the shop did not accept.
"""

from datetime import timedelta
from typing import Any, Final

import azure.durable_functions as df

from activities.order_intake import accept_order
from domain.carts.cart import CART_ENTITY, CHECKOUT_CART, BeginCheckout, CheckoutBegun, CheckOutCart, FinishCheckout
from domain.orders.intake import AcceptOrder, OrderTakenIn
from domain.orders.order import OrderRequest
from domain.wire import Wire
from domain.workflows.commands import Effect
from domain.workflows.run import restart_of
from domain.workflows.steps import Outcome
from orchestrators.kernel.commands import activity, entity_operation
from orchestrators.kernel.retry import RetryPolicy, Wait
from orchestrators.kernel.workflow import Workflow, WorkflowStopped, required

bp = df.Blueprint()

# Whether the order was accepted must become known: until then the cart can be neither emptied nor freed.
UNTIL_KNOWN: Final = RetryPolicy(
    first_pause=timedelta(seconds=1),
    longest_pause=timedelta(minutes=10),
    max_attempts=1_000,
    within=timedelta(days=5),
)


@bp.orchestration_trigger(context_name="context")
def checkout_cart(context: df.DurableOrchestrationContext) -> Wait:
    """Input: `{key, request: CheckOutCart}`; key is also the order's id. Result and custom status: a `WorkflowProgress`."""
    given = context.get_input()
    request = CheckOutCart.model_validate(given["request"])
    run = Workflow(context=context, name=f"{CHECKOUT_CART}:{given['key']}", key=given["key"], restart=restart_of(given))
    try:
        begun = yield from begin(run, request)
        if begun.finished is not None:
            return finished_before(run, begun.finished)
        return (yield from order(run, request, begun))
    except WorkflowStopped as stop:
        return run.stopped(stop)


def begin(run: Workflow, request: CheckOutCart) -> Wait:
    """Freeze what is ordered. Gives the entity's `CheckoutBegun`."""
    effect = _of_cart(request, "begin_checkout", BeginCheckout(number=request.number))
    begun = yield from run.ask("begin_checkout", effect, CheckoutBegun)
    if run.restart is not None and begun is not None and begun.finished is not None:
        return begun
    return required(begun)


def finished_before(run: Workflow, finished: FinishCheckout) -> dict[str, Any]:
    """End as the run before this one, which had finished the checkout, would have ended."""
    outcome = Outcome.DONE if finished.accepted else Outcome.REFUSED
    return _ended(
        run,
        OrderTakenIn(
            outcome=outcome,
            reference=run.key,
            reason_code=finished.reason_code,
            message=finished.message,
            errors=finished.errors,
        ),
    )


def order(run: Workflow, request: CheckOutCart, begun: CheckoutBegun) -> Wait:
    """Have the order taken in, and let go of the cart. Gives the instance's result."""
    effect = activity(accept_order, AcceptOrder(order_id=run.key, request=_order_request(request, begun)))
    taken = yield from run.ask("accept_order", effect, OrderTakenIn, UNTIL_KNOWN)
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
    yield from run.do("finish_checkout", [_of_cart(request, "finish_checkout", finish)])
    return _ended(run, taken)


def _ended(run: Workflow, taken: OrderTakenIn) -> dict[str, Any]:
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


def _of_cart(request: CheckOutCart, operation: str, asked: Wire) -> Effect:
    return entity_operation(CART_ENTITY, request.customer_id, operation, asked)
