"""What the Python worker takes for a generic type: what `typing` makes, not what a built-in class makes of itself.

`typing.List[str]` is one and `list[str]` is not, so the worker accepts the first where it refuses the second.
"""

from __future__ import annotations

import collections.abc
from typing import (  # type: ignore[attr-defined]  # the worker asks these two, and no public name stands for them
    Any,
    ClassVar,
    Generic,
    Union,
    _GenericAlias,
    _SpecialGenericAlias,
)

_SPECIAL = (Union, tuple, ClassVar, collections.abc.Callable)


def is_generic(annotation: Any) -> bool:
    """Return whether the worker takes the annotation for a generic type."""
    if isinstance(annotation, type):
        return issubclass(annotation, Generic)
    return isinstance(annotation, _GenericAlias | _SpecialGenericAlias) and annotation.__origin__ not in _SPECIAL


def origin_of(annotation: Any) -> Any:
    """Return what was subscripted, such as `Out` of `Out[str]`; None for an annotation without a subscript."""
    if isinstance(annotation, _GenericAlias):
        return None if annotation.__origin__ is ClassVar else annotation.__origin__
    return Generic if annotation is Generic else None


def arguments_of(annotation: Any) -> tuple[Any, ...]:
    """Return what stands in the subscript."""
    return annotation.__args__ if isinstance(annotation, _GenericAlias) else ()
