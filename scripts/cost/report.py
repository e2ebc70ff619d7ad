"""Show a bill: its lines as a table, and their shares as bars."""

from collections.abc import Mapping
from typing import NamedTuple

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from scripts.cost import prices
from scripts.cost.capacity import of_deployment
from scripts.cost.compute import running_instances
from scripts.cost.deployed import daily_cap_gb
from scripts.cost.instances import BUSY_PERCENT, MONTH_S
from scripts.cost.line import Line
from scripts.cost.logs import logged_gb
from scripts.cost.markdown import rounded
from scripts.cost.model import bill
from scripts.cost.scenario import Scenario, before

LINE_CHARS = 132
_LEAST_LINE_CHARS = 72
_BAR_CHARS = 24
_DAYS_PER_MONTH = MONTH_S / 86_400


def report(scenario: Scenario, line_chars: int = LINE_CHARS) -> str:
    """Return the bill as text, with a chart, its assumptions and the date of its prices.

    Args:
        scenario: What is deployed, and how much it is used.
        line_chars: How wide the text may be; it is never narrower than a table of short lines, nor wider than is easy to read.
    """
    width = max(_LEAST_LINE_CHARS, min(line_chars, LINE_CHARS))
    console = Console(width=width, color_system=None, force_terminal=False)
    # Not every terminal can print a block.
    bar = _Bar("#" if console.options.ascii_only else "█", _BAR_CHARS if width == LINE_CHARS else _BAR_CHARS // 4)
    with console.capture() as captured:
        console.print(_page(scenario, bar))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


class _Bar(NamedTuple):
    """What a bar is made of, and how long the longest one is."""

    mark: str
    chars: int

    def of(self, dollars: float, most: float) -> str:
        return self.mark * round(self.chars * dollars / most) if most else ""


def _page(scenario: Scenario, bar: _Bar) -> RenderableType:
    known = {line.item: line.dollars for line in bill(before(scenario))}
    return Group(
        Text(f"{scenario.orders:,} orders a month on {scenario.plan} with {scenario.backend}"),
        _table(bill(scenario), known, bar),
        Text(_assumptions(scenario)),
    )


def _table(lines: list[Line], before: Mapping[str, float | None], bar: _Bar) -> Table:
    total = sum(line.dollars or 0.0 for line in lines)
    most = max((line.dollars or 0.0 for line in lines), default=0.0)
    unknown = [line.item for line in lines if line.dollars is None]
    table = Table(box=box.SIMPLE, show_footer=True)
    table.add_column("item", "total")
    table.add_column("a month", _money(total), justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column(
        "version 1.0", _money(sum(amount or 0.0 for amount in before.values())), justify="right", no_wrap=True
    )
    table.add_column("quantity", f"without {', '.join(unknown)}" if unknown else "")
    for line in lines:
        table.add_row(
            line.item,
            _money(line.dollars),
            bar.of(line.dollars or 0.0, most),
            _money(before.get(line.item)),
            line.quantity,
        )
    return table


def _assumptions(scenario: Scenario) -> str:
    load = scenario.workload
    is_measured = load.queue_ops is not None or load.table_ops is not None
    return (
        f"Assumed per order: {load.activities} activities of {load.activity_s} s, "
        f"{load.entity_calls} entity calls and {load.entity_signals} signals, {load.events} events, "
        f"{load.timers} timers, {load.polls} status polls; {load.episodes} replays of {load.orchestrator_s} s; "
        f"{load.reports} reports of the carrier; {load.carrier_polls} polls of a watched parcel with "
        f"{load.tracking_activities} activities and {load.tracking_episodes} replays; "
        f"{load.queue_operations} queue and {load.table_operations} table operations "
        f"({'measured' if is_measured else 'modelled, not measured'}); "
        f"{load.telemetry.number:.0f} items of telemetry; {load.cpu_s:.2f} s of processor time.\n"
        f"{scenario.orders_per_s:.2f} orders a second on average keep {running_instances(scenario):.1f} instance(s) running, "
        f"{BUSY_PERCENT} % busy at most.{_beyond(scenario)}\n"
        f"{_log_cap(scenario)}\n"
        f"Prices: list, US dollars, {prices.AS_OF}; sources: scripts/cost/prices.py. No taxes, no zones, no answers to callers."
    )


def _beyond(scenario: Scenario) -> str:
    """Return what is to be said of more orders than the deployment takes. Of a database, nothing is known."""
    if scenario.backend == "MSSQL":
        return ""
    full = of_deployment(scenario.plan, scenario.backend, partitions=scenario.partitions, memory_mb=scenario.memory_mb)
    if scenario.orders_per_s <= full.orders_per_s:
        return ""
    return f" That is more than one deployment takes ({rounded(full.orders_per_s)}: {full.part}; docs/capacity.md)."


def _log_cap(scenario: Scenario) -> str:
    cap = daily_cap_gb(scenario.plan, scenario.backend, scenario.options)
    logged = logged_gb(scenario) / _DAYS_PER_MONTH
    if cap < 0:
        return f"Logs have no daily cap; these are {logged:,.1f} GB a day."
    most = cap * _DAYS_PER_MONTH * prices.LOG_GB.dollars
    beyond = "more than that: raise dailyCapGb" if logged > cap else f"{logged / cap:.0%} of it"
    return (
        f"At the daily cap of {cap} GB, logs cost {_money(most)} a month, and alerts on logs are blind beyond it. "
        f"These logs are {logged:,.1f} GB a day, {beyond}."
    )


def _money(dollars: float | None) -> str:
    return "unknown" if dollars is None else f"${dollars:,.2f}"
