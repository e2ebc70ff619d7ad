"""Choose what sends mails: Azure Communication Services by identity, any other server by SMTP, or nothing yet.

A repeat carries the same id, so that it is dropped where it is recognised. Neither addresses nor texts are repeated in
errors.
"""

from domain.mail.message import Mail
from domain.ports import Mailer
from domain.workflows.steps import StepResult
from mail_settings import MailSettings


def connect(mail: MailSettings) -> Mailer:
    """Return the mailer that the settings name. The others are not loaded."""
    if mail.endpoint:
        from adapters.mail.azure import AzureMailer

        return AzureMailer.connect(mail.endpoint, mail.client_id, mail.sender)
    if mail.smtp_url:
        from adapters.mail.smtp import SmtpMailer

        return SmtpMailer(mail.smtp_url, mail.sender)
    return NoMailer()


class NoMailer:
    """A `domain.ports.Mailer` for a shop without mails: what it should have sent is dead-lettered, and can be replayed."""

    def send(self, mail: Mail) -> StepResult:
        """Return the fault that has the mail dead-lettered."""
        return StepResult.faulted("mail_not_set_up", "neither MAIL_ENDPOINT nor SMTP_URL is set")
