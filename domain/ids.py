"""Every id and key of the system, each made in one place.

Instance ids share one task hub. An order's instance id is its order id, so that clients of the Durable management API need
no translation; every other workflow's id contains a `.`, which an order id cannot, so no caller can name an order onto it.
"""

import hashlib
import re
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.cards import looks_like_card_number
from domain.wire import in_words

PLAIN_ID: Final = in_words("Must be 1 to 64 ASCII letters, digits, - and _, and begin with a letter or digit")

_PLAIN_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"

OrderId = Annotated[str, Field(pattern=_PLAIN_ID), PLAIN_ID]
ProductId = Annotated[str, Field(pattern=_PLAIN_ID), PLAIN_ID]
CustomerId = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"),
    in_words("Must be 1 to 64 ASCII letters, digits, and any of - _ . : and begin with a letter or digit"),
]

InvoiceNumber = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}-[0-9]{6,12}$"),
    in_words("Must be an invoice's number: the customer's id, a dash and at least six digits"),
]
"""The number of an invoice: `ada-000001`. A credit note's has a C before its digits."""

DriftId = Annotated[str, Field(pattern=r"^[a-p]{40}$")]
"""Names one difference between a provider's payments and the orders."""

ContainerName = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
"""A container of blobs."""

Namespace = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$")]
"""The owner of orders at providers whose account several programs use: `shop.hub`. Empty: no other program uses it."""

WorkflowKey = Annotated[str, Field(pattern=_PLAIN_ID), PLAIN_ID]
"""The id of one run of a workflow, unique among the runs of that workflow."""

Version = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4}){1,2}$"),
    in_words("Must be two or three numbers with points between them"),
]
"""The version that an orchestrator's instance is started on, as host.json's `defaultVersion` and `context.version` have it."""

INVENTORY_ENTITY = "inventory"
"""The entity of the stock of a product, or of a shard of it; its keys are `stock_key`s."""

PROCESS_ORDER: Final = "process_order"
"""The workflow of an order; the key of its run is the order's id."""

EXPENSE_APPROVAL: Final = "expense_approval"
"""The workflow of an expense claim."""

_LETTERS = str.maketrans("0123456789", "ghijklmnop")

PaymentOperation = Literal["create", "authorise", "capture", "void", "refund"]


def is_order_id(text: str | None) -> bool:
    """Return whether an order may have this id."""
    return text is not None and re.fullmatch(_PLAIN_ID, text) is not None and not looks_like_card_number(text)


def stock_key(product_id: str, shard: int) -> str:
    """Return the entity key of a product's shard, from 0. The first has the product's id, as a product that is not split."""
    return product_id if shard == 0 else f"{product_id}.{shard}"


def product_of_stock(key: str) -> str:
    """Return the product of a `stock_key`. A product id has no dot."""
    return key.partition(".")[0]


def order_instance_id(order_id: str) -> str:
    """Return the instance id of an order, its own: a second start is refused while the first runs."""
    return order_id


def instance_id_of(workflow: str, key: str) -> str:
    """Return the id of the only instance of a workflow's run. The `.` keeps it apart from every order's."""
    return order_instance_id(key) if workflow == PROCESS_ORDER else f"{workflow}.{key}"


def dead_letter_instance_id(dead_letter_id: str, attempt: int) -> str:
    """Return the instance id of one replay of a dead letter; attempts count from 1."""
    return f"replay.{dead_letter_id}.{attempt}"


def new_order_id(now: datetime, entropy: bytes) -> str:
    """Return an order id that sorts by time.

    Args:
        now: The time, in UTC.
        entropy: At least 8 random bytes.
    """
    return f"ord-{int(now.timestamp() * 1000):011x}-{entropy[:8].hex()}"


def order_id_for_key(idempotency_key: str) -> str:
    """Return the order id of an `Idempotency-Key` header: the same on every repeat, and never the key itself."""
    return f"key-{digest_id(idempotency_key)}"


def digest_id(text: str) -> str:
    """Return the digest of a text as 40 letters, because digits could look like a card number."""
    return hashlib.sha256(text.encode()).hexdigest()[:40].translate(_LETTERS)


def provider_reference(namespace: str, order_id: str) -> str:
    """Name an order at a provider: `shop.hub.order-1`. An order id holds no dot, so two orders never share a name."""
    return f"{namespace}.{order_id}" if namespace else order_id


def order_of_reference(namespace: str, reference: str | None) -> str | None:
    """Return the order that a provider knows by this name; None for a name of another program, or none."""
    prefix = provider_reference(namespace, "")
    if reference is None or not reference.startswith(prefix):
        return None
    order_id = reference.removeprefix(prefix)
    return order_id if order_id and "." not in order_id else None


def payment_key(order_id: str, operation: PaymentOperation, namespace: str = "") -> str:
    """Return the idempotency key of one payment operation of one order: the same on every retry."""
    return f"{provider_reference(namespace, order_id)}:{operation}"


def dead_letter_id(instance_id: str, step: str) -> str:
    """Return the id of a step's dead letter: one per run and step, so that the same failure is stored once."""
    return f"{instance_id}.{step}"


def dead_letter_prefixes(workflow: str, key: str) -> tuple[str, str]:
    """Return how the ids of a run's dead letters begin: those of its steps, and those of its mails.

    Those of mails are shared by the runs of all workflows that have this key.
    """
    return dead_letter_id(instance_id_of(workflow, key), ""), mail_dead_letter_id(notification_id(key, ""))


def mail_dead_letter_id(message_id: str) -> str:
    """Return the id of the dead letter of a mail. It is not named as a step: no run ends by it."""
    return f"mail.{message_id}"


def notification_id(order_id: str, kind: str) -> str:
    """Return the id of a notification: one per order and kind, so that a mail provider can drop a repeat."""
    return f"{order_id}.{kind}"
