"""A type of binding from outside: nothing in the host knows it, and functions are triggered, read and write by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from azure.functions.meta import Datum

from local_host.app import binding_types
from local_host.app.binding_types import BindingServices, InputType, OutputType, TriggerType, register
from local_host.app.function import Binding, Function
from local_host.testing import running_app
from local_host.testing.process import eventually, host_process

APP = """
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.function_name("echo")
@app.generic_trigger(arg_name="letter", type="pigeonTrigger", loft="inner")
@app.generic_input_binding(arg_name="address", type="pigeon", to="{from}")
@app.generic_output_binding(arg_name="$return", type="pigeon", to="{from}")
def echo(letter: str, address: str) -> str:
    return f"{letter} to {address}"
"""
# A package of its own: a module that registers a type, and the metadata that names the module.
PACKAGE = """
import asyncio, os, pathlib
from azure.functions.meta import Datum
from local_host.app.binding_types import InputType, OutputType, TriggerType, register

class Triggers:
    def __init__(self, services):
        self.run = services.run
    def listener(self, function):
        self.function = function
        return self
    async def listen(self):
        await self.run(self.function, Datum("coo", "string"), {"from": Datum("ada", "string")})
        await asyncio.Event().wait()

class Lofts:
    def __init__(self, services):
        self.file = pathlib.Path(services.environ["LOFT"])
    async def read(self, binding, values):
        return Datum(values[binding.fields["to"].strip("{}")], "string")
    async def send(self, binding, datum, values):
        self.file.write_text(datum.value)

register(TriggerType(name="pigeonTrigger", source=Triggers))
register(InputType(name="pigeon", source=Lofts))
register(OutputType(name="pigeon", target=Lofts))
"""


@dataclass
class Loft:
    """What flies in and out."""

    arriving: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    sent: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)

    def triggers(self, services: BindingServices) -> Loft:
        self.services = services
        return self

    def listener(self, function: Function) -> Loft:
        assert function.trigger.fields["loft"] == "inner"
        self.function = function
        return self

    async def listen(self) -> None:
        while True:
            await self.run_by_hand(self.function, await self.arriving.get())

    async def run_by_hand(self, function: Function, value: str) -> None:
        await self.services.run(function, Datum(value, "string"))

    async def read(self, binding: Binding, values: Mapping[str, str]) -> Datum | None:
        return Datum(f"loft {values[binding.fields['to'].strip('{}')]}", "string")

    async def send(self, binding: Binding, datum: Datum, values: Mapping[str, str]) -> None:
        self.sent.put_nowait((values[binding.fields["to"].strip("{}")], datum.value))


@pytest.fixture
def loft(monkeypatch: pytest.MonkeyPatch) -> Loft:
    found = Loft()
    binding_types.trigger_type("timerTrigger")  # the host's own types are registered by now
    for registry in ("_triggers", "_inputs", "_outputs"):
        monkeypatch.setattr(binding_types, registry, dict(getattr(binding_types, registry)))
    register(
        TriggerType(name="pigeonTrigger", source=found.triggers, values=lambda _, datum: {"from": datum.value[:3]})
    )
    register(InputType(name="pigeon", source=lambda _: found))
    register(OutputType(name="pigeon", target=lambda _: found))
    return found


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "function_app.py").write_text(APP)
    (folder / "host.json").write_text('{"version": "2.0"}')
    return folder


async def test_a_registered_type_triggers_a_function_is_read_and_is_sent(loft: Loft, app: Path) -> None:
    async with running_app(app, with_triggers=True) as host:
        loft.arriving.put_nowait("ada flies")
        assert await loft.sent.get() == ("ada", "ada flies to loft ada")
        answer = await host.http.post("/admin/functions/echo", json={"input": "bob walks"})
        assert (answer.status, await loft.sent.get()) == (202, ("bob", "bob walks to loft bob"))


def test_a_type_of_another_package_is_found_by_its_entry_point(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "packages"
    (packages / "pigeons-1.0.dist-info").mkdir(parents=True)
    (packages / "pigeons.py").write_text(PACKAGE)
    (packages / "pigeons-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: pigeons\nVersion: 1.0\n")
    (packages / "pigeons-1.0.dist-info/entry_points.txt").write_text("[local_host.bindings]\npigeons = pigeons\n")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    landed = tmp_path / "landed"
    with host_process(tmp_path / "hub.db", app=app, environment={"LOFT": str(landed)}):
        assert eventually(lambda: landed.exists() and landed.read_text()) == "coo to ada"


async def test_a_function_whose_type_nothing_registers_is_left_out(app: Path) -> None:
    source = (app / "function_app.py").read_text().replace("pigeon", "raven")
    hello = '\n\n@app.route(route="hello")\ndef hello(req: func.HttpRequest) -> str:\n    return "hello"\n'
    (app / "function_app.py").write_text(source + hello)
    async with running_app(app) as host:
        shown = (await host.http.get("/admin/functions")).text
        assert [each["name"] for each in json.loads(shown)] == ["hello"]
