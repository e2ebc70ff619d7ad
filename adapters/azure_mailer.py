"""Send mails through Azure Communication Services. A repeat carries the same operation id."""

import uuid
from typing import TYPE_CHECKING, Any, Final

from domain.errors import ProviderUnavailable
from domain.mail import Mail
from domain.steps import StepResult

if TYPE_CHECKING:
    from azure.communication.email import EmailClient

ANSWER_S: Final = 20
_OPERATIONS: Final = uuid.UUID("5c1a9ac7-6d0c-4a55-9a10-0d0f2e4a1f3c")
_CONFLICT: Final = 409
_NOT_ABOUT_THIS_MAIL: Final = frozenset({401, 403, 404, 408, 429})


class AzureMailer:
    """The service has taken a mail when it says so; bounces are seen in its own logs."""

    def __init__(self, client: "EmailClient", sender: str) -> None:
        self._client = client
        self._sender = sender

    @classmethod
    def connect(cls, endpoint: str, client_id: str | None, sender: str) -> "AzureMailer":
        """client_id: of the user-assigned identity; None for the default credential."""
        from azure.communication.email import EmailClient
        from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

        credential = ManagedIdentityCredential(client_id=client_id) if client_id else DefaultAzureCredential()
        return cls(EmailClient(endpoint, credential, retry_total=2, read_timeout=ANSWER_S), sender)

    def send(self, mail: Mail) -> StepResult:
        from azure.core.exceptions import AzureError, HttpResponseError

        operation_id = str(uuid.uuid5(_OPERATIONS, mail.message_id))
        message: Any = {
            "senderAddress": self._sender,
            "recipients": {"to": [{"address": address} for address in mail.to]},
            "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
        }
        try:
            self._client.begin_send(message, operation_id=operation_id, polling=False)
        except HttpResponseError as error:
            return _verdict(error.status_code, operation_id)
        except AzureError as error:
            raise ProviderUnavailable(f"the mail service did not answer ({type(error).__name__})") from None
        return StepResult(reference=operation_id)


def _verdict(status: int | None, operation_id: str) -> StepResult:
    if status == _CONFLICT:  # the operation is there: an earlier try was taken
        return StepResult(reference=operation_id)
    if status is None or status >= 500 or status in _NOT_ABOUT_THIS_MAIL:
        raise ProviderUnavailable(f"the mail service did not take the mail ({status})")
    return StepResult.refused("mail_refused", f"the mail service refused the mail ({status})")
