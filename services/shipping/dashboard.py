"""Where a person looks a shipment up: on the carrier's own pages."""

from typing import Final

from services.container import services

_KEYS: Final = ("EZTK", "EZAK")
# EasyPost documents no address of one shipment: this is the list, which finds it by its id.
_SHIPMENTS: Final = "https://www.easypost.com/account/shipments"


def shipments_address() -> str | None:
    """Return the address of the list of shipments; None where the key is no EasyPost key, or a stand-in takes its place."""
    settings = services().settings
    is_at_easypost = settings.easypost_api_base is None and settings.easypost_api_key.startswith(_KEYS)
    return _SHIPMENTS if is_at_easypost else None
