"""The steps at the inventory that are no steps of an order."""

from typing import Final

RESTOCK_INVENTORY: Final = "restock_inventory"
