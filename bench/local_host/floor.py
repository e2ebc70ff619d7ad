"""The floor under a chain of activities: what the SDK alone, as it is installed, needs to replay its history episode by episode."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local_host.app.loader import load_app
from local_host.engine.config import DurableConfig
from local_host.engine.executor import FunctionKind
from local_host.engine.history import History
from local_host.engine.history_events import Event
from local_host.engine.instance import Episode, Instance
from local_host.engine.payload import payload
from local_host.engine.status import RuntimeStatus

APP = Path(__file__).parent / "app"
ARRIVE = {0, 5, 6, 8, 9, 11, 15}


def payloads(name: str, input_text: str, episodes: Sequence[str]) -> list[str]:
    """Return what the host handed to the SDK in each episode. episodes: as they are stored."""
    instance = Instance(
        instance_id="floor",
        execution_id="floor",
        name=name,
        version="",
        status=RuntimeStatus.RUNNING,
        input=input_text,
        parent=None,
    )
    return [_payload(instance, episodes[:number], episode) for number, episode in enumerate(episodes)]


def _payload(instance: Instance, earlier: Sequence[str], newest: str) -> str:
    events = [Event(fields, json.dumps(fields)) for fields in json.loads(f"[{newest}]")]
    episode = Episode(
        instance=instance,
        history=History.parse(earlier),
        at=events[0].fields["Timestamp"],
        incoming=[event for event in events if event.type in ARRIVE],
        consumed=[],
        status=instance.status,
    )
    return payload(episode, DurableConfig())


def replay_seconds(handle: Callable[[str], str], texts: Sequence[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        handle(text)
    return time.perf_counter() - began


if __name__ == "__main__":
    recorded = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    function = load_app(APP).find(FunctionKind.ORCHESTRATOR, recorded["name"])
    assert function is not None
    print(replay_seconds(function.call, payloads(**recorded)))
