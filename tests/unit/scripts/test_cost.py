"""The cost model calculates right, and states what it assumes."""

import io
import json
import os
import sys
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest

from bench.order_budget import GOALS
from scripts.cost import prices, storage
from scripts.cost.__main__ import main, parsed
from scripts.cost.capacity import of_instance
from scripts.cost.compute import running_instances
from scripts.cost.deployed import Options
from scripts.cost.instances import MONTH_S
from scripts.cost.logs import logged_gb, telemetry_gb
from scripts.cost.model import bill
from scripts.cost.pages import PAGES, made
from scripts.cost.report import report
from scripts.cost.scenario import BACKENDS, DEFAULT_PARTITIONS, PLANS, Scenario, before
from scripts.cost.task_hub import idle_requests_per_minute
from scripts.cost.telemetry import CALL, QUIET_CALL, READ_LINES, RECORDED_COUNT, Items, total
from scripts.cost.workload import SCHEDULED_RUNS, Workload
from scripts.host_json import host_json
from tests.support.shop import ROOT
from tests.support.templates.bicep import evaluate, of_type

MILLION = Scenario(orders=1_000_000)
VISITS = 43_800
"""Of the test from outside, five places every five minutes."""

EP1_MONTH = 730 * (0.173 + 3.5 * 0.0123)
RECORDED_ORDER = ROOT / "tests" / "integration" / "infra" / "recorded" / "order.jsonl"


def dollars(scenario: Scenario, item: str) -> float | None:
    (line,) = [line for line in bill(scenario) if line.item == item]
    return line.dollars


def test_every_answer_is_one_more_replay():
    assert Workload(activities=3, entity_calls=2, events=1, timers=1).episodes == 8


def test_premium_costs_its_instances_whatever_the_load():
    few, many = (replace(MILLION, plan="EP1", orders=orders) for orders in (1, 1_500_000))
    assert dollars(few, "instances") == dollars(many, "instances") == pytest.approx(EP1_MONTH)
    assert dollars(replace(few, instances=2.5), "instances") == pytest.approx(2.5 * EP1_MONTH)


def test_premium_bills_the_instance_that_it_keeps_warm_beside_those_that_work():
    assert dollars(replace(MILLION, plan="EP1"), "pre-warmed instance") == pytest.approx(EP1_MONTH)
    for other in (replace(MILLION, plan="P1v3"), replace(MILLION, plan="EP1", instances=2.5)):
        assert "pre-warmed instance" not in {line.item for line in bill(other)}, "a measured average holds it already"


def test_consumption_is_free_up_to_its_grant_and_linear_beyond():
    assert dollars(replace(MILLION, plan="Y1", orders=10_000), "executions") == 0
    paid = 1_000_000 * Workload().executions + SCHEDULED_RUNS + VISITS - 1_000_000
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
    kept = telemetry_gb(replace(MILLION, traced_share=0.0)) / telemetry_gb(MILLION)
    read = sent.facts + sent.requests + sent.lines * READ_LINES
    assert kept == pytest.approx(read / sent.number, abs=0.04), "metrics, timers and visits stay"


def test_log_lines_that_a_diagnostic_setting_repeats_are_paid_twice():
    sent = Workload().telemetry
    twice = telemetry_gb(replace(MILLION, repeats_logs=True)) / telemetry_gb(MILLION)
    assert twice == pytest.approx(1 + (sent.lines + sent.facts) / sent.number, abs=0.04)


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
        ("--memory", "2048", "Y1", "1536 or less"),
        ("--partitions", "0", "FC1", "from 1 to 16"),
        ("--partitions", "17", "EP1", "from 1 to 16"),
        ("--orders", "9" * 400, "FC1", "12 digits"),
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
    watched = replace(load, carrier_polls=10, tracking_changes=3, reports=0, recorded_reports=0, silent_polls=0)
    reported, polled = load.life_requests.number - order, watched.life_requests.number - order
    decision = (ROOT / "docs" / "adr" / "0014-parcels-are-reported.md").read_text()
    assert f"costs {reported:.0f} storage requests and no durable work, where ten polls cost {polled:.0f}" in decision
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
        (["--backup"], "copies' traffic"),
        (["--mail"], "mails"),
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
    logged = logged_gb(MILLION) * 86_400 / MONTH_S
    assert f"These logs are {logged:.1f} GB a day, {logged / 50:.0%} of it." in said
    many = report(replace(MILLION, orders=20_000_000)).replace("\n", " ")
    assert "GB a day, more than that: raise dailyCapGb." in many


def test_report_says_when_the_orders_are_more_than_the_deployment_takes():
    many = replace(MILLION, orders=100_000_000)
    assert "more than one deployment takes (32: orchestrators on 4 instances" in report(many).replace("\n", " ")
    for enough in (MILLION, replace(many, partitions=16)):
        assert "more than one deployment" not in report(enough).replace("\n", " ")


