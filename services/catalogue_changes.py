"""Save a product only in the place of the one that its editor has seen: of two editors the second is refused."""

from collections.abc import Callable

from domain.catalogue.product import Product
from domain.refusals import Conflict
from services.container import services


class ProductChanged(Conflict):
    """Another change came first.

    Attributes:
        present: The product as it is now; None when there is none.
    """

    def __init__(self, present: Product | None) -> None:
        super().__init__("product_changed", "The product is not, or no longer, the one that was to be replaced.")
        self.present = present


def save_product(product: Product, is_expected: Callable[[Product | None], bool]) -> Product | None:
    """Store a product in the place of the one that is expected there; return that one. It blocks: for a thread.

    A repeat of what was saved already changes nothing.

    Args:
        product: The product.
        is_expected: Whether this may be replaced; None stands for no product.

    Raises:
        ProductChanged: Another product is there.
        StorageUnavailable: The same request may be sent again.
    """
    catalogue = services().catalogue
    present = catalogue.get(product.product_id)
    if present == product:
        return present
    if not is_expected(present):
        raise ProductChanged(present)
    if not catalogue.try_put(product, present):
        raise ProductChanged(catalogue.get(product.product_id))
    return present
