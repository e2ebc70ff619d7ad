"""docs/operating.md has a paragraph for each alert: its query, its causes, the console's page and what to do."""

import re

import pytest

from console.web.page import MENU
from tests.support.templates.bicep import ROOT, evaluate, of_type, properties
from tests.support.templates.combinations import PLAIN, WITH_EVERY_ALERT

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
PARAGRAPHS = dict(re.findall(r"^#### (.+)\n\n((?:.+\n)+)", PAGE, re.M))
PREFIX = "orders-test-"
EVERY_PLAN = [evaluate(given) for given in PLAIN if given["plan"] in ("FC1", "EP1")]


def of_alert(text: str) -> list[str]:
    """Return what a paragraph of an alert lacks."""
    wanted = {
        "its causes": r"\*\*Causes:\*\*\s\S",
        "the console": r"\*\*Console:\*\*\s\S",
        "what to do": r"\*\*Do:\*\*\s\S",
    }
    return [what for what, pattern in wanted.items() if not re.search(pattern, text)]


LOG_RULES = of_type(evaluate(WITH_EVERY_ALERT), "Microsoft.Insights/scheduledQueryRules")
METRIC_RULES = {
    str(rule["name"]).removeprefix(PREFIX): properties(rule)["severity"]
    for deployment in EVERY_PLAN
    for rule in of_type(deployment, "Microsoft.Insights/metricAlerts")
}


@pytest.mark.parametrize("rule", LOG_RULES, ids=lambda rule: str(rule["name"]))
def test_alert_on_logs_has_its_paragraph(rule):
    text = PARAGRAPHS[properties(rule)["displayName"]]
    name = str(rule["name"]).removeprefix(PREFIX).replace("-", "_")
    assert f"(../infra/queries/{name}.kql)" in text
    assert f"Severity {properties(rule)['severity']}," in text
    assert of_alert(text) == []


@pytest.mark.parametrize("name", METRIC_RULES)
def test_alert_on_metrics_has_its_paragraph(name):
    [text] = [text for text in PARAGRAPHS.values() if f"alert `{name}`" in text]
    assert f"Severity {METRIC_RULES[name]}," in text
    assert of_alert(text) == []


def test_no_paragraph_is_of_an_alert_that_is_gone():
    assert len(PARAGRAPHS) == len(LOG_RULES) + len(METRIC_RULES)


def test_each_page_of_the_console_that_is_named_is_in_its_menu():
    of_console = re.findall(r"\*\*Console:\*\*(.*?)\*\*Do:", PAGE, re.S)
    named = {name for text in of_console for name in re.findall(r"\*([^*]+)\*", text)}
    assert named <= set(MENU)
    assert len(of_console) == len(PARAGRAPHS)


def test_each_drill_of_the_page_is_run():
    drills = (ROOT / "tests/integration/drills/test_drills.py").read_text(encoding="utf-8")
    headings = re.findall(r"^### (.+)$", PAGE.partition("## Drills")[2], re.M)
    assert len(headings) == len(re.findall(r"^async def test_", drills, re.M)) == 6
