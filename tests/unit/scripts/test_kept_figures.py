"""The pages of figures that were measured: made of their data, and without anything of the machine that they were measured on."""

from xml.etree import ElementTree

from bench.figures import FIGURES
from bench.history import page, runs
from scripts.prove import summary
from tests.support.shop import ROOT

RUN = {"day": "2026-11-27", "commit": "abc", "machine": "Linux", "load": 1.5}
PROVED = """<testsuite>
  <testcase classname="tests.invariants.test_random" name="test_orders[1]" time="61.2"/>
  <testcase classname="tests.invariants.test_random" name="test_orders[2]" time="2.4">
    <failure message="/home/x">/home/x</failure></testcase>
  <testcase classname="tests.invariants.test_kills" name="test_kills" time="3"><skipped/></testcase>
</testsuite>"""


def test_page_of_the_history_is_made_of_its_data():
    assert (ROOT / "bench" / "history.md").read_text(encoding="utf-8") == page(runs()), (
        "run `python -m bench.history --page`"
    )


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


def test_summary_of_the_proofs_counts_by_file_and_names_failures_without_their_text():
    said = summary("today", ElementTree.fromstring(PROVED).iter("testcase"), {"KILLS": "200"})
    assert "today: 1 failed, 1 passed, 1 skipped" in said
    assert "KILLS=200" in said
    assert "FAILED tests.invariants.test_random::test_orders[2]" in said
    assert "/home" not in said
    (row,) = [row for row in said.splitlines() if row.startswith("tests.invariants.test_random ")]
    assert row.split() == ["tests.invariants.test_random", "1", "failed,", "1", "passed", "63", "s"]
