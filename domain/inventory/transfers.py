"""Move available units between the shards of one product, so that none is lost or doubled.

A transfer has three operations: `give` takes the units out of one shard and keeps them on its record, `take` adds them to the
other, `acknowledge` drops the record. Transfers from one shard to another are numbered, and the next begins only after the last
was acknowledged. So a repeat is known by its number alone, however late it comes, and the memory of it is one number per shard.
Any caller may carry on a transfer that another one has begun.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

from domain.inventory.requests import AcknowledgeRequest, Given, GiveRequest, TakeRequest
from domain.inventory.stock import Stock, Transfer, fill_backorders
from domain.workflows.steps import Outcome, StepResult


def give(stock: Stock | None, request: GiveRequest) -> tuple[Stock | None, Given]:
    """Take units out for another shard: those wanted, or half of what is available if that is more.

    The answer is the transfer; one that was begun before and has not arrived is answered again. Refused: unknown_product.
    """
    if stock is None:
        return None, Given(outcome=Outcome.REFUSED, reason_code="unknown_product")
    under_way = sum(sent["quantity"] for key, sent in stock.sent.items() if key != request.to)
    last = stock.sent.get(request.to, Transfer(number=0, quantity=0))
    if last["quantity"] and last["number"] > request.received:
        return stock, Given(number=last["number"], quantity=last["quantity"], peers=stock.peers, under_way=under_way)
    quantity = min(stock.available, max(request.wanted, stock.available // 2))
    if not quantity:
        return stock, Given(peers=stock.peers, under_way=under_way)
    transfer = Transfer(number=last["number"] + 1, quantity=quantity)
    stock = replace(stock, available=stock.available - quantity, sent={**stock.sent, request.to: transfer})
    return stock, Given(number=transfer["number"], quantity=quantity, peers=stock.peers, under_way=under_way)


def take(stock: Stock | None, request: TakeRequest) -> tuple[Stock, StepResult]:
    """Add the units of a transfer."""
    stock = stock or Stock()
    if request.number <= stock.received.get(request.source, 0):
        return stock, StepResult()
    received = {**stock.received, request.source: request.number}
    return fill_backorders(
        replace(stock, available=stock.available + request.quantity, received=received)
    ), StepResult()


def acknowledge(stock: Stock | None, request: AcknowledgeRequest) -> tuple[Stock | None, StepResult]:
    """Drop the units of a transfer from the record of the shard that gave them; they are in the other one."""
    sent = None if stock is None else stock.sent.get(request.to)
    if stock is None or sent is None or sent["number"] != request.number or not sent["quantity"]:
        return stock, StepResult()
    arrived = Transfer(number=request.number, quantity=0)
    return replace(stock, sent={**stock.sent, request.to: arrived}), StepResult()


def open_transfers(shards: Mapping[str, Stock]) -> list[tuple[str, str, Transfer]]:
    """Return the transfers that are not acknowledged: the shard that gave, the one that takes, and the transfer."""
    return [
        (source, to, transfer)
        for source, stock in shards.items()
        for to, transfer in stock.sent.items()
        if transfer["quantity"]
    ]


def has_arrived(shards: Mapping[str, Stock], source: str, to: str, transfer: Transfer) -> bool:
    """Return whether the units of a transfer are in the shard that takes them."""
    return to in shards and shards[to].received.get(source, 0) >= transfer["number"]


def merged(shards: Mapping[str, Stock]) -> Stock:
    """Return the stocks of a product's shards as one. Units on their way count as available.

    Args:
        shards: By entity key, the product's own first: it has the movements.
    """
    first = next(iter(shards.values()))
    if not first.peers:
        return first
    stocks = shards.values()
    on_their_way = sum(
        transfer["quantity"]
        for source, to, transfer in open_transfers(shards)
        if not has_arrived(shards, source, to, transfer)
    )
    return replace(
        first,
        available=sum(stock.available for stock in stocks) + on_their_way,
        sold=sum(stock.sold for stock in stocks),
        reservations=dict(chain.from_iterable(stock.reservations.items() for stock in stocks)),
        settled=dict(chain.from_iterable(stock.settled.items() for stock in stocks)),
        backordered=dict(chain.from_iterable(stock.backordered.items() for stock in stocks)),
        sent={},
        received={},
    )
