"""A mail, ready to be sent."""

from typing import Annotated

from pydantic import Field

from domain.wire import VISIBLE_LINE, EmailAddress, Wire


class Mail(Wire):
    """message_id: the same on every retry. subject: one line. text, html: the same content in two forms."""

    message_id: str
    to: Annotated[tuple[EmailAddress, ...], Field(min_length=1)]
    subject: Annotated[str, Field(min_length=1, max_length=200), VISIBLE_LINE]
    text: str
    html: str
