"""Pages of long lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import ShopError

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. cursor: asks for the next page; None on the last one."""

    items: Sequence[T]
    cursor: str | None


class InvalidCursor(ShopError):
    """The cursor does not come from this list."""

    def __init__(self) -> None:
        super().__init__("cursor: not one that this list has returned")
