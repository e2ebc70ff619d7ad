"""Print what a month of orders costs: `python -m scripts.cost --orders 1000000 --plan FC1 --backend AzureStorage`."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from scripts.cost import prices
from scripts.cost.model import BACKENDS, FC1_MEMORY_MB, PLANS, Scenario, bill
from scripts.cost.workload import Workload

_FC1_SIZES: Final = ", ".join(map(str, FC1_MEMORY_MB))


def report(scenario: Scenario) -> str:
    """Return the bill as text, with its assumptions and the date of its prices."""
    load = scenario.workload
    lines = bill(scenario)
    total = sum(line.dollars or 0.0 for line in lines)
    unknown = [line.item for line in lines if line.dollars is None]
    rows = [f"  {line.item:30} {_money(line.dollars):>12}   {line.quantity}" for line in lines]
    return "\n".join(
        [
            f"{scenario.orders:,} orders a month on {scenario.plan} with {scenario.backend}",
            *rows,
            f"  {'total':30} {_money(total):>12}" + (f"   without {', '.join(unknown)}" if unknown else ""),
            "",
            "Assumed per order: "
            f"{load.activities} activities of {load.activity_s} s, "
            f"{load.entity_calls} entity calls and {load.entity_signals} signals, {load.events} events, "
            f"{load.timers} timers, {load.polls} status polls; {load.episodes} replays of {load.orchestrator_s} s; "
            f"{load.carrier_polls} polls of the carrier with "
            f"{load.tracking_activities} activities and {load.tracking_episodes} replays; "
            f"{load.queue_operations} queue and {load.table_operations} table operations "
            f"({'measured' if load.queue_ops is not None or load.table_ops is not None else 'modelled, not measured'}).",
            f"Prices: list, US dollars, {prices.AS_OF}; sources: scripts/cost/prices.py. No taxes, no traffic, no zones.",
        ]
    )


def _money(dollars: float | None) -> str:
    return "unknown" if dollars is None else f"${dollars:,.2f}"


def parsed(arguments: Sequence[str]) -> Scenario:
    """Return the scenario that the command line describes; exit with a message where it describes none."""
    parser = argparse.ArgumentParser(prog="python -m scripts.cost", description="What a month of orders costs.")
    parser.add_argument("--orders", type=_count, default=1_000_000, help="orders a month")
    parser.add_argument("--plan", choices=PLANS, default="FC1")
    parser.add_argument("--backend", choices=BACKENDS, default="AzureStorage")
    parser.add_argument(
        "--memory",
        type=_positive,
        default=2048,
        metavar="MB",
        help=f"of an instance (FC1: {_FC1_SIZES}) or the process (Y1)",
    )
    parser.add_argument(
        "--concurrency", type=_positive, help="FC1: runs that share an instance in a burst; default: an even load"
    )
    parser.add_argument("--always-ready", type=_count, default=1, help="FC1: always-ready instances for orchestrations")
    parser.add_argument("--instances", type=float, default=1.0, help="EP: instances on average")
    parser.add_argument("--polls", type=_count, default=2, help="status polls per order")
    parser.add_argument(
        "--carrier-polls",
        type=_count,
        default=10,
        help="polls of the carrier until a parcel has arrived; 0 without tracking",
    )
    parser.add_argument("--queue-ops", type=_count, help="measured queue operations per order")
    parser.add_argument("--table-ops", type=_count, help="measured table operations per order")
    chosen = parser.parse_args(arguments)
    if chosen.plan == "FC1" and chosen.memory not in FC1_MEMORY_MB:
        parser.error(f"argument --memory: must be one of {_FC1_SIZES} with FC1")
    load = Workload(
        polls=chosen.polls,
        carrier_polls=chosen.carrier_polls,
        tracking_changes=min(chosen.carrier_polls, Workload.tracking_changes),
        queue_ops=chosen.queue_ops,
        table_ops=chosen.table_ops,
    )
    return Scenario(
        orders=chosen.orders,
        plan=chosen.plan,
        backend=chosen.backend,
        memory_mb=chosen.memory,
        concurrency=chosen.concurrency,
        always_ready=chosen.always_ready,
        instances=chosen.instances,
        workload=load,
    )


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return int(text)


def _positive(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def main() -> int:
    """Print the bill of the scenario that the command line describes."""
    print(report(parsed(sys.argv[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
