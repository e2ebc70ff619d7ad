"""Ids in the shapes the providers use, so that SDKs which look at prefixes recognise them."""

import secrets


def stripe_id(prefix: str) -> str:
    """Return an id such as `pi_3…`: prefix and 24 characters."""
    return f"{prefix}_{secrets.token_hex(12)}"


def easypost_id(prefix: str) -> str:
    """Return an id such as `shp_…`: prefix and 32 hex characters; the EasyPost SDK chooses its class by the prefix."""
    return f"{prefix}_{secrets.token_hex(16)}"


def tracking_code() -> str:
    """Return 22 digits, as a USPS label has."""
    return f"94001{secrets.randbelow(10**17):017d}"
