"""Who sends mails: Azure Communication Services by identity, any other server by SMTP, or nobody yet.

A repeat carries the same id, so that it is dropped where the receiving side can tell. Neither addresses nor texts are repeated in
errors.
"""

import os
from typing import Protocol

from domain.mail.message import Mail
from domain.workflows.steps import StepResult
from settings import MailSettings, mail_takes_utf8


class Mailer(Protocol):
    """Whatever sends mails."""

    def send(self, mail: Mail) -> StepResult:
        """Refused: mail_refused. Raises ProviderUnavailable when the same mail is worth sending again."""


def connect(mail: MailSettings) -> Mailer:
    """Return the one that the settings ask for. The others are not even loaded."""
    if mail.endpoint:
        from adapters.mail.azure import AzureMailer

        return AzureMailer.connect(mail.endpoint, mail.client_id, mail.sender)
    if mail.smtp_url:
        from adapters.mail.smtp import SmtpMailer

        return SmtpMailer(mail.smtp_url, mail.sender)
    return NoMailer()


def takes_utf8() -> bool:
    """Whether the mail server is said to take addresses outside ASCII."""
    return mail_takes_utf8(os.environ)


class NoMailer:
    """For a shop that has set up no mails yet: what it should have sent is dead-lettered, and can be replayed."""

    def send(self, mail: Mail) -> StepResult:
        """Fault, because no mail service is set up."""
        return StepResult.faulted("mail_not_set_up", "neither MAIL_ENDPOINT nor SMTP_URL is set")
