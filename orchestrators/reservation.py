"""Reserve an order's goods, all lines or none.

Two refusals are not final. A shard that is short gets units from the other shards of its product. An order that is older than
the ones that the stock has forgotten shows by its own record that it has not ended.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any, Final, NamedTuple

from activities import order_repository
from domain.ids import INVENTORY_ENTITY, product_of_stock
from domain.inventory.requests import AcknowledgeRequest, Given, GiveRequest, Reserved, TakeRequest
from domain.inventory.stock import ALREADY_SETTLED, SETTLEMENT_FORGOTTEN
from domain.orders import steps
from domain.orders.order import ENDED
from domain.orders.run import LookUpOrder, OrderFound
from domain.workflows.commands import Command, entity_command
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity, signal
from orchestrators.kernel.retry import BRIEF, PERSISTENT, FailedAttempt, Wait, sleep
from orchestrators.kernel.workflow_run import NO_ANSWER, required
from orchestrators.order_run import OrderRun

_REMEDIES: Final = {"out_of_stock", "unknown_product", SETTLEMENT_FORGOTTEN}
"""Reason codes of refusals after which it is tried again, for as long as a step is: other orders may be quicker to take units."""


_EARLIER: Final = (None, "1.0")
"""Orders of these versions may have a reservation of the earlier way in their histories, which is gone through again for days."""

_MAX_EARLIER_ROUNDS: Final = 20


class _Found(NamedTuple):
    """What the other shards have given.

    Attributes:
        short: Units still missing.
        is_stocked: Whether the product was ever stocked in another shard.
        under_way: Units on their way between other shards.
        is_split: Whether units may be in more shards than the one that asks.
    """

    short: int
    is_stocked: bool
    under_way: int
    is_split: bool = False


def reserve_inventory(run: OrderRun) -> Wait:
    """Reserve the goods of every line, or of none. Raises RunStopped."""
    order, now = run.order, run.context.current_utc_datetime
    run.stop_if_cancelled()
    run.register(steps.release_inventory(order, now))
    result, attempts = yield from _reserve(run, steps.reserve_inventory(order, now).commands)
    run.record(steps.RESERVE_INVENTORY, result, attempts=attempts)
    if result.outcome is Outcome.UNKNOWN:
        run.stop_if_cancelled()  # the waiting between two attempts was cut short
    required(steps.RESERVE_INVENTORY, result)
    run.pass_milestone(steps.RESERVE_INVENTORY)


def _reserve(run: OrderRun, commands: Sequence[Command]) -> Wait:
    """Return the result for all lines, and how often the last lines were tried until they answered."""
    started, missed = run.context.current_utc_datetime, set[str]()
    for number in count(1):
        attempts = yield from run.call(
            commands,
            run.step_policy,
            seed=steps.RESERVE_INVENTORY,
            step=steps.RESERVE_INVENTORY,
            interrupt=run.cancellation,
        )
        if attempts.answer is None:
            return NO_ANSWER, attempts.count
        refused = _refused(commands, attempts.answer)
        if not refused:
            break
        stopped = yield from _wait_for_round(run, number, started, refused[0][1])
        if stopped is not None:
            return stopped, attempts.count
        commands = []
        for command, refusal in refused:
            again = yield from _remedied(run, command, refusal, number, missed)
            if isinstance(again, StepResult):
                return again, attempts.count
            commands.append(again)
        if _is_earlier(run) and number == _MAX_EARLIER_ROUNDS:
            return _plain(refused[0][1]), attempts.count
    return StepResult(), attempts.count


def _refused(commands: Sequence[Command], answer: Any) -> list[tuple[Command, Reserved]]:
    answers = map(Reserved.model_validate, answer if isinstance(answer, list) else [answer])
    return [each for each in zip(commands, answers, strict=True) if each[1].outcome is not Outcome.DONE]


def _wait_for_round(run: OrderRun, number: int, started: datetime, refusal: Reserved) -> Wait:
    """Wait before every remedy but the first. Returns None, or the `StepResult` when there is no time left for another.

    Args:
        run: The order's.
        number: How often it was refused.
        started: When it was first tried.
        refusal: The last one.
    """
    if number == 1 or refusal.reason_code not in _REMEDIES or _is_earlier(run):
        return None
    now, seed = run.context.current_utc_datetime, run.seed(f"{steps.RESERVE_INVENTORY}:again")
    pause = run.step_policy.pause_before_next(number - 1, seed, started=started, now=now)
    if pause is None and refusal.reason_code == SETTLEMENT_FORGOTTEN:
        # No fault of the order: it is not rejected for it.
        return StepResult.faulted(SETTLEMENT_FORGOTTEN, str(refusal.message))
    if pause is None:
        return _plain(refusal)
    waiting = FailedAttempt(number=number, reason=str(refusal.reason_code), next_at=now + pause)
    run.wait_for_attempt(steps.RESERVE_INVENTORY, waiting)
    is_interrupted = yield from sleep(run.context, pause, run.cancellation)
    return NO_ANSWER if is_interrupted else None


def _is_earlier(run: OrderRun) -> bool:
    return run.context.version in _EARLIER


def _remedied(run: OrderRun, command: Command, refusal: Reserved, number: int, missed: set[str]) -> Wait:
    """Return the command that may be accepted now, or the `StepResult` of a refusal that is final."""
    if refusal.reason_code == SETTLEMENT_FORGOTTEN:
        return (yield from _proven(run, command, refusal))
    if refusal.reason_code not in _REMEDIES:
        return _plain(refusal)
    return (yield from _with_units(run, command, refusal, number, missed))


def _proven(run: OrderRun, command: Command, refusal: Reserved) -> Wait:
    """Have the order's record show that it has not ended, as of the settlements that there were before it was read."""
    look_up = activity(order_repository.look_up_order, LookUpOrder(order_id=run.key))
    attempts = yield from run.call([look_up], PERSISTENT, seed=SETTLEMENT_FORGOTTEN, interrupt=run.cancellation)
    if attempts.answer is None:
        return NO_ANSWER
    found = OrderFound.model_validate(attempts.answer)
    if found.status is None or found.status in ENDED or found.course is not None:
        return StepResult.refused(ALREADY_SETTLED, "this order has ended before")
    return command.model_copy(update={"request": {**command.request, "unsettled_at": refusal.settlements}})


