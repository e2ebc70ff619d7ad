"""The cost model calculates right, and states what it assumes."""

import json
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest

from bench.order_budget import GOALS
from scripts.cost import prices, storage
from scripts.cost.__main__ import parsed
from scripts.cost.capacity import of_instance
from scripts.cost.deployed import Options
from scripts.cost.instances import MONTH_S
from scripts.cost.model import BACKENDS, PLANS, Scenario, before, bill, running_instances
from scripts.cost.pages import PAGES, made
from scripts.cost.report import report
from scripts.cost.telemetry import CALL, QUIET_CALL, READ_LINES, RECORDED_COUNT, Items, total
from scripts.cost.workload import SCHEDULED_RUNS, Workload
from tests.support.shop import ROOT
from tests.support.templates.bicep import evaluate, of_type

MILLION = Scenario(orders=1_000_000)
RECORDED_ORDER = ROOT / "tests" / "integration" / "infra" / "recorded" / "order.jsonl"


def dollars(scenario: Scenario, item: str) -> float | None:
    (line,) = [line for line in bill(scenario) if line.item == item]
    return line.dollars


def test_every_answer_is_one_more_replay():
    assert Workload(activities=3, entity_calls=2, events=1, timers=1).episodes == 8


def test_premium_costs_its_instances_whatever_the_load():
    few, many = (replace(MILLION, plan="EP1", orders=orders) for orders in (1, 1_500_000))
    assert dollars(few, "instances") == dollars(many, "instances") == pytest.approx(730 * (0.173 + 3.5 * 0.0123))
    assert dollars(replace(few, instances=2.5), "instances") == pytest.approx(2.5 * 730 * (0.173 + 3.5 * 0.0123))


def test_consumption_is_free_up_to_its_grant_and_linear_beyond():
    assert dollars(replace(MILLION, plan="Y1", orders=10_000), "executions") == 0
    paid = 1_000_000 * Workload().executions + SCHEDULED_RUNS - 1_000_000
    assert dollars(replace(MILLION, plan="Y1"), "executions") == pytest.approx(paid * 0.2e-6)


def test_memory_of_consumption_counts_in_steps_of_128_mb():
    assert dollars(replace(MILLION, plan="Y1", memory_mb=129), "compute") == dollars(
        replace(MILLION, plan="Y1", memory_mb=256), "compute"
    )


def test_small_instances_make_flex_cheaper_in_proportion():
    big, small = (dollars(replace(MILLION, memory_mb=memory), "always ready") for memory in (2048, 512))
    assert big == pytest.approx(4 * (small or 0))


def test_bursts_that_share_instances_cost_less_than_an_even_trickle():
    even = dollars(MILLION, "compute on demand") or 0
    burst = dollars(replace(MILLION, concurrency=16), "compute on demand") or 0
    assert burst < even


def test_always_ready_instances_cost_a_month_of_work_at_most_and_others_do_the_rest():
    busy = replace(MILLION, orders=100_000_000)
    month = 730 * 3600 * 2.0
    assert dollars(busy, "always ready") == pytest.approx(
        month * (prices.FC1_READY_BASE.dollars + prices.FC1_READY_BUSY.dollars)
    )
    busier = replace(busy, orders=200_000_000)
    assert dollars(busier, "compute on demand") == pytest.approx(2 * (dollars(busy, "compute on demand") or 0), rel=0.1)


@pytest.mark.parametrize("plan", [plan for plan in PLANS if plan != "FC1"])
def test_more_orders_than_one_instance_takes_are_taken_by_as_many_as_the_capacity_says(plan):
    one, many = (
        Scenario(orders=round(times * of_instance(plan).orders_per_s * MONTH_S), plan=plan) for times in (0.9, 9.9)
    )
    assert running_instances(one) == 1
    assert running_instances(many) == pytest.approx(9.9 if plan == "Y1" else 10)


def test_more_orders_than_one_instance_of_flex_takes_are_taken_by_more():
    many = Scenario(orders=round(10 * of_instance("FC1").orders_per_s * MONTH_S))
    assert running_instances(many) > 4, "of those that run orchestrators and activities; HTTP has its own"


