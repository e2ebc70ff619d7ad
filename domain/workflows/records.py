"""What is recorded of a run, whichever workflow's it is: which way it goes, how it ends, and what is done after that."""

from typing import Any, NamedTuple

from domain.ids import WorkflowKey
from domain.mail.notification import Notification
from domain.wire import Wire
from domain.workflows.course import Course
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import StepResult


class SettleCourse(Wire):
    """Record which way a run goes, unless that is recorded: before the first compensation, and after the point of no return.

    Attributes:
        progress: Where the run stands, in the form of its own status. None where an instance that takes over needs no more than
            the course.
    """

    workflow: str
    key: WorkflowKey
    course: Course
    progress: dict[str, Any] | None = None


class CourseSettled(StepResult):
    """The course that holds, and where the run stood when it was settled."""

    course: Course
    progress: dict[str, Any] | None = None


class RecordRun(Wire):
    """Record where a run stands or how it has ended, with all that has to follow.

    Attributes:
        progress: In the form of the run's own status.
        notification: The message to people, if any.
        dead_letters: What the end leaves to an operator.
    """

    workflow: str
    key: WorkflowKey
    progress: dict[str, Any]
    notification: Notification | None = None
    dead_letters: tuple[DeadLetter, ...] = ()


class Closing(NamedTuple):
    """A run after a compensation that was completed late.

    Attributes:
        changed: Its progress when it has a line in the log: the status is new, or an end. Else None.
    """

    status: str
    changed: Wire | None = None
