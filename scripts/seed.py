"""A small catalogue and some stock, put in through the app's own HTTP API when a new copy starts empty."""

import time
from dataclasses import dataclass

from scripts.errors import LaunchFailed
from scripts.web import Answer, call_again

STOCK_TIMEOUT_S = 120.0
STOCK_POLL_INTERVAL_S = 0.05


@dataclass(frozen=True)
class Seed:
    """One product and how much of it is on the shelf."""

    product_id: str
    name: str
    unit_price_cents: int
    weight_grams: int
    quantity: int


CATALOGUE = (
    Seed("mug", "Stoneware mug", 1_450, 400, 500),
    Seed("beans", "Coffee beans, 1 kg", 2_890, 1_050, 500),
    Seed("grinder", "Burr grinder", 18_900, 2_700, 100),
    Seed("espresso-machine", "Espresso machine", 129_900, 12_500, 40),
    Seed("moka-pot", "Moka pot, the last ones", 3_490, 800, 2),
)


def seed_if_empty(base_url: str) -> bool:
    """Return True when it put in the catalogue. Safe to repeat after a crash half-way: a restock counts once per key.

    Raises LaunchFailed when the app refuses.
    """
    products = _accepted(call_again("GET", f"{base_url}/api/products"), "list the products")
    if products.body.get("products"):
        return False
    for seed in CATALOGUE:
        _put_in(base_url, seed)
    for seed in CATALOGUE:
        _await_stock(base_url, seed)
    return True


def _put_in(base_url: str, seed: Seed) -> None:
    details = {"name": seed.name, "unit_price_cents": seed.unit_price_cents, "weight_grams": seed.weight_grams}
    _accepted(call_again("PUT", f"{base_url}/api/products/{seed.product_id}", details), f"store {seed.product_id}")
    restock = f"{base_url}/api/inventory/{seed.product_id}/restock"
    key = {"Idempotency-Key": f"seed-{seed.product_id}"}
    _accepted(call_again("POST", restock, {"quantity": seed.quantity}, key), f"restock {seed.product_id}")


def _await_stock(base_url: str, seed: Seed) -> None:
    """Wait for the stock: a restock is accepted before it has happened, and the first order should find the goods."""
    deadline = time.monotonic() + STOCK_TIMEOUT_S
    while call_again("GET", f"{base_url}/api/inventory/{seed.product_id}").body.get("available", 0) < seed.quantity:
        if time.monotonic() > deadline:
            raise LaunchFailed(f"the stock of {seed.product_id} did not arrive within {STOCK_TIMEOUT_S:.0f} s")
        time.sleep(STOCK_POLL_INTERVAL_S)


def _accepted(answer: Answer, what: str) -> Answer:
    if not answer.ok:
        raise LaunchFailed(f"the app did not {what}: {answer.status} {answer.body}")
    return answer
