"""Every provider operation of an order fails in every way: once, as often as it is tried, and for ever.

One table holds how each of these orders ends; whatever is left open is then replayed, and closes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from domain.ids import order_instance_id
from orchestrators.kernel.retry import PERSISTENT, STEP, RetryPolicy
from sandbox.testing import Sandbox
from tests.invariants.order_cases import UNDELIVERABLE
from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.order_requests import order_request
from tests.support.patience import tries
from tests.support.shop import Shop, running_shop, use_settings

FAULTS: dict[str, dict[str, Any]] = {
    "drop_before": {"kind": "drop_before"},
    "drop_after": {"kind": "drop_after"},
    "429": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "html": {"kind": "html"},
    "fail_after": {"kind": "fail_after"},
    "refuse": {"kind": "refuse"},
}


class End(NamedTuple):
    """money: none, held, voided, taken or refunded. label: none, bought or returned. step: outcome of the one that went wrong."""

    status: str
    reason: str | None
    money: str
    label: str
    step: str


Ends = tuple[End, End, End]
"""After a fault that comes once, as often as the policy tries, and for ever."""

PAID = End("completed", None, "taken", "bought", "done")


def failed(money: str, label: str, reason: str = "no_answer", step: str = "unknown") -> End:
    return End("failed", reason, money, label, step)


def one_then(once: End, longer: End) -> Ends:
    return once, longer, longer


def always(end: End) -> Ends:
    return end, end, end


def kept(ends: Ends) -> Ends:
    """Return how often an operation fails.

    Stripe keeps its own failures under their keys, so each attempt meets all earlier ones again before its own: they count, and the
    fault is over before the policy is.
    """
    return ends[0], ends[0], ends[2]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """step: the ledger's name of what calls it. policy: of its retries. changes, settings: what makes an order get there."""

    step: str
    policy: RetryPolicy = STEP
    changes: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    ends: Mapping[str, Ends]


def compensation(step: str, compensated: End, still_open: End, *, has_keys: bool, **order: Any) -> Operation:
    """Return a compensation that fails leaves the order open; one that acts is found to have acted by its next attempt."""
    refused = still_open._replace(step="faulted")
    silent = one_then(compensated, still_open)
    ends = {
        "drop_before": silent,
        "drop_after": always(compensated),
        "429": silent,
        "500": kept(silent) if has_keys else silent,
        "html": silent,
        "fail_after": always(compensated),
        "refuse": always(refused),
    }
    return Operation(step=step, policy=PERSISTENT, ends=ends, **order)


# The compensation, too, has to make the payment, to know that no late request can: so `create` for ever leaves it open.
NEVER_MADE = (PAID, failed("none", "none"), End("needs_attention", "no_answer", "none", "none", "unknown"))
NOTHING_HELD = one_then(PAID, failed("none", "none"))
NOT_TAKEN = one_then(PAID, failed("voided", "returned"))
NO_PARCEL = one_then(PAID, failed("voided", "none"))

OF_THE_CARRIER = {
    "drop_before": NO_PARCEL,
    "drop_after": always(PAID),
    "429": NO_PARCEL,
    "500": NO_PARCEL,
    "html": NO_PARCEL,
    "fail_after": always(PAID),
    "refuse": always(failed("voided", "none", "carrier_request_refused", "faulted")),
}

TABLE: dict[str, Operation] = {
    "payment_intents.create": Operation(
        step="authorise_payment",
        ends={
            "drop_before": NEVER_MADE,
            "drop_after": NEVER_MADE,
            "429": NEVER_MADE,
            "500": kept(NEVER_MADE),
            "html": NEVER_MADE,
            "fail_after": kept(NEVER_MADE),
        },
    ),
    "payment_intents.confirm": Operation(
        step="authorise_payment",
        ends={
            "drop_before": NOTHING_HELD,
            "drop_after": one_then(PAID, failed("voided", "none")),
            "429": NOTHING_HELD,
            "500": kept(NOTHING_HELD),
            "html": NOTHING_HELD,
            "fail_after": always(PAID),
            "refuse": always(End("rejected", "payment_declined", "none", "none", "refused")),
        },
    ),
    "payment_intents.capture": Operation(
        step="capture_payment",
        ends={
            "drop_before": NOT_TAKEN,
            "drop_after": one_then(PAID, failed("refunded", "returned")),
            "429": NOT_TAKEN,
            "500": kept(NOT_TAKEN),
            "html": NOT_TAKEN,
            "fail_after": always(PAID),
            "refuse": always(failed("voided", "returned", "payment_request_refused", "faulted")),
        },
    ),
    "shipments.create": Operation(step="create_shipment", ends=OF_THE_CARRIER),
    "shipments.buy": Operation(step="buy_label", ends=OF_THE_CARRIER),
    "payment_intents.cancel": compensation(
        "cancel_payment",
        End("rejected", "undeliverable", "voided", "none", "done"),
        End("needs_attention", "undeliverable", "held", "none", "unknown"),
        has_keys=True,
        changes={"ship_to": UNDELIVERABLE},
    ),
    "refunds.create": compensation(
        "cancel_payment",
        End("rejected", "undeliverable", "refunded", "none", "done"),
        End("needs_attention", "undeliverable", "taken", "none", "unknown"),
        has_keys=True,
        changes={"ship_to": UNDELIVERABLE},
        settings={"PAYMENT_CAPTURE": "immediate"},
    ),
    "shipments.refund": compensation(
        "cancel_shipping",
        End("rejected", "authorisation_expired", "voided", "returned", "done"),
        End("needs_attention", "authorisation_expired", "voided", "bought", "unknown"),
        has_keys=False,
        changes={"payment": {"payment_method": "pm_sandbox_authorisationExpires"}},
    ),
}