def test_recorded_order_sends_the_items_that_the_model_counts():
    recorded = [json.loads(line) for line in RECORDED_ORDER.read_text().splitlines()]
    lines = [item for item in recorded if item["type"] == "AppTraces"]
    facts = [item for item in lines if item["message"].startswith('{"evt"')]
    kinds = Counter(item["type"] for item in recorded)
    first_look = Workload(activities=5, carrier_polls=1, tracking_changes=1, reports=0)  # as the order was then
    # What the recording leaves out: the order's request, its mail, the client's polls, and a line of the app.
    around = total(QUIET_CALL.times(2), CALL.times(first_look.polls), Items(facts=1))
    sent = first_look.telemetry
    assert len(recorded) == RECORDED_COUNT
    assert sent.lines - around.lines == pytest.approx(len(lines) - len(facts))
    assert sent.facts - around.facts == len(facts)
    assert sent.dependencies == kinds["AppDependencies"]
    assert sent.requests - around.requests == kinds["AppRequests"] + 1, "the tracking has not ended there"


def test_telemetry_of_orders_that_are_not_traced_is_what_alerts_read():
    sent = Workload().telemetry
    kept = (dollars(replace(MILLION, traced_share=0.0), "telemetry") or 0) / (dollars(MILLION, "telemetry") or 1)
    read = sent.facts + sent.requests + sent.lines * READ_LINES
    assert kept == pytest.approx(read / sent.number, abs=0.02)


def test_log_lines_that_a_diagnostic_setting_repeats_are_paid_twice():
    sent = Workload().telemetry
    twice = (dollars(replace(MILLION, repeats_logs=True), "telemetry") or 0) / (dollars(MILLION, "telemetry") or 1)
    assert twice == pytest.approx(1 + (sent.lines + sent.facts) / sent.number, abs=0.02)


def test_longest_bar_is_that_of_the_largest_amount():
    bars = {line.split("$")[0].strip(): line.count("█") for line in report(MILLION).splitlines() if "█" in line}
    largest = max(bill(MILLION), key=lambda line: line.dollars or 0)
    assert max(bars, key=lambda item: bars[item]) == largest.item


def test_measured_transactions_replace_the_model():
    measured = parsed(["--queue-ops", "30", "--table-ops", "20"])
    assert dollars(measured, "queue operations") == pytest.approx(30e6 * 0.004e-4)
    assert dollars(measured, "table operations") == pytest.approx(20e6 * 0.00036e-4)
    assert "(measured)" in report(measured)


def test_an_item_without_a_price_is_unknown_and_not_free():
    scheduler = replace(MILLION, backend="DurableTaskScheduler")
    assert dollars(scheduler, "scheduler") is None
    assert "without scheduler" in report(scheduler)


@pytest.mark.parametrize(
    ("plan", "backend"),
    [each for each in product(PLANS, BACKENDS) if each[1] != "MSSQL" or each[0] not in ("FC1", "Y1")],
)
def test_report_names_its_assumptions_and_the_date_of_its_prices(plan, backend):
    text = report(replace(MILLION, plan=plan, backend=backend))
    assert prices.AS_OF in text
    assert "3 activities" in text
    assert f"{plan} with {backend}" in text


@pytest.mark.parametrize(
    ("option", "value", "plan", "says"),
    [
        ("--orders", "-1", "FC1", "whole number"),
        ("--orders", "many", "FC1", "whole number"),
        ("--orders", "²", "FC1", "whole number"),
        ("--plan", "P1", "FC1", "invalid choice"),
        ("--concurrency", "0", "FC1", "1 or more"),
        ("--instances", "0", "EP1", "1 or more"),
        ("--instances", "nan", "EP1", "1 or more"),
        ("--instances", "inf", "P0v3", "1 or more"),
        ("--instances", "3", "FC1", "only with EP1, EP2, EP3, P0v3, P1v3"),
        ("--always-ready", "0", "EP1", "only with FC1"),
        ("--concurrency", "8", "Y1", "only with FC1"),
        ("--memory", "4096", "EP2", "only with FC1, Y1"),
    ],
)
def test_wrong_argument_is_refused(option, value, plan, says, capsys):
    with pytest.raises(SystemExit):
        parsed(["--plan", plan, option, value])
    said = capsys.readouterr().err
    assert f"argument {option}: " in said
    assert says in said


def test_default_options_of_flex_are_those_of_a_scenario():
    chosen = parsed([])
    assert (chosen.memory_mb, chosen.always_ready) == (Scenario.memory_mb, Scenario.always_ready)
    assert parsed(["--always-ready", "0"]).always_ready == 0


