"""Each alert is raised by rows as their emitters write them, and none by a good day.

What the app writes is written by its own code (`said`), what the host writes is recorded or has its words from the host's source,
and what Azure writes has the columns of its documentation (`documented_rows`).
"""

import ast
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from domain.orders.backlog import Backlog
from domain.orders.order import OrderStatus
from domain.payments.reconciliation import PaymentDriftKind
from domain.queues import FILE_MANIFESTS
from domain.shipping.tracking import ParcelStatus
from local_host.bindings.ncrontab import parse_schedule
from local_host.testing import app_index
from services.telemetry import emit, emit_depth
from tests.integration.infra import documented_rows as azure
from tests.integration.infra.recorded_rows import QUERIES, Item, Line, rows_found
from tests.integration.infra.said import label_drift, order, parcel_end, payment_drift, said, silent, step
from tests.support.shop import ROOT
from tests.support.templates.bicep import evaluate, of_type, properties
from tests.support.templates.combinations import WITH_EVERY_ALERT

S, M, H, D = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ACCEPTED, COMPLETED, WAITS = OrderStatus.ACCEPTED, OrderStatus.COMPLETED, OrderStatus.AWAITING_APPROVAL

Rows = dict[str, Any]


def lines(*groups: list[Line]) -> Rows:
    return {"lines": [line for group in groups for line in group]}


def items(*groups: Item | list[Item]) -> Rows:
    return {"items": [item for group in groups for item in (group if isinstance(group, list) else [group])]}


def warned(text: str, age: timedelta = timedelta()) -> Rows:
    return {"lines": [Line(text, age, "Warning")]}


def late_orders(count: int, accepted: timedelta) -> list[Line]:
    return [line for n in range(count) for line in order(f"l-{n}", {ACCEPTED: accepted})]


def quick_orders(count: int, accepted: timedelta) -> list[Line]:
    return [line for n in range(count) for line in order(f"q-{n}", {ACCEPTED: accepted, COMPLETED: accepted - 20 * S})]


def intake(state: str, age: timedelta) -> list[Line]:
    return said(age, emit, "order.intake", state=state, limit_s=600, **Backlog()._asdict())


def poisoned(
    messages: int, age: timedelta = timedelta(), queue: str = "orders-in-poison", is_due: bool = True
) -> list[Line]:
    return said(age, emit_depth, queue, messages, is_due)


def blocked(times: int, action: str = "Block") -> list[Item]:
    return [azure.firewall_line(request, action) for request in range(times)]


def backed_up(hours: int | None, age: timedelta = timedelta()) -> list[Line]:
    return said(age, emit, "backup.state", day="20261127", hours=hours)


def timers(otherwise: timedelta = timedelta(), **newest: timedelta | None) -> list[list[Item]]:
    """Return runs of every timer of an app that has been there for two days, the newest as long ago as stated."""
    begun = [function.name for function in app_index(ROOT).with_trigger("timerTrigger")]
    ages = {name: newest.get(name, otherwise) for name in begun}
    return [
        azure.by_timer("recover_runs", age=47 * H),
        *[azure.by_timer(name, age=age) for name, age in ages.items() if age is not None],
    ]


def errors_logged() -> set[str]:
    """Return the texts that the services log as errors: the constants in their calls."""
    calls = (
        node
        for path in (ROOT / "services").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_log.error", "_log.exception")
    )
    texts = (call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant))
    return {text for text in texts if isinstance(text, str)}


OTHER_ALERT = {
    "%s is dead-lettered (%s): %s": "dead_letters",
    "%s needs attention: %s %s settles it.": "needs_attention",
    "order %s: %s": "dead_letters",
    "%s: %s": "the test from outside: a check of the health page fails",
    "no spans are made: %s": "none: traces are missing, and nothing else",
}
"""Errors that another alert is for."""


def left_out_lines() -> list[str]:
    """Return the lines about what the app could not read or look after, as it writes them."""
    texts = errors_logged() - OTHER_ALERT.keys()
    return [f"{re.sub('%[sdr]', '7', text)}\nTraceback (most recent call last):" for text in sorted(texts)]


