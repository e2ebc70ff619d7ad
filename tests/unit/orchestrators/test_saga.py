"""Whatever steps a workflow has and however each ends: its compensations run newest first, once each, and open ones are kept."""

from collections.abc import Generator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.workflows.commands import Command, Compensation, Step
from domain.workflows.course import Course
from domain.workflows.run import Restart
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import WorkflowRun

ENDS = {"refused": "rejected", "faulted": "failed", "unknown": "failed"}
UNKNOWN = "unknown"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Context:
    """What a run asks of the SDK's context: tasks are what they would call, and a timer moves the clock."""

    instance_id = "returns.r-1"
    is_replaying = False

    def __init__(self) -> None:
        self.current_utc_datetime = NOW
        self.requests: dict[str, list[Any]] = {}

    def call_activity(self, name: str, request: Any) -> str:
        self.requests.setdefault(name, []).append(request)
        return name

    def task_all(self, tasks: list[str]) -> list[str]:
        return tasks

    def create_timer(self, at: datetime) -> SimpleNamespace:
        self.current_utc_datetime = at
        return SimpleNamespace(is_completed=True)

    def set_custom_status(self, status: Any) -> None: ...


def command(name: str) -> tuple[Command, ...]:
    return (Command(operation=name, request={}),)


def compensation(number: int) -> Compensation:
    return Compensation(name=f"compensation_{number}", commands=command(f"compensation_{number}"))


def taken(run: WorkflowRun, steps: list[tuple[str, bool]]) -> Generator[Any, Any, Any]:
    """Yield a workflow of these steps: how each ends, and whether it has a compensation."""
    for number, (_, has_compensation) in enumerate(steps):
        step = Step(name=str(number), commands=command(str(number)))
        yield from run.do(step, compensation=compensation(number) if has_compensation else None)
    return run.end("completed", "Done.")


def drive(orchestration: Generator[Any, Any, Any], ends: dict[str, str]) -> Any:
    """Answer every call as `ends` says; a call whose end is unknown fails whenever it is tried. Return the result."""
    task = next(orchestration)
    try:
        while True:
            if task == "settle_course":
                task = orchestration.throw(RuntimeError("no answer"))  # the course that was wanted holds
                continue
            end = ends.get(task) if isinstance(task, str) else None
            if end == UNKNOWN:
                task = orchestration.throw(RuntimeError("no answer"))
            else:
                task = orchestration.send({} if end is None else {"outcome": end, "reason_code": end})
    except StopIteration as stop:
        return stop.value


outcomes = st.sampled_from(["done", "done", "done", "refused", "faulted", UNKNOWN])


@given(st.lists(st.tuples(outcomes, st.booleans()), min_size=1, max_size=6), st.lists(outcomes, min_size=6, max_size=6))
def test_begun_steps_are_compensated_newest_first_and_a_failed_compensation_is_dead_lettered(
    steps: list[tuple[str, bool]], compensations: list[str]
):
    context = Context()
    run = WorkflowRun(context=context, workflow="returns", key="r-1")
    ends = {str(number): end for number, (end, _) in enumerate(steps)}
    ends |= {f"compensation_{number}": end for number, end in enumerate(compensations)}
    result = drive(saga(run, taken(run, steps)), ends)
    stopped = next((number for number, (end, _) in enumerate(steps) if end != "done"), None)
    begun = [] if stopped is None else [number for number in range(stopped + 1) if steps[number][1]]
    compensated = [(entry.step, entry.outcome) for entry in run.ledger if entry.kind == "compensation"]
    assert compensated == [(f"compensation_{number}", compensations[number]) for number in reversed(begun)]
    still_open = [f"compensation_{number}" for number in reversed(begun) if compensations[number] != "done"]
    records = context.requests.get("record_run", [])
    dead_letters = [dead_letter for record in records for dead_letter in record["dead_letters"]]
    end = "completed" if stopped is None else ENDS[steps[stopped][0]]
    assert [(dead_letter["step"], dead_letter["run_end"]) for dead_letter in dead_letters] == [
        (step, end) for step in still_open
    ]
    assert result["status"] == ("needs_attention" if still_open else end)
    assert bool(records) == bool(still_open), "the end that a replay changes"
    assert bool(context.requests.get("settle_course")) == bool(begun), "recorded before the first compensation"


def test_an_instance_that_takes_over_a_stopped_run_compensates_and_takes_no_step():
    context = Context()
    course = Course(end="rejected", reason_code="out", message="No.", compensations=(compensation(1), compensation(2)))
    restart = Restart(attempt=2, started_at=NOW, course=course)
    run = WorkflowRun(context=context, workflow="returns", key="r-1", restart=restart)
    result = drive(saga(run, taken(run, [("done", True)])), {})
    assert list(context.requests) == ["compensation_2", "compensation_1"]
    assert (result["status"], result["reason_code"]) == ("rejected", "out")
