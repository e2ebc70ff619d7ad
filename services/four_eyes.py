"""Four eyes: who placed an order or claimed expenses has no say in whether it is approved.

Names come from identities. So a caller without one, such as a storefront by its key, is not recorded; the mail address of the order
or claim is held against the approver's as well.
"""

import asyncio

from domain.identity import Caller
from domain.refusals import Forbidden
from services.container import services


class OwnRequest(Forbidden):
    """The approver has placed the order, or claimed the expenses."""

    def __init__(self) -> None:
        super().__init__("own_request", "An order or claim is not decided on by the caller who made it.")


async def record_requester(key: str, caller: Caller) -> None:
    """Record, before a run is taken in, who asks for it. Each who tries is recorded, and a repeat changes nothing.

    Raises:
        StorageUnavailable: The same request may be sent again.
    """
    if caller.is_named:
        await asyncio.to_thread(services().approvals.record_requester, key, caller.name)


async def check_requester(key: str, approver: str, *addresses: str) -> None:
    """Check that an approver does not decide on a request of their own.

    Args:
        key: Of the run.
        approver: The name or mail address.
        addresses: Mail addresses of the customer or claimant.

    Raises:
        OwnRequest: They do.
        StorageUnavailable: The same request may be sent again.
    """
    is_addressee = approver.casefold() in {address.casefold() for address in addresses}
    if is_addressee or await asyncio.to_thread(services().approvals.is_requester, key, approver):
        raise OwnRequest
