"""Store whole numbers in tables with 64 bits: the service's default is 32, and amounts of money can be larger."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.data.tables import EntityProperty


def long(number: int) -> "EntityProperty":
    """Return a number as it is stored with 64 bits."""
    from azure.data.tables import EdmType, EntityProperty

    return EntityProperty(number, EdmType.INT64)


def plain(stored: Any) -> Any:
    """Return what was stored, without its type."""
    from azure.data.tables import EntityProperty

    return stored.value if isinstance(stored, EntityProperty) else stored
