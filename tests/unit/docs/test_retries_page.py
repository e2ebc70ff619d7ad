"""The page about retries says of every policy what the code does."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta

import orchestrators
from orchestrators.kernel.retry import RetryPolicy
from tests.unit.docs.markdown import ROOT

PAGE = (ROOT / "docs" / "retries.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z_]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


def policies() -> Iterator[tuple[str, RetryPolicy]]:
    """Yield every policy that is a constant of an orchestrator's module, by its name."""
    for module in pkgutil.walk_packages(orchestrators.__path__, "orchestrators."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, RetryPolicy):
                yield name, value


def in_words(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    unit, size = next((unit, size) for unit, size in UNITS.items() if seconds % size == 0)
    return f"{seconds // size} {unit}"


def row_of(policy: RetryPolicy) -> tuple[str, ...]:
    fewest, most = policy.attempts()
    times = (policy.total, policy.first_pause, policy.longest_pause)
    return (*map(in_words, times), f"{fewest} to {most}")


def test_every_policy_has_its_row_and_every_row_its_policy():
    assert {name: rest for name, *rest in map(list, ROW.findall(PAGE))} == {
        name: list(row_of(policy)) for name, policy in policies()
    }