UNANSWERED = [line for n in range(6) for line in step("authorise_payment", "unknown", order_id=f"u-{n}")]
STOOD_STILL = Line("order s-1 stands still since 2026-11-27T03:00:00+00:00", 5 * M, "Warning", "recover_runs")

RAISED: dict[str, list[Rows]] = {
    "stuck_orders": [
        lines(order("s-1", {ACCEPTED: H})),
        lines(order("s-1", {WAITS: 3 * H}), step("settle_approval", age=H, order_id="s-1")),
        lines(order("s-1", {WAITS: 26 * H}), [STOOD_STILL]),  # its wait is over, and it went on waiting
        lines([STOOD_STILL]),  # what it said is older than the alert looks back
        warned("expense_approval c-7 stands still since 2026-11-27T03:00:00+00:00"),
    ],
    "retry_rate": [lines(*[step("buy_label", order_id=f"r-{n % 14}") for n in range(20)])],
    "inventory_drift": [warned('inventory drift {"product_id":"mug","order_id":"a-1"}')],
    "payment_drift": [warned(payment_drift(PaymentDriftKind.NOT_CAPTURED))],
    "money_taken": [warned(payment_drift(PaymentDriftKind.CHARGED_TWICE))],
    "label_drift": [warned(label_drift())],
    "payments_unread": [lines(2 * [Line("payment reconciliation failed stripe: no answer", level="Warning")])],
    "throttling": [items(*[azure.throttled("503 (Server Busy): The server is busy.") for _ in range(11)])],
    "lost_events": [items(azure.metric("Microsoft.EventGrid", "DeadLetteredCount", 1))],
    "key_use": [
        items(azure.queue_line("SAS")),
        items(azure.queue_line("AccountKey", "KeyBasedAuthenticationNotPermitted")),
    ],
    "vault_denied": [items(azure.vault_line("SecretGet", 403)), items(azure.vault_line("SecretGet", 401))],
    "log_volume": [items(*[azure.usage(5_100) for _ in range(6)])],
    "log_cap": [items(azure.workspace_line(azure.OVER_QUOTA))],
    "failing_timers": [
        items(*[azure.by_timer("recover_runs", failed=n < 3, age=n * M + S) for n in range(60)]),
        items(azure.by_timer("reconcile_payments", failed=True), azure.by_timer("reconcile_payments", age=H)),
    ],
    "failing_queue_functions": [
        items(*[azure.by_queue("deliver_notification", failed=True, age=n * S) for n in range(3)])
    ],
    "failing_webhooks": [items(*[azure.http_call("webhooks/carriers/easypost", 401) for _ in range(3)])],
    "poison_messages": [
        {
            "lines": [
                Line(
                    "orders-in: message m-1 refused (invalid): no JSON", level="Error", function="take_in_queued_order"
                )
            ]
        }
    ],
    "backlog_age": [
        items(azure.activity_line("Scheduled", 20 * M), azure.activity_line("Started", 10 * M)),
        items(azure.activity_line("Scheduled", 20 * M)),
        items(azure.taken_from_queue("take_in_queued_order", 6 * M)),
    ],
    "intake_paused": [lines(intake("open", 3 * M), intake("paused", M))],
    "silent_timers": [
        items(*timers(recover_runs=16 * M)),
        items(*timers(poll_parcels=70 * M)),
        items(*timers(check_every_stock=27 * H)),
        items(*timers(reconcile_payments=None)),  # it never began
    ],
    "standing_queues": [
        lines(*[poisoned(n, n * 15 * M, "notifications") for n in (1, 2, 3)]),
        lines(*[poisoned(40, n * 15 * M, "orders-in") for n in range(3)])
        | items(azure.http_call("", 200, M, 12, "take_in_queued_order")),  # slower than they come
    ],
    "silent_webhooks": [
        {
            "lines": [
                Line(f"{n} silent parcels have moved, which no webhook has reported", n * H, "Information")
                for n in (2, 3)
            ]
        }
        | items(azure.http_call("webhooks/carriers/easypost", 401, M)),  # one that is refused reports nothing
    ],
    "left_out": [
        *[{"lines": [Line(text, M, "Error", "purge_history")]} for text in left_out_lines()],
        {
            "lines": [
                Line("a-1 could not be looked after; it will be again", n * M, "Error", "recover_runs")
                for n in range(11)
            ]
        },
    ],
    "falling_behind": [
        {
            "lines": [
                Line(f"{n} open runs are left to the next run of the timer", n * M, "Warning", "recover_runs")
                for n in range(40)
            ]
        },
        {
            "lines": [
                Line(
                    "payments of stripe since 2026-11-27T03:00:00+00:00 are left to the next run of the timer",
                    n * M,
                    "Warning",
                    "reconcile_payments",
                )
                for n in (1, 16, 31)
            ]
        },
    ],
    "index_faults": [warned("the index of 3 orders had rows too few or too many, and is mended: a-1, a-2, a-3")],
    "backup_late": [
        lines(backed_up(27)),
        lines(backed_up(None)),
        lines(),  # the timer says nothing
        lines(backed_up(1, 4 * H)),
    ],
    "poison_depth": [
        lines(poisoned(2)),
        lines(poisoned(9, 15 * M), poisoned(1)),  # some were taken out
        lines(poisoned(1, queue="webjobs-blobtrigger-poison"), poisoned(3, queue="notifications")),
    ],
    "lost_parcels": [lines(parcel_end("a-1", ParcelStatus.LOST))],
    "silent_parcels": [
        lines(silent("a-1", 8 * D)),
        lines(silent("a-1", 8 * D, 25 * H), silent("a-1", 9 * D)),  # polled daily
    ],
    "parcels_unpolled": [
        {"lines": [Line(f"{n} silent parcels are not polled: EasyPost: 503", n * M, "Warning") for n in range(3)]},
        {"lines": 3 * [Line("the carrier reports nothing of 100 silent parcels", level="Warning")]},
        {"lines": 3 * [Line("label comparison failed: the carrier did not answer (503)", level="Warning")]},
    ],
    "firewall_blocks": [items(blocked(101)), items(blocked(101, "block"))],
    "provider_errors": [lines(UNANSWERED)],
    "capture_latency": [lines(step("authorise_payment", age=2 * H))],
    "slo_api_fast_burn": [items(azure.http_call("orders", 503, M, 20), azure.http_call("orders", 202, M, 400))],
    "slo_api_slow_burn": [
        items(azure.http_call("orders", 500, 10 * M, 20), azure.http_call("orders", 202, 5 * H, 2_000))
    ],
    "slo_orders_fast_burn": [lines(late_orders(6, 17 * M), quick_orders(30, 18 * M))],
    "slo_orders_slow_burn": [lines(late_orders(6, 40 * M), quick_orders(60, 50 * M))],
}

