"""The step of a notification that is mailed: as its dead letter has it, and as a replay takes it."""

from typing import Final

MAIL: Final = "mail"
MAIL_NOTIFICATION: Final = "mail_notification"
"""The activity of a replay."""
