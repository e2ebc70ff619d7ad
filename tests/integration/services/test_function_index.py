"""The functions of an index are the declared ones, to the worker and to callers."""

import ast
import inspect
import pickle
import subprocess
import sys
import typing

from blueprints import BLUEPRINTS
from function_index import SOURCES, declared_functions, stub
from scripts.package import APP_FOLDERS
from tests.support.shop import ROOT


def as_the_worker_sees_it(function: typing.Any, code: typing.Any) -> dict[str, object]:
    return {
        "name": function.get_function_name(),
        "bindings": function.get_raw_bindings(),
        "settings": [setting.get_dict_repr() for setting in function._settings],
        "types": (type(function.get_trigger()), function.http_type, function.function_script_file),
        "signature": inspect.signature(code),
        "hints": typing.get_type_hints(code),
        "coroutine": inspect.iscoroutinefunction(code),
        "names": (code.__name__, code.__qualname__, code.__module__, code.__doc__),
    }


def test_a_stub_looks_like_the_function_that_it_stands_for() -> None:
    kept = {each.name: each for each in pickle.loads(pickle.dumps(declared_functions()))}
    real = [builder._function for bp in BLUEPRINTS.values() for builder in bp._function_builders]
    assert len(real) == len(kept) > 100
    for function in real:
        each = kept[function.get_function_name()]
        assert as_the_worker_sees_it(each.function, stub(each)) == as_the_worker_sees_it(
            function, function.get_user_function()
        )


def test_declarations_depend_on_the_sources_and_settings_that_an_index_is_held_against() -> None:
    program = f"""
import os, sys, azure.durable_functions, function_index
class Read(dict):
    names = set()
    def get(self, name, default=None):
        self.note(name, sys._getframe(1).f_code.co_filename)
        return super().get(name, default)
    def __getitem__(self, name):
        self.note(name, sys._getframe(1).f_code.co_filename)
        return super().__getitem__(name)
    def note(self, name, file):
        if file.startswith({str(ROOT)!r}) and "/site-packages/" not in file:
            self.names.add(name)
os.environ = Read(os.environ)
function_index.index_file()
known = sorted(Read.names)
import blueprints
folders = {{name.partition(".")[0] for name in sys.modules}} & set({APP_FOLDERS!r})
print([sorted(folders), known, sorted(Read.names)])
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    folders, known, read = ast.literal_eval(ran.stdout)
    assert set(folders) <= set(SOURCES)
    assert {"IDENTITY", "MANIFEST_EVENTS"} < set(known)
    assert read == known, "each value of such a setting needs an index of its own"


def test_functions_that_several_threads_call_first_are_imported_once_and_whole() -> None:
    program = """
import gc, threading, function_app
functions = {each.get_function_name(): each.get_user_function() for each in function_app.app.get_functions()}
names = ["authorise_payment", "cancel_payment", "buy_label", "begin_replay", "pay_expense"]
begun, raised = threading.Barrier(2 * len(names)), []
def call(name):
    begun.wait()
    try:
        functions[name](request={})
    except Exception as error:
        raised.append(type(error).__name__)
threads = [threading.Thread(target=call, args=(name,)) for name in names * 2]
[each.start() for each in threads]
[each.join() for each in threads]
print([len(names), raised, gc.isenabled()])
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    count, raised, collects = ast.literal_eval(ran.stdout)
    assert count == 5
    assert raised == ["ValidationError"] * 2 * count  # each function read its request, and refused it
    assert collects
