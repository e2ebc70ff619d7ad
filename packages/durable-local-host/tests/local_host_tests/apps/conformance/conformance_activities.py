import threading
import time
from datetime import datetime
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func

bp = df.Blueprint()


@bp.activity_trigger(input_name="value")
def A(value):
    """Echoes its input."""
    return value


@bp.activity_trigger(input_name="value")
def F(value):
    """Fail."""
    raise ValueError("boom")


@bp.activity_trigger(input_name="value", activity="Renamed")
def has_another_name(value):
    return f"renamed {value}"


@bp.activity_trigger(input_name="value")
@bp.durable_client_input(client_name="client")
async def start_another(value, client: df.DurableOrchestrationClient) -> str:
    return await client.start_new("give_input", client_input=value)


ALL_HERE = threading.Barrier(5)
MAY_LEAVE = threading.Event()


@bp.activity_trigger(input_name="guest")
def meet(guest):
    """Blocks its thread until five of its kind are there, and then until a request calls `release`."""
    ALL_HERE.wait(timeout=300)
    MAY_LEAVE.wait(timeout=300)
    return guest


@bp.route(route="release", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def release(req: func.HttpRequest) -> str:
    MAY_LEAVE.set()
    return "released"


@bp.activity_trigger(input_name="kind")
def give(kind):
    """Values of all kinds of types."""
    return {"datetime": datetime(2026, 1, 1), "none": None, "date_text": "2026-01-01T00:00:00Z", "tuple": (1, 2)}[kind]


@bp.activity_trigger(input_name="note")
def write_down(note):
    """Add a line to a file, and then waits until another file exists, if one is named."""
    path = Path(note["file"])
    with path.open("a") as file:
        file.write(note["text"] + "\n")
    while "until" in note and not Path(note["until"]).exists():
        time.sleep(0.01)
    return note["text"]