SPARED: dict[str, list[Rows]] = {
    "stuck_orders": [
        lines(order("s-1", {WAITS: 20 * H})),  # a human is asked
        lines(order("s-1", {COMPLETED: 2 * M}), [STOOD_STILL]),  # it went on
        lines(order("s-1", {OrderStatus.NEEDS_ATTENTION: 10 * M}), [STOOD_STILL]),  # which has an alert of its own
    ],
    "money_taken": [warned(payment_drift(PaymentDriftKind.REFUNDED_TOO_MUCH))],
    "failing_timers": [
        items(*[azure.by_timer("recover_runs", failed=n == 0, age=n * M + S) for n in range(60)]),  # a blip
        items(*[azure.by_timer("recover_runs", failed=n > 50, age=n * M + S) for n in range(60)]),  # it is over
        items(*[azure.by_queue("deliver_notification", failed=True, age=n * S) for n in range(3)]),
    ],
    "failing_webhooks": [items(*[azure.http_call("orders", 401) for _ in range(9)])],
    "backlog_age": [items(azure.taken_from_queue("deliver_notification", 20 * M, deliveries=3))],  # it was tried before
    "intake_paused": [lines(intake("paused", 3 * M), intake("open", M))],
    "silent_timers": [
        items(*timers()),
        items(*timers(recover_runs=14 * M, reconcile_inventory=3 * H, purge_history=21 * H)),
        items(azure.http_call("orders", 202, 10 * M)),  # the app is new
        lines(),  # and silent: that is another alert
        items(*timers(4 * H)),  # stopped, or its telemetry is late or capped: so are these
    ],
    "standing_queues": [
        lines(*[poisoned(3, n * 15 * M, "notifications") for n in range(4)])
        | items(azure.http_call("", 200, M, 400, "deliver_notification")),  # busy
        lines(poisoned(9, 20 * M, "notifications"), poisoned(9, 5 * M, "notifications")),  # and empty in between
        lines(*[poisoned(2, n * 15 * M, "notifications", is_due=False) for n in range(4)]),  # put back for later
        lines(*[poisoned(3, n * 15 * M, "dead-letters") for n in range(4)]),  # which no function takes
    ],
    "silent_webhooks": [
        {"lines": [Line("9 silent parcels have moved, which no webhook has reported", M, "Information")]}
        | items(azure.http_call("webhooks/carriers/easypost", 200, 20 * H)),  # some are lost
        {"lines": [Line("4 silent parcels have moved, which no webhook has reported", M, "Information")]},
    ],
    "left_out": [
        {"lines": [Line("a-1: needs attention: a step failed", M, "Error", "purge_history")]},
        # What another alert is for, with the words of the mail server, of a provider, or of an instance that failed.
        *[
            {"lines": [Line(re.sub("%s", "the mailbox could not be found", text), M, "Error", "deliver_notification")]}
            for text in ("%s is dead-lettered (%s): %s", "%s needs attention: %s %s settles it.")
        ],
        {  # a blip of the storage, over which every open run is left to the run of the next minute
            "lines": [
                Line(f"a-{n} could not be looked after; it will be again", n % 3 * M, "Error", "recover_runs")
                for n in range(90)
            ]
        },
        {
            "lines": [
                Line(
                    "the stock of mug could not be looked after; it will be again", age, "Error", "expire_reservations"
                )
                for age in (M, 6 * M)
            ]
        },
        {"lines": [Line("the backlog of orders could not be measured: TimeoutError", M, "Warning", "place_order")]},
        items(azure.activity_failure("the queue notifications could not be reached")),  # which is tried again
    ],
    "falling_behind": [
        {
            "lines": [
                Line(f"{n} open runs are left to the next run of the timer", n * M, "Warning", "recover_runs")
                for n in range(20)
            ]
        },
    ],
    "poison_depth": [lines(poisoned(0)), lines(poisoned(4, queue="notifications"))],
    "lost_parcels": [lines(parcel_end("a-1", ParcelStatus.LOST, D), parcel_end("a-1", ParcelStatus.DELIVERED))],
    "silent_parcels": [
        lines(silent("a-1", 2 * D)),
        lines(silent("a-1", 8 * D, 30 * H)),  # polled daily, and no more in this state
        lines(silent("a-1", 8 * D, 2 * H), parcel_end("a-1", ParcelStatus.DELIVERED)),
    ],
    "parcels_unpolled": [
        warned("4 silent parcels are not polled: EasyPost: 503"),
        warned("label comparison failed: the carrier did not answer (503)"),
    ],
    "label_drift": [warned("the label of shipment shp_1 is given back: order a-1 has no use for it")],
    "firewall_blocks": [items(blocked(400, "Log")), items(blocked(20))],
    "provider_errors": [lines(*[step("authorise_payment", "refused", order_id=f"c-{n}") for n in range(9)])],
    "capture_latency": [
        lines(step("authorise_payment", age=2 * H), step("capture_payment", age=2 * H - M)),
        lines(step("authorise_payment", age=2 * H), step("cancel_payment", age=H)),
        lines(step("authorise_payment", age=2 * H), order("a-1", {COMPLETED: 2 * H - M})),  # charged at once
    ],
    "slo_api_fast_burn": [
        items(azure.http_call("orders", 503, 40 * M, 20), azure.http_call("orders", 202, M, 400)),  # it is over
        items(azure.http_call("orders", 422, M, 400)),
        items(azure.http_call("health", 503, M, 400)),
    ],
    "slo_orders_fast_burn": [
        lines([line for n in range(9) for line in order(f"w-{n}", {ACCEPTED: 18 * M, WAITS: 18 * M})])
    ],
}


