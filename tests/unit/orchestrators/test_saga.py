"""Whatever steps a story has and however each ends: its compensations run newest first, once each, and what stays open is told."""

from collections.abc import Generator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.orders.order import OrderStatus
from domain.workflows.commands import Effect
from orchestrators.kernel.saga import OrderStopped, Saga, Step
from tests.support.orders import placed_order

ENDS = {"refused": OrderStatus.REJECTED, "faulted": OrderStatus.FAILED, "unknown": OrderStatus.FAILED}
UNKNOWN = "unknown"


class Context:
    """What a saga asks of the SDK's context: tasks are what they would call, and a timer moves the clock."""

    instance_id = "a-1"

    def __init__(self) -> None:
        self.current_utc_datetime = datetime(2026, 1, 1, tzinfo=UTC)
        self.is_completed = False

    def wait_for_external_event(self, name: str) -> "Context":
        return self

    def call_activity(self, name: str, request: Any) -> str:
        return name

    def create_timer(self, at: datetime) -> SimpleNamespace:
        self.current_utc_datetime = at
        return SimpleNamespace(is_completed=True)

    def task_any(self, tasks: list[Any]) -> None: ...

    def set_custom_status(self, status: Any) -> None: ...


def told(saga: Saga, steps: list[tuple[str, bool]]) -> Generator[Any, Any, None]:
    """A story of these steps: how each ends, and whether it has a compensation."""
    try:
        for number, (_, has_compensation) in enumerate(steps):
            name = str(number)
            compensation = [Effect(operation=f"compensation_{name}", request={})] if has_compensation else []
            step = Step(
                name=name,
                effects=[Effect(operation=name, request={})],
                compensation_name=f"compensation_{name}",
                compensation=compensation,
            )
            yield from saga.do(step)
    except OrderStopped as stop:
        yield from saga.compensate_everything(saga.course(stop))


def drive(story: Generator[Any, Any, None], ends: dict[str, str]) -> None:
    """Answer every call as `ends` says; a call whose end is unknown fails whenever it is tried."""
    task = next(story, None)
    try:
        while True:
            end = ends.get(task) if isinstance(task, str) else None
            if end == UNKNOWN:
                task = story.throw(RuntimeError("no answer"))
            else:
                task = story.send(None if end is None else {"outcome": end, "reason_code": end})
    except StopIteration:
        return


outcomes = st.sampled_from(["done", "done", "done", "refused", "faulted", UNKNOWN])


@given(st.lists(st.tuples(outcomes, st.booleans()), max_size=6), st.lists(outcomes, min_size=6, max_size=6))
def test_what_was_begun_is_compensated_newest_first_and_what_is_not_compensated_is_open(
    steps: list[tuple[str, bool]], compensations: list[str]
):
    saga = Saga(context=Context(), name="a-1", order=placed_order())
    ends = {str(number): end for number, (end, _) in enumerate(steps)}
    drive(told(saga, steps), ends | {f"compensation_{number}": end for number, end in enumerate(compensations)})
    stopped = next((number for number, (end, _) in enumerate(steps) if end != "done"), None)
    begun = [] if stopped is None else [number for number in range(stopped + 1) if steps[number][1]]
    compensated = [(entry.step, entry.outcome) for entry in saga.ledger if entry.kind == "compensation"]
    assert compensated == [(f"compensation_{number}", compensations[number]) for number in reversed(begun)]
    is_open = any(compensations[number] != "done" for number in begun)
    expected = OrderStatus.ACCEPTED if stopped is None else ENDS[steps[stopped][0]]
    assert saga.status is (OrderStatus.NEEDS_ATTENTION if is_open else expected)
