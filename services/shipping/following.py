"""Have parcels known by their tracking codes, by which the carrier's reports find their orders."""

from domain.shipping.parcels import Parcel
from services.container import services


def follow(parcel: Parcel) -> bool:
    """Have an order known by its parcel. Return whether it is: nothing is kept of an order that is erased or purged.

    Raises:
        StorageUnavailable: A table did not answer.
    """
    parts = services()
    if parts.open_parcels.is_forgotten(parcel.order_id):
        return False
    parts.parcels.add(parcel)
    # An erasure marks the order before it deletes the parcel: one that came in between has left this one behind.
    if parts.open_parcels.is_forgotten(parcel.order_id):
        parts.parcels.remove(parcel.code, parcel.order_id)
        return False
    return True
