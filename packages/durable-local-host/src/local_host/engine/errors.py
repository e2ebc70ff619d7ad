"""Everything the engine can refuse or report, as types. Each docstring says when; each text is fit for a caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_ARTICLE = {"orchestrator": "an orchestrator", "activity": "an activity", "entity": "an entity"}


@dataclass(frozen=True, slots=True)
class Execution:
    """One call of a function. As text, it is what the real host's log has."""

    function: str
    id: str
    milliseconds: int

    def __str__(self) -> str:
        return f"Id={self.id}, Duration={self.milliseconds}ms"


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception as text. type_name: `ValueError`; message: `str(error)`; stack: the traceback's text."""

    type_name: str
    message: str
    stack: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFailed:
    """What an operation of an entity raised, which its caller gets as text alone. entity: such as `@stock@A-1`.

    raised: the exception, then what led to it, nearest first.
    """

    entity: str
    operation: str
    raised: Sequence[Raised]


class LocalHostError(Exception):
    """Base of every error that this package raises on purpose."""


class UserCodeFailed(LocalHostError):
    """A function of the app raised.

    type_name: `ValueError`; message: `str(error)`; stack: the traceback's text; causes: what led to it, nearest first.
    execution: the call that failed, once it is known.
    """

    def __init__(self, type_name: str, message: str, stack: str = "", causes: Sequence[Raised] = ()) -> None:
        super().__init__(f"{type_name}: {message}")
        self.type_name = type_name
        self.message = message
        self.stack = stack
        self.causes = causes
        self.execution: Execution | None = None


class CallLost(UserCodeFailed):
    """No answer of the function will come: how far its code came is not known."""

    namespace = "System"

    @property
    def text(self) -> str:
        """As the real host logs it."""
        return f"{self.namespace}.{self.type_name}: {self.message}"


_LAST_OWN_EXIT_CODE = 128


class WorkerExited(CallLost):
    """The worker process ended while it had the call in hand."""

    namespace = "Microsoft.Azure.WebJobs.Script.Workers"

    def __init__(self, executable: str, exit_code: int) -> None:
        """Describe a dead worker. exit_code: as a shell has it, 128 and the signal's number for a process that a signal ended."""
        super().__init__("WorkerProcessExitException", f"{executable} exited with code {exit_code} (0x{exit_code:x})")
        self.was_killed = exit_code > _LAST_OWN_EXIT_CODE


class FunctionTimedOut(CallLost):
    """A call took longer than `functionTimeout`. It costs the worker process its life, with all that it has in hand."""

    namespace = "Microsoft.Azure.WebJobs.Host"

    def __init__(self, function: str, limit: str, invocation_id: str) -> None:
        """Describe a time-out. limit: as the real host writes it, `00:00:05`."""
        text = f"Timeout value of {limit} was exceeded by function: Functions.{function}"
        super().__init__("FunctionTimeoutException", text)
        self.function = function
        self.limit = limit
        self.invocation_id = invocation_id


class NoWorker(CallLost):
    """There is no worker process any more, and the host is about to end."""

    def __init__(self) -> None:
        super().__init__("InvalidOperationException", "Did not find any initialized language workers")


class OperationRefused(LocalHostError):
    """A management operation that cannot be accepted; nothing was stored."""


class InvalidInstanceId(OperationRefused):
    """The id has a form that the hub does not accept."""

    def __init__(self, instance_id: str, rule: str) -> None:
        super().__init__(f"Instance id {instance_id[:60]!r} is not valid: {rule}.")
        self.instance_id = instance_id


class InvalidJson(OperationRefused):
    """A body that should be JSON is not."""


class UnknownFunction(OperationRefused):
    """No function of that kind and durable name is registered."""

    def __init__(self, kind: str, name: str, known: Sequence[str], left_out: str | None = None) -> None:
        """Describe an unknown function. left_out: why a function of that name is there and is not run."""
        names = ", ".join(f"'{each}'" for each in known)
        listing = (
            f"The following are the known {kind} functions: {names}." if known else f"No {kind} functions are known."
        )
        super().__init__(
            f"The function '{name}' doesn't exist, is disabled, or is not {_ARTICLE[kind]} function. "
            f"Additional info: {f'It is not run: {left_out}. ' if left_out else ''}{listing}"
        )
        self.kind = kind
        self.name = name


class InstanceNotFound(OperationRefused):
    """There is no instance of that id."""

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"No instance with ID '{instance_id}' found.")
        self.instance_id = instance_id


class EntityNotFound(OperationRefused):
    """The entity has no state."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__(f"Entity '{name}' with key '{key}' does not exist.")


class InstanceStateConflict(OperationRefused):
    """The instance exists, but its status does not allow the operation. status: its runtime status."""

    def __init__(self, instance_id: str, status: str, text: str) -> None:
        super().__init__(text)
        self.instance_id = instance_id
        self.status = status


class InstanceExists(InstanceStateConflict):
    """A start for an id that is live."""

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(instance_id, status, f"An Orchestration instance with the status {status} already exists.")


class InstanceEnded(InstanceStateConflict):
    """An operation that needs a live instance, sent to one that has ended."""

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(instance_id, status, f"The instance '{instance_id}' has ended; its status is {status}.")


class InstanceLive(InstanceStateConflict):
    """An operation that needs an ended instance (purge, rewind, restart with the same id), sent to a live one."""

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(instance_id, status, f"The instance '{instance_id}' has not ended; its status is {status}.")


class NotRewindable(InstanceStateConflict):
    """Rewind needs a failed instance."""

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(
            instance_id, status, f"Only a failed instance can be rewound; the status of '{instance_id}' is {status}."
        )


class AlreadySuspended(InstanceStateConflict):
    """Suspend, sent to a suspended instance."""

    def __init__(self, instance_id: str) -> None:
        super().__init__(instance_id, "Suspended", f"The instance '{instance_id}' is already suspended.")


class NotSuspended(InstanceStateConflict):
    """Resume, sent to an instance that is not suspended."""

    def __init__(self, instance_id: str, status: str) -> None:
        super().__init__(instance_id, status, f"The instance '{instance_id}' is not suspended; its status is {status}.")


class StoreUnavailable(LocalHostError):
    """Nothing can be stored now: the disk is full, the state file is damaged, or another file is in its place."""


class StateFileError(LocalHostError):
    """The state file cannot be used."""


class StateFileLocked(StateFileError):
    """Another process works on the same state file."""

    def __init__(self, path: str) -> None:
        super().__init__(f"The state file {path} is in use by another process. Stop that one, or pass another --state.")


class StateFileVersion(StateFileError):
    """The state file was written by a newer version, or by another program."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"The state file {path} has schema version {found}; this program knows versions up to {known}. "
            "Use the program that wrote it, or pass another --state."
        )
