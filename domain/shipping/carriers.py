"""How heavy and how large a parcel may be, by carrier.

USPS: 70 lb, and 130 inches of length and girth together (Ground Advantage; https://pe.usps.com/text/dmm300/201.htm). UPS and
FedEx: 150 lb, 108 inches long, 165 inches of length and girth (https://www.ups.com/us/en/support/shipping-support/
shipping-dimensions-weight, https://www.fedex.com/en-us/service-guide.html). DHL Express: 70 kg and 120 cm a piece
(https://mydhl.express.dhl). As of November 2026.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

CarrierName = Literal["USPS", "UPS", "FedEx", "DHLExpress"]
"""As EasyPost names them."""

DEFAULT_CARRIERS: Final[tuple[CarrierName, ...]] = ("USPS", "UPS", "FedEx")
"""Those that an account at EasyPost has from the start."""

CARRIERS: Final[tuple[CarrierName, ...]] = get_args(CarrierName)


class ParcelLimits(NamedTuple):
    """girth: twice the sum of the two shorter sides."""

    grams: int
    length_mm: int
    length_and_girth_mm: int

    def holds(self, grams: int, sides_mm: Sequence[int] | None) -> bool:
        """Return whether a parcel is within them. sides_mm: its three sides; None when they are not known."""
        if grams > self.grams:
            return False
        if sides_mm is None:
            return True
        short, middle, long = sorted(sides_mm)
        return long <= self.length_mm and long + 2 * (short + middle) <= self.length_and_girth_mm


_LIMITS: Final[dict[CarrierName, ParcelLimits]] = {
    "USPS": ParcelLimits(grams=31_751, length_mm=3_302, length_and_girth_mm=3_302),
    "UPS": ParcelLimits(grams=68_038, length_mm=2_743, length_and_girth_mm=4_191),
    "FedEx": ParcelLimits(grams=68_038, length_mm=2_743, length_and_girth_mm=4_191),
    "DHLExpress": ParcelLimits(grams=70_000, length_mm=1_200, length_and_girth_mm=4_400),
}


def parcel_problem(grams: int, sides_mm: Sequence[int] | None, carriers: Sequence[CarrierName]) -> str | None:
    """Return in words why none of the carriers takes a parcel; None when one of them does."""
    if any(_LIMITS[name].holds(grams, sides_mm) for name in carriers):
        return None
    heaviest = max(_LIMITS[name].grams for name in carriers)
    if grams > heaviest:
        return f"The parcel would weigh {grams} g, and may weigh {heaviest} g ({', '.join(carriers)})"
    return f"The parcel would be too large ({', '.join(carriers)})"
