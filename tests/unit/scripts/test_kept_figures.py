"""The pages of figures that were measured: made of their data, and without anything of the machine that they were measured on."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.benchmarks import Measured, scripts
from bench.chart import chart
from bench.figures import FIGURES, Figure
from bench.history import courses, page, parsed, report, runs
from scripts.proof_records import Proofs, read
from scripts.prove import Run, progress, summary
from tests.support.shop import ROOT

RUN = {"day": "2026-11-27", "commit": "abc", "machine": "Linux", "load": 1.5}


def test_page_of_the_history_and_its_picture_are_made_of_its_data():
    made = {"history.md": page(runs()), "history.svg": chart(courses(runs()))}
    for name, content in made.items():
        assert (ROOT / "bench" / name).read_text(encoding="utf-8") == content, "run `python -m bench.history --page`"


def test_picture_has_a_chart_of_each_figure_with_its_goal_and_whether_it_is_met():
    picture = ElementTree.fromstring(chart({"orders_per_s": [10, 14], "import_ratio": [1.5, 1.6], "page_ratio": [1.2]}))
    cells = picture.findall("{*}g")
    texts = [[str(text.text) for text in cell.findall("{*}text")] for cell in cells]
    goal = FIGURES["import_ratio"].goal
    assert [each[1:] for each in texts] == [["no goal", "14"], [f"goal {goal}", "1.6"], ["goal ≤ 2", "1.2"]]
    assert [len(cell.findall("{*}line")) for cell in cells] == [0, 1, 1]
    colours = [cell.findall("{*}polyline")[0].get("stroke") for cell in cells]
    assert len(set(colours)) == 3


@pytest.mark.parametrize(
    ("goal", "value", "met"), [("≤ 2", 2, True), ("≤ 2", 2.1, False), ("≥ 4", 4, True), ("≥ 4", 3.9, False)]
)
def test_a_goal_is_met_at_its_bound(goal: str, value: float, met: bool):
    assert Figure("", goal).is_met(value) is met


def test_make_bench_runs_every_benchmark_that_the_page_names():
    named = set(re.findall(r"`python -m (bench\.[a-z_.]+)", (ROOT / "bench" / "README.md").read_text(encoding="utf-8")))
    run = {script for script, *_ in scripts(1)}
    assert named - run == {"bench.local_host.sustained"}, "20,000 sagas take minutes"
    assert {path.stem for path in (ROOT / "bench").glob("*.py") if "__main__" in path.read_text()} == {
        "history",
        *(script.split(".")[1] for script in run if script.count(".") == 1 and script != "bench.local_host"),
    }


def test_what_failed_and_what_is_missing_is_said_and_is_a_failure_of_the_run(capsys):
    run = dict.fromkeys(FIGURES, 1.0)
    assert report(Measured(run, [], was_interrupted=False), scripts(1)) == 0
    del run["page_ratio"]
    assert report(Measured(run, ["bench.order_repository: exit code 1"], was_interrupted=False), scripts(1)) == 1
    said = capsys.readouterr()
    assert "not measured: page_ratio" in said.out
    assert "bench.order_repository: exit code 1" in said.err


@pytest.mark.parametrize("wrong", [["--only", "bench.nothing"], ["--orders", "0"]])
def test_a_benchmark_that_there_is_not_is_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        parsed(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_history_names_only_what_is_measured():
    assert {name for run in runs() for name in run["figures"]} <= set(FIGURES)


def test_best_figure_is_the_highest_where_more_is_better_and_the_lowest_elsewhere():
    history = [
        {**RUN, "figures": {"orders_per_s": orders, "import_ratio": ratio}}
        for orders, ratio in ((10, 1.5), (14, 1.3), (12, 1.4))
    ]
    rows = {row.split(" | ")[0]: row for row in page(history).splitlines()}
    assert "| 10 | 14 | 12 | ▁█▄ |" in rows[f"| {FIGURES['orders_per_s'].title}"].replace("▅", "▄")
    assert "| 1.5 | 1.3 | 1.4 | █▁▄ |" in rows[f"| {FIGURES['import_ratio'].title}"].replace("▅", "▄")


def proved(*records: dict[str, Any], half: str = "") -> Proofs:
    return read([*(f"{json.dumps(record)}\n" for record in records), half])


ENDED = (
    {"count": 4},
    {"test": "tests/test_random.py::test_orders[1]"},
    {"test": "tests/test_random.py::test_orders[1]", "outcome": "passed", "phase": "setup", "seconds": 1.2},
    {"test": "tests/test_random.py::test_orders[1]", "outcome": "passed", "phase": "call", "seconds": 60.0},
    {"test": "tests/test_random.py::test_orders[1]", "outcome": "passed", "phase": "teardown", "seconds": 0.0},
    {"test": "tests/test_random.py::test_orders[2]"},
    {"test": "tests/test_random.py::test_orders[2]", "outcome": "failed", "phase": "call", "seconds": 2.4},
    {"test": "tests/test_random.py::test_orders[2]", "outcome": "passed", "phase": "teardown", "seconds": 0.0},
    {"test": "tests/test_kills.py::test_kills"},
    {"test": "tests/test_kills.py::test_kills", "outcome": "skipped", "phase": "setup", "seconds": 0.0},
    {"test": "tests/test_kills.py::test_kills", "outcome": "passed", "phase": "teardown", "seconds": 0.0},
    {"test": "tests/test_kills.py::test_more"},
    {"test": "tests/test_kills.py::test_more", "outcome": "passed", "phase": "setup", "seconds": 0.0},
)


def test_summary_of_the_proofs_counts_by_file_and_names_failures_and_what_did_not_end():
    said = summary("today", proved(*ENDED), {"KILLS": "200"})
    assert "today: 1 failed, 1 passed, 1 skipped" in said
    assert "KILLS=200" in said
    assert said.splitlines()[-2:] == [
        "FAILED tests/test_random.py::test_orders[2]",
        "NOT ENDED tests/test_kills.py::test_more",
    ]
    (row,) = [row for row in said.splitlines() if row.startswith("tests/test_random.py ")]
    assert row.split() == ["tests/test_random.py", "1", "failed,", "1", "passed", "64", "s"]


@pytest.mark.parametrize(
    ("code", "says"),
    [(None, "NOT FINISHED: 3 of 4 tests"), (-9, "NOT FINISHED: 3 of 4 tests, exit code -9"), (1, ""), (0, "")],
)
def test_proofs_that_did_not_finish_say_so_in_their_title(code: int | None, says: str):
    began = datetime(2026, 11, 27, 18, tzinfo=UTC)
    title = Run(began, "abc", 1.5).title(proved(*ENDED), code, began + timedelta(minutes=9))
    assert title == "2026-11-27, commit abc, 9 minutes, load 1.5 before them" + (f", {says}" if says else "")


def test_progress_of_the_proofs_names_the_test_that_runs_and_survives_half_a_record():
    began = datetime(2026, 11, 27, 18, tzinfo=UTC)
    said = progress(proved(*ENDED, half='{"test": "te'), Run(began, "abc", 1.5), began + timedelta(minutes=9))
    assert said == "9 minutes, of 4 tests 1 failed, 1 passed, 1 skipped; now tests/test_kills.py::test_more"
