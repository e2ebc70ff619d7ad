"""`local_host` answers as the real host did, but for what the table of deviations has, and that is really so."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_host.testing.azurite import Azurite
from local_host_tests.real_host.differences import differences
from local_host_tests.real_host.hosts import HERE, recorded_cases, recording, run_apart, run_side_by_side
from local_host_tests.real_host.table import in_readme, judge, read_table, rendered

_CONFIGURATIONS = {"main": run_side_by_side, "variant": run_side_by_side, "crash": run_apart}
_MAX_RUNS = 3


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("configuration", _CONFIGURATIONS)
def test_each_case_differs_only_where_the_table_says(configuration: str, azurite: Azurite, tmp_path: Path) -> None:
    """Run what differs again, with nothing beside it: cases pause for fixed times, too short for a machine that is busy."""
    run: Callable[..., dict[str, dict[str, Any]]] = _CONFIGURATIONS[configuration]
    table, cases, problems = read_table(), recorded_cases(configuration), list[str]()
    for number in range(_MAX_RUNS):
        results = run(configuration, cases, azurite, tmp_path / str(number))
        assert sorted(results) == sorted(cases)
        found = {case: judge(case, differences(case, recording(case), results[case]), table) for case in cases}
        cases = [case for case in cases if found[case]]
        if not cases:
            break
        problems = [problem for case in cases for problem in found[case]]
        warnings.warn("\n".join([f"run {number + 1}: {len(problems)} problems", *problems]), stacklevel=1)
    assert not cases, "\n".join([f"{len(problems)} problems", *problems])


def test_each_row_is_about_cases_that_were_recorded() -> None:
    recorded = {path.stem for path in (HERE / "recordings").glob("*.json")}
    driven = {case for configuration in _CONFIGURATIONS for case in recorded_cases(configuration)}
    assert driven == recorded
    assert {case for row in read_table() for case in row.cases} <= recorded


def test_the_readme_shows_the_table() -> None:
    assert in_readme() == rendered(read_table()), "run: python -m local_host_tests.real_host.table"
