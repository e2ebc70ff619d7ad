"""Stop the instance of a run at one chosen moment, in one of the ways in which an instance can stop before its end."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from local_host.engine.executor import FunctionKind
from tests.support.shop import Shop

How = Literal["failed", "terminated", "purged"]
HOWS: Final[tuple[How, ...]] = ("failed", "terminated", "purged")


@dataclass
class Stop:
    """A stop of one instance. nth: the call of an activity, from 1. acts: whether the call acts before the stop.

    `failed` is a worker that dies over the nth episode.
    """

    shop: Shop
    instance_id: str
    how: How
    nth: int
    acts: bool
    calls: int = 0
    has_come: bool = False
    _wrapped: list[str] = field(default_factory=list)
    _deaths: int = 0

    def __enter__(self) -> "Stop":
        if self.how == "failed":
            self._deaths = self.shop.host.worker_deaths
            self.shop.host.kill_worker(during="episode", nth=self.nth, when="after" if self.acts else "before")
        else:
            for name in activity_names(self.shop):
                self.shop.host.wrap_activity(name, self._act)
                self._wrapped.append(name)
        return self

    def __exit__(self, *_: object) -> None:
        if self.how == "failed":
            self.has_come = self.shop.host.worker_deaths > self._deaths
            self.shop.host.kill_worker(during="episode", nth=1_000_000)
        for name in self._wrapped:
            self.shop.host.restore_activity(name)

    async def purge(self) -> None:
        """Delete what was stopped, where that is the way."""
        if self.how == "purged" and self.has_come:
            await self.shop.host.operations.purge(self.instance_id)

    async def _act(self, value: Any, call: Any) -> Any:
        self.calls += 1
        is_due = self.calls == self.nth
        if is_due and not self.acts:
            await self._terminate()
        answer = await call(value)
        if is_due and self.acts:
            await self._terminate()
        return answer

    async def _terminate(self) -> None:
        # The activity may be another run's, while this one has not begun or is over.
        if self.instance_id in await _running_instances(self.shop):
            self.has_come = True
            await self.shop.host.operations.terminate(self.instance_id)


def activity_names(shop: Shop) -> list[str]:
    """Return every activity of the app."""
    return list(shop.host.app.durable_names(FunctionKind.ACTIVITY))


async def _running_instances(shop: Shop) -> set[str]:
    page = await shop.host.operations.list_instances()
    return {each.instance_id for each in page.items if each.runtime_status in ("Pending", "Running")}
