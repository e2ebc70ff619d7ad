"""Price what the options of the template add to each order: what passes through them, and what is copied."""

from typing import Final

from scripts.cost import prices, storage
from scripts.cost.backup import copy_requests_per_order
from scripts.cost.deployed import Options
from scripts.cost.line import Line
from scripts.cost.workload import Workload

_ANSWER_KB: Final = 3
"""Of an HTTP function, assumed."""

_PROVIDERS_KB: Final = 60
"""What an order and its parcel exchange with the payment provider and the carrier, assumed."""

_STORAGE_KB: Final = 300
"""What they exchange with the storage account, assumed: their transactions alone were measured at 110."""

_MAIL_KB: Final = 10
"""Of a mail, assumed."""

_COPY_COUNT: Final = 14
_COPIES_PER_MONTH: Final = 30
_KB_PER_GB: Final = 1e6


def traffic(orders: int, stored_orders: float, load: Workload, options: Options) -> list[Line]:
    """Return what a month of orders, and those that are stored already, add to the cost of the options that are chosen."""
    lines = []
    if options.front_door:
        lines.append(_front_door(orders * load.http_executions, options.front_door))
    if options.private:
        lines.append(_through("private endpoints' traffic", orders * _STORAGE_KB, prices.PRIVATE_GB))
    if options.nat_gateway:
        lines.append(_through("NAT gateway's traffic", orders * _PROVIDERS_KB, prices.NAT_GB))
    if options.backup:
        lines += _backup(stored_orders)
    if options.mail:
        lines.append(_mail(orders))
    return lines


def _front_door(requests: int, tier: str) -> Line:
    gigabytes = requests * _ANSWER_KB / _KB_PER_GB
    dollars = requests * prices.FRONT_DOOR[tier].request.dollars + gigabytes * prices.FRONT_DOOR_GB.dollars
    return Line("Front Door's traffic", f"{requests:,} requests, {gigabytes:,.0f} GB", dollars)


def _through(item: str, kilobytes: int, price: prices.Price) -> Line:
    gigabytes = kilobytes / _KB_PER_GB
    return Line(item, f"{gigabytes:,.0f} GB", gigabytes * price.dollars)


def _backup(stored_orders: float) -> list[Line]:
    """Price copies: every row is copied each day, over to another region, and two weeks of copies are kept."""
    copied_gb = stored_orders * storage.STORED_KB / _KB_PER_GB
    transactions = _COPIES_PER_MONTH * stored_orders * copy_requests_per_order()
    kept = copied_gb * _COPY_COUNT * prices.TABLE_GB_MONTH.dollars + transactions * prices.TABLE_OPERATION.dollars
    moved_gb = copied_gb * _COPIES_PER_MONTH
    return [
        Line("copies in another region", f"{copied_gb * _COPY_COUNT:,.0f} GB, {_COPY_COUNT} copies", kept),
        Line("copies' traffic", f"{moved_gb:,.0f} GB", moved_gb * prices.REGION_GB.dollars),
    ]


def _mail(orders: int) -> Line:
    """Price one mail for each order, which is what it gets when nothing fails and no approval is needed."""
    dollars = orders * (prices.MAIL.dollars + _MAIL_KB / _KB_PER_GB * prices.MAIL_GB.dollars)
    return Line("mails", f"{orders:,}, one for each order", dollars)
