"""A command as data: what an orchestrator sends now, and an operator may send again tomorrow."""

from typing import Any, Final

from domain.wire import Wire

NOTHING_TO_COMPENSATE: Final = "nothing_to_compensate"
"""The message of a compensation whose step had left nothing behind."""


class Command(Wire):
    """One call of an activity, or, with an entity's name and key, of one of the entity's operations.

    Both kinds answer with a `StepResult`.

    Attributes:
        operation: The name of the activity or of the operation.
        request: Its input, plain JSON.
        entity_name: Of an entity's operation only.
        entity_key: Of an entity's operation only.
    """

    operation: str
    request: dict[str, Any]
    entity_name: str | None = None
    entity_key: str | None = None


class Step(Wire):
    """Commands that are sent together, under the name that the ledger has for them."""

    name: str
    commands: tuple[Command, ...]


class Compensation(Step):
    """A step that semantically undoes another one. It succeeds, too, when that one never happened."""


def activity_command(activity: str, request: Wire) -> Command:
    """Return the call of an activity, by its name."""
    return Command(operation=activity, request=request.to_wire())


def entity_command(entity: str, key: str, operation: str, request: Wire) -> Command:
    """Return the call of one entity's operation."""
    return Command(operation=operation, request=request.to_wire(), entity_name=entity, entity_key=key)


def step_of(command: Command) -> Step:
    """Return the step that consists of one command, and bears its name."""
    return Step(name=command.operation, commands=(command,))