def test_memory_that_fc1_does_not_sell_is_refused_and_what_it_sells_is_named(capsys):
    with pytest.raises(SystemExit):
        parsed(["--memory", "3"])
    assert "--memory: must be one of 512, 2048, 4096" in capsys.readouterr().err
    assert parsed(["--memory", "256", "--plan", "Y1"]).memory_mb == 256


def test_a_parcel_that_is_not_watched_costs_its_reports_alone():
    load = parsed([]).workload
    assert (load.tracking_activities, load.tracking_episodes, load.executions) == (0, 0, 10 + 3 + 10 + 1)


def test_documented_budget_of_an_order_is_what_the_model_counts():
    load = Workload()
    order = storage.total(load.hub_requests, storage.ORDER).number
    row = f"| {order:.0f} ({load.hub_requests.number:.0f} of them the extension's) | {load.life_requests.number:.0f} | 85 |"
    page = (ROOT / "bench" / "README.md").read_text()
    assert row in page
    alone = replace(load, polls=0, reports=0).telemetry.number
    items = replace(load, polls=0).telemetry.number
    assert f"| {alone:.0f} | {items:.0f} | {GOALS['telemetry items']} |" in page
    assert items <= GOALS["telemetry items"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_of_the_pages_are_what_the_calculator_says(page):
    text = page.read_text(encoding="utf-8")
    assert text == made(text, PAGES[page]), "run `python -m scripts.cost.pages`"


def test_every_alert_and_test_of_the_template_is_on_the_bill():
    template = evaluate({"plan": "EP1", "frontDoor": "Premium"})
    rules = of_type(template, "Microsoft.Insights/scheduledQueryRules")
    alerts = {line.item: line for line in bill(replace(MILLION, plan="EP1", options=Options(front_door="Premium")))}
    assert alerts["alert rules"].quantity == f"{len(rules)} on logs, 3 on metrics"
    rare = sum(each["properties"]["evaluationFrequency"] != "PT5M" for each in rules)
    assert alerts["alert rules"].dollars == pytest.approx(1.5 * (len(rules) - rare) + 0.5 * rare + 3 * 0.1)
    assert alerts["test from outside"].quantity == "43,800 runs"


@pytest.mark.parametrize(
    ("arguments", "item"),
    [
        (["--front-door", "Standard"], "Front Door Standard"),
        (["--front-door", "Premium"], "Front Door's traffic"),
        (["--private"], "private endpoints"),
        (["--private"], "private endpoints' traffic"),
        (["--private", "--nat-gateway"], "NAT gateway"),
        (["--private", "--nat-gateway"], "NAT gateway's traffic"),
        (["--backup"], "copies in another region"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_an_option_is_on_the_bill_when_it_is_chosen(arguments, item):
    assert item not in {line.item for line in bill(parsed([]))}
    assert (dollars(parsed(arguments), item) or 0) > 0


def test_options_that_the_template_refuses_are_refused_in_its_words(capsys):
    with pytest.raises(SystemExit):
        parsed(["--nat-gateway"])
    assert "useNatGateway needs usePrivateNetworking" in capsys.readouterr().err


def test_report_shows_what_the_same_month_cost_with_version_1_0():
    old = sum(line.dollars or 0 for line in bill(before(MILLION)))
    (total,) = [line for line in report(MILLION).splitlines() if line.split()[:1] == ["total"]]
    assert f"${old:,.2f}" in total
    assert old > 2 * sum(line.dollars or 0 for line in bill(MILLION))


def test_report_says_what_logs_cost_at_their_daily_cap_and_whether_these_are_beyond_it():
    said = report(MILLION).replace("\n", " ")
    assert f"At the daily cap of 50 GB, logs cost ${50 * MONTH_S / 86_400 * 2.30:,.2f} a month" in said
    logged = sum(dollars(MILLION, item) or 0 for item in ("telemetry", "log of queue writes")) / 2.30 * 86_400 / MONTH_S
    assert f"These logs are {logged:.1f} GB a day, {logged / 50:.0%} of it." in said
    many = report(replace(MILLION, orders=20_000_000)).replace("\n", " ")
    assert "GB a day, more than that: raise dailyCapGb." in many
