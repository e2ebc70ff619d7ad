"""Make the tables of infra/README.md."""

from dataclasses import replace
from typing import Final

from scripts.cost.deployed import Options
from scripts.cost.markdown import table
from scripts.cost.model import bill
from scripts.cost.scenario import Scenario, before

_MILLION: Final = Scenario(orders=1_000_000)
_PLANS: Final = (
    ("FC1, 2,048 MB", _MILLION),
    ("FC1, 2,048 MB, in bursts that share an instance by eight", replace(_MILLION, concurrency=8)),
    ("FC1, 512 MB", replace(_MILLION, memory_mb=512)),
    ("EP1", replace(_MILLION, plan="EP1")),
    ("P0v3", replace(_MILLION, plan="P0v3")),
    ("Y1, 256 MB", replace(_MILLION, plan="Y1", memory_mb=256)),
)
_OPTIONS: Final = (
    ("`--front-door Standard`", Options(front_door="Standard")),
    ("`--front-door Premium`", Options(front_door="Premium")),
    ("`--private`", Options(private=True)),
    ("`--private --nat-gateway`", Options(private=True, nat_gateway=True)),
    ("`--backup`", Options(backup=True)),
    ("`--mail`", Options(mail=True)),
)


def dollars(scenario: Scenario) -> float:
    """Return what a month costs."""
    return sum(line.dollars or 0.0 for line in bill(scenario))


def order_table() -> str:
    """Return what a million orders cost by plan, before and now, and what an idle shop costs."""
    rows = [
        (label, f"${dollars(before(each)):,.0f}", f"${dollars(each):,.0f}", f"${dollars(replace(each, orders=0)):,.0f}")
        for label, each in _PLANS
    ]
    return table(("Plan, with Azure Storage", "version 1.0", "now", "of it, without one order"), rows)


def share_table() -> str:
    """Return the lines of one bill, the largest first."""
    known = {line.item: line.dollars for line in bill(before(_MILLION))}
    lines = sorted(bill(_MILLION), key=lambda line: -(line.dollars or 0.0))
    rows = [
        (line.item, f"${known[line.item] or 0:,.0f}", f"${line.dollars or 0:,.0f}", line.quantity) for line in lines
    ]
    return table(("FC1, 2,048 MB", "version 1.0", "now", "of what"), rows)


def option_table() -> str:
    """Return what each option adds, with a million orders and without any."""
    rows = [
        (
            label,
            *(
                f"${dollars(replace(_MILLION, orders=orders, options=options)) - dollars(replace(_MILLION, orders=orders)):,.0f}"
                for orders in (0, 1_000_000)
            ),
        )
        for label, options in _OPTIONS
    ]
    return table(("Option", "adds without one order", "adds with a million"), rows)
