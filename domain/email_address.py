"""Mail addresses as mail servers take them: exactly one, written one way."""

from typing import Final

MAX_ADDRESS_CHARS: Final = 254


class NotAnAddress(ValueError):
    """This is not one mail address."""


def mail_address(text: str) -> str:
    """Return the address as it is kept and written to: the domain in small letters and in ASCII (A-labels), the rest in NFC.

    Every server takes such a domain. A part before the @ outside ASCII stays, and needs a server that offers SMTPUTF8.

    Raises:
        NotAnAddress: it is none, or several, or a trick with headers; or no mail ever gets to such a domain.
    """
    # Loaded by the first address, not by the start.
    from email_validator import EmailNotValidError, validate_email

    if len(text) > MAX_ADDRESS_CHARS:
        raise NotAnAddress
    try:
        found = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise NotAnAddress from None
    # An encoded word (RFC 2047) is another text to a program that decodes the header.
    if "=?" in found.local_part:
        raise NotAnAddress
    return f"{found.local_part}@{found.ascii_domain.lower()}"


def needs_smtputf8(address: str) -> bool:
    """Return whether only a server that offers SMTPUTF8 takes the address."""
    return not address.isascii()
