"""Hand in expense claims, and know their claimants."""

from domain.expenses.claim import ExpenseRequest, WithdrawalRight
from domain.identity import Caller
from domain.ids import EXPENSE_APPROVAL
from domain.refusals import Forbidden
from domain.workflows.decision_link import LinkInvalid
from services.container import services
from services.durable.client import DurableClient
from services.four_eyes import record_requester
from services.workflows.runs import find_run, start_once


class NotTheClaimant(Forbidden):
    """Neither the caller's identity nor a token shows that the claim is theirs."""

    def __init__(self) -> None:
        super().__init__("token_invalid", "Send the withdrawal_token that the answer to the claim contains.")


async def hand_in(
    client: DurableClient, key: str, claim: ExpenseRequest, caller: Caller, *, is_key_secret: bool
) -> str | None:
    """Take a claim in, once however often it is sent.

    Args:
        client: The durable client.
        key: Of the claim.
        claim: What is claimed.
        caller: Who hands it in, and will have no say in whether it is approved.
        is_key_secret: Whether only who handed the claim in can repeat it: under an idempotency key, which the claim shows nowhere.

    Returns:
        The token by which the claimant withdraws the claim. None where the shop signs no links, and for a repeat by anyone who has
        seen the claim.

    Raises:
        RunConflict: Another claim has the key.
        StorageUnavailable: The same request may be sent again.
    """
    await record_requester(key, caller)
    is_new = await start_once(client, EXPENSE_APPROVAL, key, claim)
    if not is_new and not is_key_secret:
        return None
    return services().decision_links.withdrawal_token(WithdrawalRight(claim_id=key, employee_id=claim.employee_id))


async def claimant(client: DurableClient, claim_id: str, token: str | None, caller: Caller) -> str:
    """Return who withdraws a claim: its claimant, by token or by the identity that has the claim's mail address.

    Raises:
        NotTheClaimant: Neither shows it.
        RunNotFound: There is no such claim.
    """
    if token is None:
        if not await is_claimant(client, claim_id, caller):
            raise NotTheClaimant
        return caller.name
    try:
        right = services().decision_links.read_withdrawal(token)
    except LinkInvalid:
        raise NotTheClaimant from None
    if right.claim_id != claim_id:
        raise NotTheClaimant
    return right.employee_id


async def is_claimant(client: DurableClient, claim_id: str, caller: Caller) -> bool:
    """Return whether a claim is the caller's own. Raises RunNotFound."""
    asked = (await find_run(client, EXPENSE_APPROVAL, claim_id)).given.get("request") or {}
    return caller.is_also(asked.get("email"))
