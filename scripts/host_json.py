"""host.json as it is deployed: the one in the repository, which runs locally, and what plan and back end change of it.

infra/host.overlays.json says what changes. It is done here and not by app settings, because Azure's scale controller reads the
task hub's settings from the file alone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]

MAX_PARTITIONS: Final = 16

Json = dict[str, Any]


def overlays() -> Json:
    """Return what each plan and each back end changes."""
    return _read(ROOT / "infra" / "host.overlays.json")


def plans() -> tuple[str, ...]:
    """Return the names of the plans."""
    return tuple(overlays()["plans"])


def backends() -> tuple[str, ...]:
    """Return the homes of a task hub; the first is the one that host.json in the repository describes."""
    return ("AzureStorage", *overlays()["backends"])


def host_json(plan: str, backend: str, partitions: int | None = None) -> Json:
    """Return host.json for one plan and one back end.

    Args:
        plan: Name of the plan.
        backend: Home of the task hub.
        partitions: Of a task hub in Azure Storage, for its life; None for what the file says. Others have none.
    """
    changes = overlays()
    merged = _merged(_read(ROOT / "host.json"), changes["azure"])
    durable = _merged(merged["extensions"]["durableTask"], changes["plans"][plan]["durableTask"])
    if backend in changes["backends"]:
        # Replaced, not merged: partitions and polling mean nothing to the others.
        durable["storageProvider"] = changes["backends"][backend]
    else:
        chosen = {} if partitions is None else {"partitionCount": partitions}
        durable["storageProvider"] = _merged(
            durable["storageProvider"], changes["plans"][plan]["azureStorage"] | chosen
        )
    merged["extensions"]["durableTask"] = durable
    merged["extensions"]["queues"] = _merged(merged["extensions"]["queues"], changes["plans"][plan]["queues"])
    return merged


def _read(path: Path) -> Json:
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> Json:
    """Return the base with the change in it, however deep; neither is altered."""
    result = dict(base)
    for key, value in change.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result
