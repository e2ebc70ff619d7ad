"""Send mails through Azure Communication Services.

A mail's operation id comes from its message id, and is the same on every try. What the library sends again by itself, because an
answer was lost, the service drops: it knows it by its repeatability headers, for five minutes.
"""

import uuid
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from domain.errors import ProviderUnavailable
from domain.mail.message import Mail
from domain.workflows.steps import StepResult

if TYPE_CHECKING:
    from azure.communication.email import EmailClient

ANSWER_TIMEOUT_S: Final = 20
_OPERATIONS: Final = uuid.UUID("5c1a9ac7-6d0c-4a55-9a10-0d0f2e4a1f3c")
# Our access, their load, and an earlier try that is still under way: nothing about the mail itself.
_NOT_ABOUT_THIS_MAIL: Final = frozenset({401, 403, 404, 408, 409, 412, 429})


class AzureMailer:
    """A `domain.ports.Mailer`. The service delivers what it has accepted; bounces are in its own logs."""

    def __init__(self, client: "EmailClient", sender: str) -> None:
        self._client = client
        self._sender = sender

    @classmethod
    def connect(cls, endpoint: str, client_id: str | None, sender: str) -> "AzureMailer":
        """Connect by identity. client_id: of the user-assigned one; None for the default credential."""
        from azure.communication.email import EmailClient
        from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

        credential = ManagedIdentityCredential(client_id=client_id) if client_id else DefaultAzureCredential()
        return cls(EmailClient(endpoint, credential, retry_total=2, read_timeout=ANSWER_TIMEOUT_S), sender)

    def send(self, mail: Mail) -> StepResult:
        """Hand a mail over to the service. The reference is the operation's id."""
        from azure.core.exceptions import AzureError, HttpResponseError

        operation_id = str(uuid.uuid5(_OPERATIONS, mail.message_id))
        message: Any = {
            "senderAddress": self._sender,
            "recipients": {"to": [{"address": address} for address in mail.to]},
            "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
        }
        try:
            self._client.begin_send(message, operation_id=operation_id, polling=False, headers=_repeatability())
        except HttpResponseError as error:
            return _verdict(error.status_code)
        except AzureError as error:
            raise ProviderUnavailable(f"the mail service did not answer ({type(error).__name__})") from None
        return StepResult(reference=operation_id)


def _repeatability() -> dict[str, str]:
    """Of one call; the library repeats it with the same ones. The two belong together, so a later call has its own."""
    return {
        "Repeatability-Request-ID": str(uuid.uuid4()),
        "Repeatability-First-Sent": format_datetime(datetime.now(UTC), usegmt=True),
    }


def _verdict(status: int | None) -> StepResult:
    if status is None or status >= 500 or status in _NOT_ABOUT_THIS_MAIL:
        raise ProviderUnavailable(f"the mail service did not take the mail ({status})")
    return StepResult.refused("mail_refused", f"the mail service refused the mail ({status})")