def test_report_fits_the_terminal_and_what_it_can_print(monkeypatch):
    assert max(map(len, report(MILLION, 80).splitlines())) <= 80
    assert max(map(len, report(MILLION, 500).splitlines())) <= 132
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    plain = report(MILLION)
    assert plain.isascii()
    assert "#" * 24 in plain


def test_command_ends_without_a_word_when_its_reader_has_left(monkeypatch, capfd):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as left:
        monkeypatch.setattr(sys, "stdout", left)
        monkeypatch.setattr(sys, "argv", ["scripts.cost", "--orders", "1"])
        assert main() == 0
    assert capfd.readouterr().err == ""


def test_partitions_mean_nothing_to_other_back_ends(capsys):
    with pytest.raises(SystemExit):
        parsed(["--partitions", "8", "--backend", "DurableTaskScheduler"])
    assert "only with AzureStorage" in capsys.readouterr().err
    assert parsed(["--partitions", "8"]).partitions == 8


def test_default_partitions_are_those_of_host_json():
    assert (
        host_json("FC1", "AzureStorage")["extensions"]["durableTask"]["storageProvider"]["partitionCount"]
        == DEFAULT_PARTITIONS
    )


def test_idle_app_polls_what_was_recorded_and_each_partition_once_however_many_instances_there_are():
    assert idle_requests_per_minute(replace(MILLION, orders=0)) == 143
    assert idle_requests_per_minute(replace(MILLION, orders=0, partitions=16)) == 143 + 12 * 6
    one, ten = (idle_requests_per_minute(Scenario(orders=0, plan="P1v3", instances=count)) for count in (1, 10))
    assert ten - one == 9 * (143 - 30 + 12), (
        "of each further instance: its own, and the work-item queue every five seconds"
    )
    assert idle_requests_per_minute(replace(MILLION, orders=0, backend="DurableTaskScheduler")) == 113


def test_short_runs_of_y1_count_for_a_tenth_of_a_second():
    short, longer = (
        dollars(replace(MILLION, plan="Y1", memory_mb=512, workload=Workload(report_s=seconds)), "compute")
        for seconds in (0.01, 0.1)
    )
    assert short == longer


def test_free_executions_of_flex_are_those_on_demand_alone():
    load = Workload()
    few = Scenario(orders=5_000)
    durable = 5_000 * load.durable_executions
    on_demand = 5_000 * load.executions - durable + SCHEDULED_RUNS + VISITS
    assert on_demand < prices.FC1_FREE_EXECUTIONS
    assert dollars(few, "executions") == pytest.approx(durable * prices.FC1_EXECUTION.dollars)
    more = Scenario(orders=10_000, always_ready=0)
    rest = 10_000 * load.executions + SCHEDULED_RUNS + VISITS - prices.FC1_FREE_EXECUTIONS
    assert dollars(more, "executions") == pytest.approx(rest * prices.FC1_EXECUTION.dollars)


@pytest.mark.parametrize("plan", ["FC1", "Y1"])
def test_who_asks_for_the_health_of_the_app_is_paid_as_a_caller(plan):
    idle = Scenario(orders=0, plan=plan)
    (line,) = [line for line in bill(idle) if line.item == "executions"]
    assert line.quantity.startswith(f"{SCHEDULED_RUNS + VISITS:,} executions")
    behind = replace(idle, options=Options(front_door="Standard"))
    assert telemetry_gb(behind) > telemetry_gb(idle), "Front Door's places ask as well"
    if plan == "FC1":
        assert (dollars(behind, "compute on demand") or 0) > 10 * (dollars(idle, "compute on demand") or 0)


def test_orders_are_stored_and_copied_for_as_long_as_the_template_keeps_them():
    months = 730 * 86_400 / MONTH_S
    stored_gb = 1_000_000 * months * storage.STORED_KB / 1e6
    assert dollars(MILLION, "stored orders") == pytest.approx(stored_gb * 0.045)
    copied = replace(MILLION, options=Options(backup=True))
    assert dollars(copied, "copies in another region") == pytest.approx(stored_gb * 14 * 0.045, rel=0.1)
    assert dollars(copied, "copies' traffic") == pytest.approx(stored_gb * 30 * 0.02)


def test_database_costs_at_least_what_never_pausing_costs():
    assert dollars(Scenario(orders=0, plan="EP1", backend="MSSQL"), "database, at its least") == pytest.approx(
        730 * 0.5 * 0.5218 + 32 * 0.115
    )


def test_first_gigabytes_of_logs_are_free_once():
    few = Scenario(orders=1_000)
    assert telemetry_gb(few) > prices.MAX_FREE_LOG_GB
    both = (dollars(few, "telemetry") or 0) + (dollars(few, "log of queue writes") or 0)
    assert both == pytest.approx((logged_gb(few) - prices.MAX_FREE_LOG_GB) * prices.LOG_GB.dollars)
    none = Scenario(orders=1_000, plan="P0v3")
    assert telemetry_gb(none) < prices.MAX_FREE_LOG_GB
    assert dollars(none, "telemetry") == 0
