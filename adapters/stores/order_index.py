"""The index rows of an order, by which lists find it: they stand in the partition of its row and are written with it.

One transaction writes the row and its index rows, all or none: they cannot differ, whenever a process dies. Each index row is a
copy of what lists show and filter by, so a list reads no other row. Its key is `$INDEX|VALUE|TIME|ORDER`, TIME being the later the
smaller: a range of keys is the orders of a value, newest first. An order that has ended has one more, by the time of its end:
the oldest first.

An order's partition comes from a digest of its id. A list reads the range of every partition and merges them.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zlib import crc32

from domain.ids import digest_id
from domain.orders.listing import OrderFilter
from domain.orders.order import ENDED, ENDS, Order, OrderProgress
from domain.orders.steps import AUTHORISE_PAYMENT, BUY_LABEL

PARTITIONS: Final = tuple(f"order-{number}" for number in range(8))
"""Eight of 2,000 rows a second each are what an account can take. A stored order stays where it is: never change this."""

_SHOWN: Final = ("customer_id", "status", "total_cents", "currency", "placed_at", "updated_at")
_FILTERED: Final = ("email_digest", "products", "payment_id", "tracking_code")
_OF_END: Final = ("ended_at", "payment_provider")
_INDEX: Final = "$"
OPEN_PARCELS: Final = f"{_INDEX}open-parcel|"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_CHARS: Final = 14
_END_OF_TIME: Final = 16**_TIME_CHARS - 1
# A key takes no slash of either kind, `#` or `?`, and no list can ask for a code of another form: it has no row of its own.
_IN_KEYS: Final = re.compile(r"[A-Za-z0-9]{1,50}")
# In ascending order, and without digits: a long row of digits could look like a card number.
_DIGITS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_HEX_DIGITS: Final = str.maketrans("abcdefghijklmnop", "0123456789abcdef")


def partition_of(order_id: str) -> str:
    """Return the partition of an order, the same for ids that differ in case only."""
    return PARTITIONS[crc32(order_id.lower().encode()) % len(PARTITIONS)]


def facts_of_order(order: Order) -> dict[str, Any]:
    """Return what an order's row keeps for its index."""
    products = "|".join(line.product_id for line in order.lines)
    return {"email_digest": email_digest(order.email), "products": f"|{products}|", "listed_at": order.placed_at}


def facts_of_progress(progress: OrderProgress) -> dict[str, Any]:
    """Return what an order's row keeps for its index once the payment and the parcel have their ids."""
    facts: dict[str, Any] = {}
    for entry in progress.steps:
        if entry.step == AUTHORISE_PAYMENT and entry.reference:
            facts["payment_id"] = entry.reference
        elif entry.step == BUY_LABEL and entry.reference:
            facts["parcel_code"] = entry.reference
            if _IN_KEYS.fullmatch(entry.reference):
                facts["tracking_code"] = entry.reference.upper()
    return facts


