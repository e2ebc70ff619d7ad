"""Print what a month of orders costs: `python -m scripts.cost --orders 1000000 --plan FC1 --backend AzureStorage`."""

import argparse
import math
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Final

from scripts.bicep.values import Refused
from scripts.cost.deployed import Options, standing
from scripts.cost.report import LINE_CHARS, report
from scripts.cost.scenario import BACKENDS, DEFAULT_PARTITIONS, FC1_MEMORY_MB, MAX_Y1_MEMORY_MB, PLANS, Scenario
from scripts.cost.workload import Workload
from scripts.host_json import MAX_PARTITIONS

_FC1_SIZES: Final = ", ".join(map(str, FC1_MEMORY_MB))
_FLEX: Final = ("FC1",)
_PLANS_OF: Final = {
    "memory": ("FC1", "Y1"),
    "concurrency": _FLEX,
    "always_ready": _FLEX,
    "instances": tuple(plan for plan in PLANS if plan not in ("FC1", "Y1")),
}
"""Options that mean something on some plans alone."""

_MAX_DIGITS: Final = 12


def parsed(arguments: Sequence[str]) -> Scenario:
    """Return the scenario that the command line describes; exit with a message where it describes none."""
    parser = argparse.ArgumentParser(prog="python -m scripts.cost", description="What a month of orders costs.")
    parser.add_argument("--orders", type=_count, default=1_000_000, help="orders a month")
    _describe_deployment(parser)
    _describe_order(parser)
    chosen = parser.parse_args(arguments)
    _check_plan(parser, chosen)
    return Scenario(
        orders=chosen.orders,
        plan=chosen.plan,
        backend=chosen.backend,
        memory_mb=chosen.memory or Scenario.memory_mb,
        concurrency=chosen.concurrency,
        always_ready=Scenario.always_ready if chosen.always_ready is None else chosen.always_ready,
        instances=chosen.instances,
        partitions=chosen.partitions or DEFAULT_PARTITIONS,
        repeats_logs=chosen.repeat_logs,
        traced_share=chosen.traced_percent / 100,
        workload=_workload(chosen),
        options=_options(parser, chosen),
    )


def _check_plan(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    for option, plans in _PLANS_OF.items():
        if getattr(chosen, option) is not None and chosen.plan not in plans:
            parser.error(
                f"argument --{option.replace('_', '-')}: has no meaning with {chosen.plan}; only with {', '.join(plans)}"
            )
    if chosen.plan == "FC1" and chosen.memory not in (None, *FC1_MEMORY_MB):
        parser.error(f"argument --memory: must be one of {_FC1_SIZES} with FC1")
    if chosen.plan == "Y1" and (chosen.memory or 0) > MAX_Y1_MEMORY_MB:
        parser.error(f"argument --memory: must be {MAX_Y1_MEMORY_MB} or less with Y1")
    if chosen.partitions is not None and chosen.backend != BACKENDS[0]:
        parser.error(f"argument --partitions: has no meaning with {chosen.backend}; only with {BACKENDS[0]}")


def _describe_deployment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", choices=PLANS, default="FC1")
    parser.add_argument("--backend", choices=BACKENDS, default="AzureStorage")
    default_memory = f"default: {Scenario.memory_mb}, with Y1 {MAX_Y1_MEMORY_MB}"
    memory = f"of an instance (FC1: {_FC1_SIZES}) or the process (Y1: {MAX_Y1_MEMORY_MB} at most); {default_memory}"
    parser.add_argument("--memory", type=_positive, metavar="MB", help=memory)
    burst = "FC1: runs that share an instance in a burst; default: an even load"
    parser.add_argument("--concurrency", type=_positive, help=burst)
    ready = f"FC1: always-ready instances for orchestrations; default: {Scenario.always_ready}"
    parser.add_argument("--always-ready", type=_count, help=ready)
    parser.add_argument("--instances", type=_average, help="EP, P: instances on average; default: what the load needs")
    partitions = f"of a task hub in Azure Storage, 1 to {MAX_PARTITIONS}; default: {DEFAULT_PARTITIONS}"
    parser.add_argument("--partitions", type=_partitions, metavar="COUNT", help=partitions)
    repeat = "a diagnostic setting sends FunctionAppLogs, which repeat the log lines"
    parser.add_argument("--repeat-logs", action="store_true", help=repeat)
    traced = "of how many orders all telemetry is kept; of the others, what alerts read"
    parser.add_argument("--traced-percent", type=_percent, default=100, metavar="PERCENT", help=traced)

    door = "Front Door with its firewall in front of the app"
    parser.add_argument("--front-door", choices=("Standard", "Premium"), default="", help=door)
    parser.add_argument("--private", action="store_true", help="private endpoints for storage and vault")
    parser.add_argument("--nat-gateway", action="store_true", help="one address for all that leaves; needs --private")
    parser.add_argument("--backup", action="store_true", help="daily copies in another region, two weeks of them kept")
    parser.add_argument("--mail", action="store_true", help="mails by Azure Communication Services")


def _options(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> Options:
    """Return the options of the template; exit with its own words where it takes no such combination."""
    options = Options(
        front_door=chosen.front_door,
        private=chosen.private,
        nat_gateway=chosen.nat_gateway,
        backup=chosen.backup,
        mail=chosen.mail,
    )
    try:
        standing(chosen.plan, chosen.backend, options)
    except Refused as refusal:
        parser.error(str(refusal))
    return options


def _describe_order(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--polls", type=_count, default=2, help="status polls per order")
    carrier = "polls of the carrier for a parcel that is watched; ten in three days"
    parser.add_argument("--carrier-polls", type=_count, default=Workload.carrier_polls, help=carrier)
    parser.add_argument("--queue-ops", type=_count, help="measured queue operations per order")
    parser.add_argument("--table-ops", type=_count, help="measured table operations per order")


def _workload(chosen: argparse.Namespace) -> Workload:
    return Workload(
        polls=chosen.polls,
        carrier_polls=chosen.carrier_polls,
        tracking_changes=min(chosen.carrier_polls, 3),
        queue_ops=chosen.queue_ops,
        table_ops=chosen.table_ops,
    )


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > _MAX_DIGITS:
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 or more, of at most {_MAX_DIGITS} digits")
    return int(text)


def _positive(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _partitions(text: str) -> int:
    number = _count(text)
    if not 1 <= number <= MAX_PARTITIONS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MAX_PARTITIONS}")
    return number


def _average(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 1 <= number < math.inf:
        raise argparse.ArgumentTypeError("must be a number, 1 or more")
    return number


def _percent(text: str) -> int:
    number = _count(text)
    if number > 100:
        raise argparse.ArgumentTypeError("must be from 0 to 100")
    return number


def main() -> int:
    """Print the bill of the scenario that the command line describes."""
    scenario = parsed(sys.argv[1:])
    try:
        print(report(scenario, shutil.get_terminal_size((LINE_CHARS, 24)).columns), flush=True)
    except BrokenPipeError:
        # The reader has seen enough. Nothing more is to be written when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
