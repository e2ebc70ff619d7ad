"""The steps of a checkout that are operations of the cart. The other has the name of its activity."""

from typing import Final

BEGIN_CHECKOUT: Final = "begin_checkout"
FINISH_CHECKOUT: Final = "finish_checkout"
