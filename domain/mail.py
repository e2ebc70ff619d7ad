"""A mail, ready to be sent."""

from typing import Annotated

from pydantic import Field

from domain.wire import Email, Wire


class Mail(Wire):
    """message_id: the same on every retry. subject: one line. text, html: the same said twice."""

    message_id: str
    to: Annotated[tuple[Email, ...], Field(min_length=1)]
    subject: Annotated[str, Field(max_length=200, pattern=r"^[^\r\n]+$")]
    text: str
    html: str