def good_day() -> Rows:
    """Return what arrives while nothing is wrong: orders, one refused card, calls, timers, queues, and Azure's own lines."""
    orders = lines(
        quick_orders(20, 18 * M),
        order("waits", {ACCEPTED: 3 * H, WAITS: 3 * H}),
        *[
            step(name, order_id=f"q-{n}", age=18 * M)
            for n in range(8)
            for name in ("authorise_payment", "capture_payment")
        ],
        step("authorise_payment", "refused", order_id="q-9"),
        poisoned(3, queue="notifications"),
        backed_up(25),
        parcel_end("q-1", ParcelStatus.DELIVERED),
        silent("q-2", 2 * D),
    )
    calls = items(
        azure.http_call("orders", 202, M, 500),
        azure.http_call("orders", 422, M, 20),
        azure.http_call("health", 200, M, 5),
        azure.http_call("webhooks/carriers/easypost", 200, M, 9),
        *[azure.by_timer("recover_runs", age=n * M) for n in range(30)],
        *timers(),
        azure.by_queue("deliver_notification"),
        azure.taken_from_queue("deliver_notification", 2 * S),
        azure.activity_line("Scheduled", M),
        azure.activity_line("Started", M - S),
        azure.vault_line("Authentication", 401),
        azure.vault_line("SecretGet", 200),
        azure.queue_line("OAuth"),
        azure.usage(200),
        azure.usage(9_000, billable=False),
        azure.workspace_line("Data collection has resumed. Ingestion status = RespectQuota"),
        azure.metric("Microsoft.EventGrid", "DeliverySuccessCount", 3),
        azure.metric("Microsoft.EventGrid", "DeadLetteredCount", 0),
        *blocked(20),
        azure.firewall_line(0, "AnomalyScoring", "Microsoft_DefaultRuleSet-2.1-SQLI-942100"),
    )
    return orders | calls