def _with_units(run: OrderRun, command: Command, refusal: Reserved, number: int, missed: set[str]) -> Wait:
    """Move the missing units to the line's shard. Those that are on their way between other shards are waited for.

    Shards are asked one after the other, and units may move behind the search: so it is made twice before it ends without them.
    """
    to, quantity = str(command.entity_key), int(command.request["quantity"])
    found = yield from _collect(run, to, refusal.short or quantity, refusal)
    if found is None:
        return NO_ANSWER
    if not found.short:
        return command
    is_last = _is_earlier(run) and number == _MAX_EARLIER_ROUNDS
    if not is_last and (found.under_way or (found.is_split and to not in missed)):
        missed.add(to)
        if _is_earlier(run):
            yield from sleep(run.context, BRIEF.pause_after(number, run.seed(f"reserve:{to}")), run.cancellation)
        return command
    if found.is_stocked and not refusal.short:  # a shard that never had units
        return StepResult.refused("out_of_stock", f"{quantity} wanted, too few available")
    return _plain(refusal)


def _collect(run: OrderRun, to: str, short: int, refusal: Reserved) -> Wait:
    """Ask the other shards, one after the other, until there are enough units. Returns the `_Found`; None without an answer."""
    waiting, asked, found = deque([product_of_stock(to), *refusal.peers]), {to}, _Found(short, False, 0)
    while waiting and found.short:
        source = waiting.popleft()
        if source in asked:
            continue
        asked.add(source)
        request = GiveRequest(to=to, wanted=found.short, received=refusal.peers.get(source, 0))
        given = yield from _answer(run, entity_command(INVENTORY_ENTITY, source, "give", request))
        if given is None or (given.quantity and not (yield from _taken(run, source, to, given))):
            return None
        waiting.extend(given.peers)
        found = _Found(
            short=max(found.short - given.quantity, 0),
            is_stocked=found.is_stocked or given.outcome is Outcome.DONE,
            under_way=found.under_way + given.under_way,
            is_split=True,
        )
    return found


def _taken(run: OrderRun, source: str, to: str, given: Given) -> Wait:
    """Return whether the units of a transfer are known to have arrived; if not, the timer of expired reservations carries it on."""
    take = TakeRequest(source=source, number=given.number, quantity=given.quantity)
    if (yield from _answer(run, entity_command(INVENTORY_ENTITY, to, "take", take))) is None:
        return False
    arrived = AcknowledgeRequest(to=to, number=given.number)
    signal(run.context, entity_command(INVENTORY_ENTITY, source, "acknowledge", arrived))
    return True


def _answer(run: OrderRun, command: Command) -> Wait:
    """Return the answer as a `Given`; None when there was none."""
    seed = f"{command.operation}:{command.entity_key}"
    attempts = yield from run.call([command], run.step_policy, seed=seed, interrupt=run.cancellation)
    return None if attempts.answer is None else Given.model_validate(attempts.answer)


def _plain(answer: StepResult) -> StepResult:
    return StepResult(outcome=answer.outcome, reason_code=answer.reason_code, message=answer.message)
