"""What the recording says of annotations, decided again by the runtime that is installed."""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.support.annotated_apps import annotated_app
from tests.support.shop import ROOT
from tests.support.worker import NotLoaded, Worker, running_worker

_FILE = ROOT / "packages/durable-local-host/tests/local_host_tests/app/worker-annotations.json"
RECORDING = json.loads(_FILE.read_text(encoding="utf-8"))


async def test_the_runtime_accepts_and_refuses_each_annotation_as_recorded(tmp_path: Path) -> None:
    rows = RECORDING["rows"]
    assert len(rows) == 748
    async with running_worker(tmp_path) as worker:
        said = [await _said(worker, number, row, tmp_path) for number, row in enumerate(rows)]
    assert [(row, text) for row, text in zip(rows, said, strict=True) if text != row["message"]] == []


def test_the_runtime_is_the_one_that_was_recorded() -> None:
    made_by = {name: version for name, version in RECORDING["recorded_with"].items() if name != "python"}
    assert {name: metadata.version(name) for name in made_by} == made_by


async def _said(worker: Worker, number: int, row: dict[str, Any], directory: Path) -> str | None:
    """Return the message with which the worker refuses the row's app; None when it takes it."""
    script = directory / f"row_{number}.py"
    script.write_text(annotated_app(row["place"], row["parameter"], row["annotation"]), encoding="utf-8")
    try:
        await worker.load(directory, script.name)
    except NotLoaded as refused:
        return str(refused).replace(f"{script.stem}.", "__main__.")  # the recorded apps were the main program
    return None