def rules() -> dict[str, dict[str, Any]]:
    """Return every alert that reads logs, by the name of its query."""
    found = of_type(evaluate(WITH_EVERY_ALERT), "Microsoft.Insights/scheduledQueryRules")
    return {str(one["name"]).removeprefix("orders-test-").replace("-", "_"): properties(one) for one in found}


@pytest.mark.parametrize(("rule", "rows"), [(rule, rows) for rule, cases in RAISED.items() for rows in cases])
def test_an_alert_is_raised_by_what_it_is_for(rule: str, rows: Rows) -> None:
    found = rows_found(rule, **rows)
    assert found
    if rule != "backup_late" and (not rows.get("items") or rows["items"][0].table.startswith("App")):
        assert rows_found(rule, slot="-staging", **rows) == [], "the staging slot raises nothing"


def test_the_staging_slot_s_backups_are_none_of_production_s() -> None:
    assert rows_found("backup_late", **lines(backed_up(1))) == []
    assert rows_found("backup_late", slot="-staging", **lines(backed_up(1)))


@pytest.mark.parametrize(("rule", "rows"), [(rule, rows) for rule, cases in SPARED.items() for rows in cases])
def test_an_alert_is_not_raised_by_what_is_near_to_it(rule: str, rows: Rows) -> None:
    assert rows_found(rule, **rows) == []


@pytest.mark.parametrize("rule", sorted(rules().keys()))
def test_no_alert_is_raised_on_a_good_day(rule: str) -> None:
    assert rows_found(rule, "order", **good_day()) == []


@pytest.mark.parametrize("rule", sorted(rules().keys()))
def test_an_alert_is_split_by_columns_that_it_has(rule: str) -> None:
    """And one that looks further back than its window leaves the time out: Azure would count each window for itself."""
    (criterion,) = rules()[rule]["criteria"]["allOf"]
    wanted = {one["name"] for one in criterion.get("dimensions", [])}
    text = (QUERIES / f"{rule}.kql").read_text(encoding="utf-8")
    columns = columns_of(rule)
    assert wanted <= columns, text
    if "overrideQueryTimeRange" in rules()[rule]:
        assert "TimeGenerated" not in columns


