"""One step, one name: ledger, activities, telemetry, dead letters, queries and documents use the same, of every workflow."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import blueprints  # noqa: F401 - imports every activity
from domain.files.steps import EXTRACT_METADATA
from domain.ids import INVENTORY_ENTITY
from domain.mail.steps import MAIL_NOTIFICATION
from domain.orders import steps as order_steps
from domain.workflows import steps as workflow_steps
from entities import inventory, shopping_cart
from tests.support.shop import ROOT

FOLDERS = ("activities", "adapters", "console", "domain", "entities", "orchestrators", "services", "triggers")
QUERIES = sorted((ROOT / "infra/queries").glob("*.kql"))
HISTORIES = sorted((ROOT / "tests/invariants/histories").rglob("*.json"))
PAGES = sorted((ROOT / "docs").rglob("*.md"))

OF_ENTITIES = {order_steps.RESERVE_INVENTORY, order_steps.RELEASE_INVENTORY, order_steps.COMMIT_INVENTORY}
NAMED_STEPS = ("Step", "Compensation", "DeadLetter", "LedgerEntry")
"""What has a step's name as the keyword `name` or `step`."""

TAKES_A_NAME = {"activity_command": 0, "record": 0, "required": 0}
"""Which argument of these calls names a step."""


def step_modules() -> Iterator[str]:
    for path in sorted((ROOT / "domain").rglob("steps.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def constants() -> set[str]:
    """Return the names that the domain gives to steps."""
    found: set[str] = set()
    for module in step_modules():
        facts = vars(import_module(module)).items()
        found |= {value for name, value in facts if name.isupper() and isinstance(value, str) and " " not in value}
    return found


def functions(folder: str, trigger: str) -> set[str]:
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        found |= set(re.findall(rf"{trigger}_trigger.*?def (\w+)\(", path.read_text(encoding="utf-8"), re.DOTALL))
    return found


ACTIVITIES = functions("activities", "activity")
FUNCTIONS = functions("orchestrators", "orchestration") | functions("triggers", "")
OPERATIONS = {*inventory._OPERATIONS, *shopping_cart._OPERATIONS}
KNOWN = constants() | ACTIVITIES | OPERATIONS


def test_a_step_of_an_order_has_the_name_of_its_activity() -> None:
    names = {value for name, value in vars(order_steps).items() if name.isupper() and isinstance(value, str)}
    others = OF_ENTITIES | {INVENTORY_ENTITY, order_steps.WAIT_FOR_APPROVAL, order_steps.NOTIFY_CUSTOMER}
    assert names - others <= ACTIVITIES


def test_a_step_at_an_entity_begins_with_the_operation() -> None:
    for step in OF_ENTITIES:
        assert step.removesuffix("_inventory") in inventory._OPERATIONS


def test_a_constant_that_names_an_activity_names_one() -> None:
    assert {MAIL_NOTIFICATION, workflow_steps.RESTART_RUN, EXTRACT_METADATA} <= ACTIVITIES


def test_no_code_spells_a_step_out_beside_its_constant() -> None:
    spelt = []
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = _spelt_step(node) if isinstance(node, ast.Call) else _compared_step(node)
            if text is not None:
                spelt.append(f"{path.relative_to(ROOT)}: {text}")
    assert spelt == []


def _spelt_step(call: ast.Call) -> str | None:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [each.value for each in call.keywords if called in NAMED_STEPS and each.arg in ("name", "step")]
    at = TAKES_A_NAME.get(called)
    given += call.args[at : at + 1] if at is not None else []
    return next((str(each.value) for each in given if isinstance(each, ast.Constant) and each.value is not None), None)


def _compared_step(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Compare):
        return None
    is_step = isinstance(node.left, ast.Attribute) and node.left.attr == "step"
    values = [each.value for each in node.comparators if isinstance(each, ast.Constant) and is_step]
    return next((str(value) for value in values if value is not None), None)


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_a_query_names_no_step_that_does_not_exist(query: Path) -> None:
    for clause in re.findall(r"\bstep (?:==|!=|in|!in) (\([^)]*\)|\"\w+\")", query.read_text(encoding="utf-8")):
        assert set(re.findall(r"\"(\w+)\"", clause)) <= KNOWN


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_ledger_has_known_steps_only(history: Path) -> None:
    found = set(re.findall(r'\\*"step\\*": ?\\*"([^"\\]+)', history.read_text(encoding="utf-8")))
    assert found <= KNOWN


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_diagram_has_steps_and_functions_that_exist(page: Path) -> None:
    for diagram in re.findall(r"```mermaid\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        boxes = set(re.findall(r"(?<![\[(])\[([a-z]+(?:_[a-z]+)+)\b", diagram))
        assert boxes <= KNOWN | FUNCTIONS