@pytest.mark.parametrize("name", TABLE)
async def test_an_order_ends_as_the_table_says(monkeypatch, storage_connection, sandbox, name: str):
    operation = TABLE[name]
    use_settings(monkeypatch, storage_connection, sandbox, **operation.settings)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 100)
        expected = await place_every_order(shop, name, operation)
        await finish(shop)
        assert await ends_of(shop, expected, operation.step) == expected
        sandbox.clear_faults()
        await replay_what_is_open(shop)
        closed = {row: end._replace(**CLOSED[name]) for row, end in expected.items() if end.status == "needs_attention"}
        assert await ends_of(shop, expected, operation.step) == expected | closed


CLOSED: dict[str, dict[str, str]] = {
    "payment_intents.create": {"status": "failed"},
    "payment_intents.cancel": {"status": "rejected", "money": "voided", "step": "done"},
    "refunds.create": {"status": "rejected", "money": "refunded", "step": "done"},
    "shipments.refund": {"status": "rejected", "label": "returned", "step": "done"},
}
"""What a replay changes of the orders that needed attention, once the provider is well again."""


async def place_every_order(shop: Shop, name: str, operation: Operation) -> dict[str, End]:
    """One order per fault and how often it comes; gives how each must end."""
    expected = {}
    for fault, ends in operation.ends.items():
        for how_often, end in zip(("once", "as-often-as-tried", "for-ever"), ends, strict=True):
            row = f"{fault}-{how_often}"
            as_often = tries(operation.policy, f"{order_instance_id(row)}:{operation.step}")
            turn = {"once": {"next": 1}, "as-often-as-tried": {"next": as_often}, "for-ever": {}}[how_often]
            shop.sandbox.fault(operation=name, order_id=row, **FAULTS[fault], **turn)
            assert (await shop.post("orders", order_request(order_id=row, **operation.changes))).status == 202
            expected[row] = end
    return expected


async def ends_of(shop: Shop, rows: Mapping[str, End], step: str) -> dict[str, End]:
    """How the orders have ended. Raises AssertionError unless the books balance."""
    orders = await assert_balanced(shop, {"mug": 100}, {row: {"mug": 2} for row in rows})
    return {
        row: End(
            status=order["status"],
            reason=order["reason_code"],
            money=money(shop.sandbox, row),
            label=label(shop.sandbox, row),
            step=[entry["outcome"] for entry in order["steps"] if entry["step"] == step][-1],
        )
        for row, order in orders.items()
    }


async def replay_what_is_open(shop: Shop) -> None:
    for dead_letter in await open_dead_letters(shop):
        assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    await shop.host.run_until_idle()
    assert await open_dead_letters(shop) == []


def money(sandbox: Sandbox, order_id: str) -> str:
    """Where the customer's money is."""
    payments = sandbox.payments(order_id)
    authorised, captured, refunded, voided = (
        sum(payment[amount] for payment in payments) for amount in ("authorised", "captured", "refunded", "voided")
    )
    if not authorised:
        return "none"
    if captured:
        return "refunded" if refunded == captured else "taken"
    return "voided" if voided == authorised else "held"


def label(sandbox: Sandbox, order_id: str) -> str:
    """Return what became of the order's parcel label."""
    bought = [parcel for parcel in sandbox.parcels(order_id) if parcel["label_bought"]]
    if not bought:
        return "none"
    return "bought" if any(parcel["label_active"] for parcel in bought) else "returned"
