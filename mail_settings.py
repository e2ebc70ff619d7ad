"""How mails leave, and which addresses they go to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import setting_values as read
from setting_values import InvalidSetting


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """How mails leave: through Azure Communication Services by identity (endpoint), or by SMTP (smtp_url), or not at all.

    Attributes:
        sender: The address that mails come from.
        endpoint: Of Azure Communication Services.
        smtp_url: `smtp://user:password@host:587` (STARTTLS where offered), or `smtps://` for TLS from the first byte.
        client_id: Of the user-assigned identity that sends; None for the default credential.
    """

    sender: str = "shop@localhost"
    endpoint: str | None = None
    smtp_url: str | None = field(default=None, repr=False)
    client_id: str | None = None


def mail_settings(env: Mapping[str, str]) -> MailSettings:
    """Return how mails leave.

    Raises:
        InvalidSetting: A setting is not of its form, or two ways are named at once.
    """
    endpoint, smtp_url = read.optional(env, "MAIL_ENDPOINT"), read.optional_secret(env, "SMTP_URL")
    if endpoint and not endpoint.startswith("https://"):
        raise InvalidSetting("MAIL_ENDPOINT", "must be an https address")
    if endpoint and smtp_url:
        raise InvalidSetting("SMTP_URL", "must be empty when MAIL_ENDPOINT is set")
    if smtp_url and not read.names_a_host(smtp_url, ("smtp", "smtps")):
        raise InvalidSetting("SMTP_URL", "must be of the form smtp://user:password@host:port, or smtps://")
    return MailSettings(
        sender=read.optional(env, "MAIL_FROM") or MailSettings.sender,
        endpoint=endpoint,
        smtp_url=smtp_url,
        client_id=read.optional(env, "SHOP_STORAGE__clientId"),
    )


def mail_takes_utf8(env: Mapping[str, str]) -> bool:
    """Return whether mail addresses outside ASCII (before the @) are accepted, for which the mail server must offer SMTPUTF8.

    It is read by itself, because every request is checked with it.

    Raises:
        InvalidSetting: The setting is wrong.
    """
    return read.yes(env, "MAIL_SMTPUTF8")
