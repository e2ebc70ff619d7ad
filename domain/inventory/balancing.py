"""Decide which units travel to the backorders of other shards.

Units travel; reservations and backorders keep their shard. The answer is a plan made from states that may be old by the time it is
carried out: a shard gives what it has then, and the next plan asks for the rest.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import NamedTuple

from domain.inventory.stock import Stock
from domain.inventory.transfers import has_arrived, open_transfers


class Move(NamedTuple):
    """Units that one shard is to give to another one."""

    source: str
    to: str
    quantity: int


def moves_to_backorders(shards: Mapping[str, Stock]) -> list[Move]:
    """Return the moves that fill the backorders which all available units together suffice for.

    The oldest of every shard comes first, then the second oldest, and so on: all units of an order or none. A shard's own units and
    those on their way to it are its backorder's before any are moved.
    """
    own = {key: stock.available for key, stock in shards.items()}
    coming = dict.fromkeys(shards, 0)
    for source, to, transfer in open_transfers(shards):
        if to in coming and not has_arrived(shards, source, to, transfer):
            coming[to] += transfer["quantity"]
    return list(_moves(shards, own, coming))


def _moves(shards: Mapping[str, Stock], own: dict[str, int], coming: dict[str, int]) -> Iterator[Move]:
    for to, quantity in _in_turn(shards):
        others = sorted((key for key in own if key != to), key=lambda key: -own[key])
        missing = max(quantity - own[to] - coming[to], 0)
        if missing > sum(own[key] for key in others):
            continue
        arrived = min(own[to], quantity)
        own[to] -= arrived
        coming[to] -= min(coming[to], quantity - arrived)
        for source in others:
            taken = min(missing, own[source])
            if taken:
                own[source] -= taken
                missing -= taken
                yield Move(source, to, taken)


def _in_turn(shards: Mapping[str, Stock]) -> Iterator[tuple[str, int]]:
    by_shard = ([(key, quantity) for quantity in stock.backordered.values()] for key, stock in shards.items())
    for backorders in zip_longest(*by_shard):
        yield from (each for each in backorders if each is not None)