def index_rows(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the index rows of an order's row, by row key: none of one that is purged."""
    if row.get("purged_at") is not None:
        return {}
    copied = {name: row[name] for name in (*_SHOWN, *_FILTERED) if row.get(name) is not None}
    entity = {"PartitionKey": row["PartitionKey"], "order_id": row["RowKey"], **copied}
    end = f"{inverse_time(row['listed_at'])}|{row['RowKey']}"
    keys = [f"{prefix}{end}" for prefix in _prefixes(copied)]
    rows = {key: {**entity, "RowKey": key} for key in keys}
    if row.get("ended_at") is not None and row["status"] in ENDED:
        key = f"{ended_prefix(row['ended_at'])}{row['RowKey']}"
        known = {name: row[name] for name in _OF_END if row.get(name) is not None}
        rows[key] = {**entity, **known, "RowKey": key}
    return rows | open_parcel(row)


def is_index_row(row: Mapping[str, Any]) -> bool:
    """Return whether a row is one by which lists find an order."""
    return str(row["RowKey"]).startswith(_INDEX)


def ended_prefix(at: datetime) -> str:
    """Return how the key begins of an order that ended then: these keys are in the order of time, the oldest first."""
    return f"{_prefix('ended')}{_time(at)}|"


def prefix_of(wanted: OrderFilter) -> str:
    """Return how the keys begin of the index with the fewest rows for a filter."""
    if wanted.payment_id is not None:
        return _prefix("payment", digest_id(wanted.payment_id))
    if wanted.tracking_code is not None:
        return _prefix("parcel", wanted.tracking_code.upper())
    if wanted.email is not None:
        return _prefix("email", email_digest(wanted.email))
    if wanted.customer_id is not None:
        return _prefix("customer", wanted.customer_id)
    # Orders stay in an end for good, while few are in any other status at a time: fewer than a product may have.
    if wanted.status is not None and (wanted.product_id is None or wanted.status not in ENDS):
        return _prefix("status", wanted.status)
    return _prefix("all") if wanted.product_id is None else _prefix("product", wanted.product_id)


def wanted_values(wanted: OrderFilter) -> dict[str, str]:
    """Return the values that a filter wants, the times apart, by the property of the row."""
    values = {
        "customer_id": wanted.customer_id,
        "status": None if wanted.status is None else str(wanted.status),
        "email_digest": None if wanted.email is None else email_digest(wanted.email),
        "product_id": wanted.product_id,
        "payment_id": wanted.payment_id,
        "tracking_code": None if wanted.tracking_code is None else wanted.tracking_code.upper(),
    }
    return {name: value for name, value in values.items() if value is not None}


def email_digest(address: str) -> str:
    """Return an address in the form in which it stands in keys. It keeps the address out of logs of keys; it is no secret."""
    return digest_id(address.casefold())


def inverse_time(at: datetime) -> str:
    """Return a word for a time, the smaller the later, to the microsecond."""
    return _word(_END_OF_TIME - _micros(at))


def micros_of(word: str) -> int:
    """Return the number of the word with which a text begins: of a time its microseconds, of an inverse one what is left of all."""
    return int(word[:_TIME_CHARS].translate(_HEX_DIGITS), 16)


def word_of(micros: int) -> str:
    """Return the word of such a number, or of the largest one."""
    return _word(min(micros, _END_OF_TIME))


def _time(at: datetime) -> str:
    """Return a word for a time, the smaller the earlier, to the microsecond."""
    return _word(_micros(at))


def _micros(at: datetime) -> int:
    since = at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return min(max(micros, 0), _END_OF_TIME)


def _word(number: int) -> str:
    return f"{number:0{_TIME_CHARS}x}".translate(_DIGITS)


def silent_before(time: datetime) -> tuple[str, str]:
    """Return the range of keys of the open parcels of which nothing was reported since then, the longest silent one first."""
    return OPEN_PARCELS, f"{OPEN_PARCELS}{_time(time)}"


def silent_since(key: str) -> datetime:
    """Return the time in the key of an open parcel's index row: when it was last reported or polled."""
    return _EPOCH + timedelta(microseconds=micros_of(key.removeprefix(OPEN_PARCELS)))


def open_parcel(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the index row of a parcel that is on its way, by which the timer finds it once nothing is reported of it."""
    if row.get("parcel_reported_at") is None or row.get("parcel_code") is None:
        return {}
    if row.get("parcel_has_arrived") or row.get("parcel_forgotten"):
        return {}
    key = f"{OPEN_PARCELS}{_time(row['parcel_reported_at'])}|{row['RowKey']}"
    copied = {name: row[name] for name in ("parcel_code", "tracking", "listed_at") if row.get(name) is not None}
    return {key: {"PartitionKey": row["PartitionKey"], "RowKey": key, "order_id": row["RowKey"], **copied}}


def filter_digest(wanted: OrderFilter) -> str:
    """Return what binds a cursor to its filter."""
    return hashlib.sha256(str(wanted).encode()).hexdigest()[:16]


def _prefixes(copied: Mapping[str, Any]) -> Iterator[str]:
    yield _prefix("all")
    yield _prefix("status", copied["status"])
    if "customer_id" in copied:
        yield _prefix("customer", copied["customer_id"])
    if "email_digest" in copied:
        yield _prefix("email", copied["email_digest"])
    for product_id in filter(None, copied.get("products", "").split("|")):
        yield _prefix("product", product_id)
    if "payment_id" in copied:
        yield _prefix("payment", digest_id(copied["payment_id"]))
    if "tracking_code" in copied:
        yield _prefix("parcel", copied["tracking_code"])


def _prefix(index: str, value: str = "") -> str:
    return f"{_INDEX}{index}|{value}|"
