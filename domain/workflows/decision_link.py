"""What a link in a mail to an approver says."""

from domain.errors import ShopError
from domain.ids import WorkflowKey
from domain.wire import Email, Timestamp, Wire


class LinkInvalid(ShopError):
    """The link does not come from this shop, or was changed."""


class LinkExpired(ShopError):
    """The link's time has run out."""


class DecisionLink(Wire):
    """Who may decide on what, in which wait.

    Attributes:
        workflow: Of the run that waits.
        key: Of the run; for an order its id.
        expires_at: When the wait is over.
    """

    workflow: str
    key: WorkflowKey
    wait_id: str
    approver: Email
    expires_at: Timestamp
