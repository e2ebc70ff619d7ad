"""One step, one name: activities, ledger, telemetry and queries use the same."""

import re
from pathlib import Path

import blueprints  # noqa: F401 - imports every activity
from domain.ids import INVENTORY_ENTITY
from domain.orders import steps
from entities import inventory
from tests.support.shop import ROOT

ENTITY_STEPS = {steps.RESERVE_INVENTORY, steps.RELEASE_INVENTORY, steps.COMMIT_INVENTORY}
WAITS = {steps.WAIT_FOR_APPROVAL}
OUTBOX = {steps.NOTIFY_CUSTOMER}  # the message travels with record_order


def names() -> set[str]:
    constants = {value for name, value in vars(steps).items() if name.isupper() and isinstance(value, str)}
    return constants - {INVENTORY_ENTITY}


def activities() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "activities").glob("*.py"):
        found |= set(re.findall(r"activity_trigger.*?def (\w+)\(", path.read_text(), re.DOTALL))
    return found


def test_a_step_of_an_order_has_the_name_of_its_activity() -> None:
    assert names() - ENTITY_STEPS - WAITS - OUTBOX <= activities()


def test_a_step_at_an_entity_begins_with_the_operation() -> None:
    for step in ENTITY_STEPS:
        assert step.removesuffix("_inventory") in inventory._OPERATIONS


def test_a_query_names_no_step_that_does_not_exist() -> None:
    known = names() | activities()
    for query in sorted(Path(ROOT / "infra/queries").glob("*.kql")):
        for clause in re.findall(r"\bstep (?:==|!=|in|!in) (\([^)]*\)|\"\w+\")", query.read_text()):
            assert set(re.findall(r"\"(\w+)\"", clause)) <= known, query.name
