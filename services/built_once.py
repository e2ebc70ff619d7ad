"""A part of a container that is built when it is first used."""

from collections.abc import Callable
from threading import RLock
from typing import Any, Final, Generic, Self, TypeVar, overload

T = TypeVar("T")

# Activities ask from several threads. One lock for all parts, as one part asks for others; to build one takes milliseconds.
_BUILDING: Final = RLock()


class built_once(Generic[T]):
    """A property that is computed once per object, whichever thread asks first.

    `functools.cached_property` takes no lock from Python 3.12 on: two threads would get two objects.
    """

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, container: None, owner: type) -> Self: ...

    @overload
    def __get__(self, container: object, owner: type) -> T: ...

    def __get__(self, container: object | None, owner: type) -> Self | T:
        if container is None:
            return self
        with _BUILDING:
            # Kept where an attribute is looked up before this descriptor is: later uses take no lock.
            built: dict[str, T] = vars(container)
            if self._name not in built:
                built[self._name] = self._build(container)
            return built[self._name]