def columns_of(query: str) -> set[str]:
    """Return the columns of what raises a query."""
    given = RAISED.get(query)
    found = rows_found(query, **given[0]) if given else rows_found(query, *RECORDED_FOR.get(query, ()), copies=20)
    assert found, query
    return set(found[0])


RECORDED_FOR = {
    "needs_attention": ("dead-letter-open",),
    "dead_letters": ("dead-letter-open",),
    "non_determinism": ("orchestrator-changed-under-a-waiting-order",),
    "worker_died": ("worker-dies",),
    "newer_version": ("event-for-an-instance-of-a-newer-version",),
    "failed_orchestrations": ("orchestrator-raises",),
    "activity_failures": ("worker-dies",),
}


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("compute", items(azure.metric("Microsoft.Web", "OnDemandFunctionExecutionUnits", 128_000, "sites/func"))),
        (
            "storage_transactions",
            items(azure.metric("Microsoft.Storage", "Transactions", 9, "storageAccounts/st/queueServices/default")),
        ),
        ("scheduler_actions", items(azure.metric("Microsoft.DurableTask", "TotalActions", 9, "schedulers/dts"))),
        ("log_bill", items(azure.usage(300))),
        ("slowest_orders", lines(order("o-1", {ACCEPTED: 9 * M, COMPLETED: 2 * M}))),
        ("capture_times", lines(step("authorise_payment", age=9 * M), step("capture_payment", age=8 * M))),
        ("availability", items(azure.http_call("orders", 503), azure.http_call("orders", 202))),
    ],
)
def test_a_chart_shows_what_it_is_for(query: str, rows: Rows) -> None:
    found = rows_found(query, **rows)
    assert len(found) == 1
    assert all(value is not None for value in found[0].values()), found


def test_the_service_of_a_storage_transaction_is_named() -> None:
    [row] = rows_found(
        "storage_transactions",
        **items(azure.metric("Microsoft.Storage", "Transactions", 9, "storageAccounts/st/queueServices/default")),
    )
    assert row["service"] == "queueservices"


def test_every_query_is_fed_here_or_from_a_recording() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in QUERIES.parents[1].glob("tests/integration/infra/test_queries_on_*.py")
    ]
    named = set(re.findall(r'"([a-z_]+)"', "".join(texts)))
    assert {path.stem for path in QUERIES.glob("*.kql")} - {"prelude"} <= named


def test_every_timer_is_watched_for_some_of_its_pauses() -> None:
    listed = dict(re.findall(r'"(\w+)", (\d+)', (QUERIES / "silent_timers.kql").read_text(encoding="utf-8")))
    found = {each.name: each.trigger.fields["schedule"] for each in app_index(ROOT).with_trigger("timerTrigger")}
    assert listed.keys() == found.keys()
    for name, schedule in found.items():
        limit, pause = timedelta(minutes=int(listed[name])), longest_pause(schedule)
        assert pause + min(2 * pause, 5 * H) < limit <= max(7 * pause, 15 * M), name


def longest_pause(schedule: str) -> timedelta:
    """Return the longest time between two runs, within three days."""
    times = [datetime(2026, 3, 2, tzinfo=UTC)]
    while times[-1] < times[0] + 3 * D:
        times.append(parse_schedule(schedule).next_after(times[-1], None))
    return max(later - earlier for earlier, later in pairwise(times[1:]))


def test_every_queue_that_a_function_takes_from_is_watched() -> None:
    listed = dict(re.findall(r'"([\w-]+)", "(\w+)"', (QUERIES / "standing_queues.kql").read_text(encoding="utf-8")))
    found = {each.trigger.fields["queueName"]: each.name for each in app_index(ROOT).with_trigger("queueTrigger")}
    in_azure = {FILE_MANIFESTS: "start_manifest_of_event"}  # elsewhere, blobs are looked for
    assert listed == {queue: name for queue, name in found.items() if not queue.endswith("-poison")} | in_azure


def test_an_error_that_another_alert_is_for_is_still_logged() -> None:
    assert OTHER_ALERT.keys() <= errors_logged()
