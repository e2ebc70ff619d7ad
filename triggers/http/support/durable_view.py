"""The view of a resource that clients of Durable Functions know: the keys of the extension's own status query.

Held against the recorded answers of the real extension; see `tests/integration/http/test_durable_view.py`.
"""

from typing import Any, Literal

from domain.wire import Edge, Timestamp, Wire
from triggers.http.support.links import resource


class ViewQuery(Edge):
    """The query of a resource. `durable`: the answer of the Durable extension's status query, in place of the resource's own."""

    view: Literal["durable"] | None = None


class DurableStatus(Wire):
    """An instance, as the Durable extension's status query shows it.

    The ledger is in `customStatus` while the instance runs, and in `output` once it has ended.

    Attributes:
        name: The orchestrator's.
        input: What it was given; null where that is not kept any longer.
        customStatus: Where it stands.
        output: How it has ended; null until then.
    """

    name: str
    instanceId: str
    runtimeStatus: str
    input: dict[str, Any] | None
    customStatus: dict[str, Any] | None
    output: dict[str, Any] | None
    createdTime: Timestamp | None
    lastUpdatedTime: Timestamp | None


def address_of_view(query: ViewQuery, *path: str) -> str:
    """Return where a client goes on polling: the resource, in the view that it has asked for."""
    address = resource(*path)
    return address if query.view is None else f"{address}?view={query.view}"


def status_and_output(progress: Wire, *, has_ended: bool) -> dict[str, Any]:
    """Return `customStatus` and `output`, of which one has the ledger."""
    shown = progress.to_wire()
    if not has_ended:
        return {"customStatus": shown, "output": None}
    return {"customStatus": {name: value for name, value in shown.items() if name != "steps"}, "output": shown}
