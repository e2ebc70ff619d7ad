"""The steps of an expense claim's approval that have names of their own. The others have the names of their activities."""

from typing import Final

NOTIFY_APPROVER: Final = "notify_approver"
WAIT_FOR_DECISION: Final = "wait_for_decision"
NOTIFY_PAYMENT: Final = "notify_payment"
NOTIFY_REJECTION: Final = "notify_rejection"
NOTIFY_TIMEOUT: Final = "notify_timeout"
