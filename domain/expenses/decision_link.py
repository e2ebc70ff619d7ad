"""What a link in a mail to an approver says."""

from domain.errors import ShopError
from domain.expenses.claim import ExpenseWait
from domain.ids import CustomerId
from domain.wire import Wire
from domain.workflows.run import WorkflowKey


class LinkInvalid(ShopError):
    """The link does not come from this shop, or was changed."""


class LinkExpired(ShopError):
    """The link's time has run out."""


class WithdrawalRight(Wire):
    """What the token says that a claimant gets for handing in a claim."""

    claim_id: WorkflowKey
    employee_id: CustomerId


class DecisionLink(Wire):
    """Who may decide on which claim, in which wait."""

    claim_id: WorkflowKey
    wait: ExpenseWait
