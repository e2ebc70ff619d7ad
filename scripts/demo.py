"""`make demo`: twenty orders of every kind, what became of each, and whether money and stock balance.

Runs against BASE_URL (with SANDBOX_URL, where its providers are the sandbox), else against the copy that runs in STATE,
else against one that it starts for the occasion. Ends with 1 when an order ended otherwise than it should or something does
not balance.
"""

import os
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from scripts.balance import Money, Stock, cents, money_problems, read_money, read_stock, stock_problems
from scripts.demo_orders import demo_orders
from scripts.demo_run import PlacedOrder, place_and_follow
from scripts.errors import LaunchFailed
from scripts.local_copy import running_local_copy
from scripts.run import DEFAULT_STATE
from scripts.seed import CATALOGUE, seed_if_empty
from scripts.state import StateFolder
from scripts.web import call_again

LOG_LINES = 60


@dataclass(frozen=True)
class Target:
    """sandbox_url: None when the app's providers are real ones; then no faults are placed and no ledger is read."""

    base_url: str
    sandbox_url: str | None


@contextmanager
def target(console: Console) -> Iterator[Target]:
    """Yield the running app, or start one for the length of the block."""
    base_url = os.environ.get("BASE_URL")
    state = Path(os.environ.get("STATE") or DEFAULT_STATE)
    running = StateFolder(state).live_copy()
    if base_url:
        yield Target(base_url.rstrip("/"), os.environ.get("SANDBOX_URL"))
    elif running:
        yield Target(running.base_url, running.sandbox_url)
    else:
        console.print(f"No copy is running in {state}: starting one for the demo", markup=False)
        with tempfile.TemporaryDirectory() as own, running_local_copy(Path(own)) as copy:
            try:
                yield Target(copy.addresses.base_url, copy.addresses.sandbox_url)
            except LaunchFailed as problem:
                # The folder with its logs is about to be removed.
                raise LaunchFailed(f"{problem}\nThe end of the app's log:\n{copy.app.last_lines(LOG_LINES)}") from None


def demo(where: Target, console: Console) -> bool:
    """Return True when every order ended as it should and everything balances."""
    seed_if_empty(where.base_url)
    products = [seed.product_id for seed in CATALOGUE]
    before = read_stock(where.base_url, products)
    orders = [order for order in demo_orders(secrets.token_hex(3)) if where.sandbox_url or not order.fault]
    placed = place_and_follow(where.base_url, where.sandbox_url, orders)
    moved = {name: stock - before[name] for name, stock in read_stock(where.base_url, products).items()}
    money = read_money(where.sandbox_url, [order.order_id for order in orders]) if where.sandbox_url else {}
    show(console, placed, money, moved)
    problems = find_problems(where.base_url, placed, money, moved)
    for problem in problems:
        console.print(problem, style="red")
    console.print("Not everything is as it should be." if problems else "Money and stock balance.", style="bold")
    return not problems


def find_problems(
    base_url: str, placed: Sequence[PlacedOrder], money: Mapping[str, Money], moved: Mapping[str, Stock]
) -> list[str]:
    """Return everything that is not as it should be, one sentence each."""
    bought: Counter[str] = Counter()
    for one in placed:
        bought.update(one.order.units if one.end == "completed" else {})
    problems = [f"{one.order.title}: {one.end} instead of {one.order.ends}" for one in placed if not one.as_expected]
    problems += stock_problems(moved, bought)
    if money:
        prices = {
            item["product_id"]: item["unit_price_cents"]
            for item in call_again("GET", f"{base_url}/api/products").body["products"]
        }
        problems += money_problems(
            Money.sum(money.values()), sum(count * prices[name] for name, count in bought.items())
        )
    return problems


def show(
    console: Console, placed: Sequence[PlacedOrder], money: Mapping[str, Money], moved: Mapping[str, Stock]
) -> None:
    """Print the orders and the totals."""
    console.print(orders_table(placed, money))
    units = ", ".join(f"{change.sold} {name}" for name, change in moved.items() if change.sold)
    reserved = sum(change.reserved for change in moved.values())
    console.print(f"Stock: sold {units or 'nothing'}; still reserved {reserved}")
    if money:
        total = Money.sum(money.values())
        console.print(
            f"Money: charged {cents(total.captured)}, refunded {cents(total.refunded)}, "
            f"voided {cents(total.voided)}, still held {cents(total.held)}"
        )


def orders_table(placed: Sequence[PlacedOrder], money: Mapping[str, Money]) -> Table:
    """Return one row per order."""
    table = Table("", "Order", "Became", "Because", box=SIMPLE)
    table.add_column("Charged", justify="right")
    for number, one in enumerate(placed, start=1):
        kept = money[one.order.order_id].kept if one.order.order_id in money else 0
        end = f"refused, {one.end}" if isinstance(one.end, int) else one.end
        table.add_row(
            str(number),
            one.order.title,
            end,
            reason(one),
            cents(kept) if kept else "",
            style=None if one.as_expected else "red",
        )
    return table


def reason(one: PlacedOrder) -> str:
    """Return the code that the order, or the refusal of its second post, gives."""
    if one.second is not None and one.second.status != 202:
        return f"again: {one.second.status} {one.second.body.get('code', '')}".strip()
    return str(one.view.get("reason_code") or first_error(one.first.body) or "")


def first_error(problem: Mapping[str, object]) -> str:
    """Return the field and the rule that a problem document names first."""
    errors = problem.get("errors")
    if not isinstance(errors, list) or not errors:
        return ""
    return " ".join(str(errors[0].get(key, "")) for key in ("field", "rule")).strip()


def main() -> int:
    """Run the demo; return the exit code."""
    console = Console()
    try:
        with target(console) as where:
            return 0 if demo(where, console) else 1
    except LaunchFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
