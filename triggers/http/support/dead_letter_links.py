"""Show the open dead letters of a run in its document, with the addresses at which an operator settles them."""

from collections.abc import Iterable

from domain.wire import Timestamp, Wire
from domain.workflows.dead_letter import DeadLetter
from triggers.http.support.links import resource


class DeadLetterResources(Wire):
    """The addresses of a dead letter.

    Attributes:
        replay: Tries its step again; null where it holds nothing to try.
        resolve: Closes it by hand.
    """

    self: str
    replay: str | None
    resolve: str


class OpenDeadLetter(Wire):
    """A step that could not be done automatically and waits for an operator."""

    dead_letter_id: str
    step: str
    reason_code: str | None
    message: str | None
    dead_lettered_at: Timestamp
    links: DeadLetterResources


def open_dead_letters(dead_letters: Iterable[DeadLetter]) -> tuple[OpenDeadLetter, ...]:
    """Return what the document of their run shows of them."""
    return tuple(_shown(each) for each in dead_letters)


def _shown(dead_letter: DeadLetter) -> OpenDeadLetter:
    address = resource("dead-letters", dead_letter.dead_letter_id)
    return OpenDeadLetter(
        dead_letter_id=dead_letter.dead_letter_id,
        step=dead_letter.step,
        reason_code=dead_letter.reason_code,
        message=dead_letter.message,
        dead_lettered_at=dead_letter.dead_lettered_at,
        links=DeadLetterResources(
            self=address,
            replay=f"{address}/replay" if dead_letter.commands else None,
            resolve=f"{address}/resolve",
        ),
    )
