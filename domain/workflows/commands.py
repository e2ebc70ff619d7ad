"""An effect as data: what an orchestrator asks for now, and an operator may ask for again tomorrow."""

from typing import Any

from domain.wire import Wire


class Effect(Wire):
    """One call of an activity, or, with an entity's name and key, of one of the entity's operations.

    operation: the name of either. request: its input, plain JSON. Both kinds answer with a `StepResult`.
    """

    operation: str
    request: dict[str, Any]
    entity_name: str | None = None
    entity_key: str | None = None
