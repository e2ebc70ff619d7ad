"""The queries find what they are for in what the real host sends, and nothing in a plain order."""

import json
import re
from datetime import timedelta

import pytest

from tests.integration.infra.recorded_rows import QUERIES, RECORDED, TABLES, rows_found
from tests.support.templates.bicep import INFRA

RECORDINGS = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
# Alert rules by the recording that raises them; none raises the others, for which test_queries_on_rows.py has rows.
RAISED_BY = {
    "needs_attention": {"dead-letter-open"},
    "dead_letters": {"dead-letter-open"},
    "non_determinism": {"orchestrator-changed-under-a-waiting-order"},
    "worker_died": {"worker-dies"},
    "newer_version": {"event-for-an-instance-of-a-newer-version"},
    "poison_messages": {"poison-message"},
}


def reads_recorded_tables(query: str) -> bool:
    """Whether there are recorded rows of every table that a query reads."""
    text = (QUERIES / f"{query}.kql").read_text(encoding="utf-8")
    return not any(re.search(rf"\b{table}\b", text) for table in TABLES if not table.startswith("App"))


def rules() -> set[str]:
    return set(re.findall(r"^    name: '(\w+)'$", (INFRA / "modules/alert_rules.bicep").read_text(), re.M))


# What is missing raises these: test_queries_on_rows.py has the rows of a good day for them.
OF_ABSENCE = {"host_silent", "backup_late"}


@pytest.mark.parametrize("rule", sorted(name for name in rules() - OF_ABSENCE if reads_recorded_tables(name)))
def test_a_rule_is_raised_by_what_it_is_for_and_by_nothing_else(rule: str) -> None:
    raised_by = {recording for recording in RECORDINGS if rows_found(rule, recording)}
    assert raised_by == RAISED_BY.get(rule, set())


@pytest.mark.parametrize(
    ("rule", "recording", "copies"),
    [
        ("failed_orchestrations", "orchestrator-raises", 20),
        ("failed_orchestrations", "orchestrator-changed-under-a-waiting-order", 20),
        ("failed_orchestrations", "worker-dies", 7),
        ("activity_failures", "worker-dies", 4),
    ],
)
def test_a_rate_is_raised_by_many(rule: str, recording: str, copies: int) -> None:
    assert rows_found(rule, recording, copies=copies)
    assert not rows_found(rule, "order", copies=copies)


def test_one_failure_among_many_orders_is_no_rate() -> None:
    assert not rows_found("failed_orchestrations", *["order"] * 60, "orchestrator-raises")


def test_an_order_that_ended_is_not_stuck_and_one_that_did_not_is() -> None:
    long_ago = timedelta(hours=1)
    assert not rows_found("stuck_orders", "order", age=long_ago)
    assert not rows_found("stuck_orders", "dead-letter-open", age=long_ago), "it waits for an operator, not for time"
    text = (QUERIES / "stuck_orders.kql").read_text(encoding="utf-8")
    assert "needs_attention" in text


def test_a_payment_that_differs_is_one_row_however_often_it_was_found() -> None:
    found = {
        "drift_id": "a" * 40,
        "kind": "charged_twice",
        "provider": "stripe",
        "payment_id": "pi_1",
        "order_id": "a-1",
        "currency": "usd",
        "held_cents": 0,
        "captured_cents": 2_000,
        "refunded_cents": 0,
    }
    other = {**found, "drift_id": "b" * 40, "kind": "refunded_too_much", "payment_id": "ada/a-2", "provider": "invoice"}
    lines = [f"payment drift {json.dumps(each)}" for each in (found, found, other)]
    rows = rows_found("payment_drift", "order", lines=lines)
    assert sorted((row["what"], row["paymentId"], row["captured"]) for row in rows) == [
        ("charged_twice", "pi_1", 2_000),
        ("refunded_too_much", "ada/a-2", 2_000),
    ]
    assert not rows_found("payment_drift", lines=lines, slot="-staging")


def test_a_provider_that_cannot_be_read_once_is_no_alarm_and_twice_it_is() -> None:
    line = "payment reconciliation failed stripe: Stripe does not list payments (unknown)"
    assert not rows_found("payments_unread", "order", lines=[line])
    [row] = rows_found("payments_unread", "order", lines=[line, line])
    assert (row["provider"], row["failures"]) == ("stripe", 2)
    assert not rows_found("payments_unread", lines=[line, line], slot="-staging")


def test_a_silent_host_is_one_without_requests() -> None:
    assert rows_found("host_silent")
    assert not rows_found("host_silent", "order")


@pytest.mark.parametrize("rule", RAISED_BY)
def test_the_staging_slot_raises_nothing(rule: str) -> None:
    assert not rows_found(rule, *RAISED_BY[rule], slot="-staging")


@pytest.mark.parametrize(
    "query",
    [
        "orders_by_status",
        "order_endings",
        "orchestration_outcomes",
        "orchestration_latency",
        "queue_age",
        "step_times",
        "retries",
        "money",
        "trace_steps",
        "instances",
    ],
)
def test_a_chart_shows_a_plain_order(query: str) -> None:
    assert rows_found(query, "order")


@pytest.mark.parametrize(
    ("query", "recording"),
    [
        ("availability", "dead-letter-resolved"),
        ("framework_trouble", "worker-dies"),
        ("orchestration_failed", "orchestrator-raises"),
        ("orchestration_failed", "orchestrator-changed-under-a-waiting-order"),
        ("orchestration_failed", "worker-dies"),
        ("step_failures", "dead-letter-open"),
    ],
)
def test_a_chart_shows_what_it_is_for(query: str, recording: str) -> None:
    assert rows_found(query, recording)


@pytest.mark.parametrize("query", ["framework_trouble", "orchestration_failed", "step_failures"])
def test_a_chart_of_failures_is_empty_for_a_plain_order(query: str) -> None:
    assert not rows_found(query, "order")


def test_a_failure_is_shown_with_its_reason() -> None:
    (row,) = rows_found("orchestration_failed", "orchestrator-raises")
    assert row["fn"] == "process_order"
    assert "planted failure" in row["reason"]


def test_waiting_and_latency_are_of_the_instances_of_the_recording() -> None:
    (row,) = rows_found("orchestration_latency", "order")
    assert (row["fn"], row["orchestrations"]) == ("process_order", 1)
    assert {"authorise_payment", "buy_label"} <= {row["fn"] for row in rows_found("queue_age", "order")}
