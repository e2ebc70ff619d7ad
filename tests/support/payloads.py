"""Payloads of any model, made from its annotations alone: tests that go over all models need no list of them."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from domain.wire import Wire
from tests.support.order_requests import ADDRESS

_CANDIDATES: Final[tuple[Any, ...]] = (
    "a-1",
    "b-2",
    "usd",
    "eur",
    "pm_card_visa",
    "pm_card_mastercard",
    "2026-03-01",
    "1990-12-10",
    "2026-03-01T12:00:00Z",
    "2026-03-02T12:00:00Z",
    "ada@example.com",
    "bob@example.com",
    "US",
    "CA",
    "94107",
    "https://example.com/hook",
    "report.completed",
    "a" * 40,
    "b" * 40,
    "a" * 64,
    "b" * 64,
    "abcdefghijklmnopabcd-abcdefghijklmnopabcd-1767225600",
    1,
    2,
    100,
    200,
    True,
    False,
    {},
    {"usd": {"meals": 100}},
)

# What a model demands of several fields together.
_WHOLE: Final[Mapping[str, tuple[dict[str, Any], ...]]] = {
    "Address": (ADDRESS, {**ADDRESS, "name": "Bob"}),
    "Destination": (ADDRESS, {**ADDRESS, "name": "Bob"}),
}


# The forms of a request that has several: the fields that each needs, and those that it must not have.
_FORMS: Final[Mapping[str, tuple[tuple[set[str], set[str]], ...]]] = {
    "OrderRequest": (({"lines"}, {"product_id", "quantity"}), ({"product_id", "quantity"}, {"lines"})),
    "FileBatchRequest": (({"prefix"}, {"blobs"}), ({"blobs"}, {"prefix"})),
    "PaymentDetails": (({"payment_method"}, {"provider"}), ({"provider"}, {"payment_method"})),
}

_VALUES: Final[Mapping[tuple[str, str], tuple[Any, ...]]] = {
    ("PaymentDetails", "provider"): ("invoice",),
    ("ReportRequest", "placed_to"): ("2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"),
}


def values_of(annotation: Any) -> list[Any]:
    """Return some JSON values that an annotation accepts, no two of them equal."""
    origin, args = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [*_WHOLE.get(annotation.__name__, ())] or [minimal(annotation)]
    if origin is Literal:
        return list(args)
    if origin in (Union, UnionType):
        return [value for each in args if each is not NoneType for value in values_of(each)]
    if origin in (list, tuple, set, frozenset):
        return [[value] for value in values_of(args[0])][:2]
    if origin is Annotated:
        inner = [value for value in values_of(args[0]) if _accepts(annotation, value)]
        return inner or [value for value in _CANDIDATES if _accepts(annotation, value)][:3]
    if hasattr(annotation, "__members__"):
        return [member.value for member in annotation]
    return [value for value in _CANDIDATES if _accepts(annotation, value)][:3]


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _accepts(annotation: Any, value: Any) -> bool:
    try:
        _adapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def _of(field: FieldInfo) -> Any:
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def minimal(model: type[BaseModel]) -> dict[str, Any]:
    """Return a document with the model's required fields."""
    if model.__name__ in _WHOLE:
        return dict(_WHOLE[model.__name__][0])
    required, _ = next(_forms(model))
    return {name: _values(model, name)[0] for name in required}


def documents(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of documents in every form, with any of the optional fields."""
    if model.__name__ in _WHOLE:
        return st.sampled_from(_WHOLE[model.__name__]).map(dict)
    forms = [
        st.fixed_dictionaries(
            {name: _drawn(model, name) for name in required}, optional={name: _drawn(model, name) for name in optional}
        )
        for required, optional in _forms(model)
    ]
    return st.one_of(forms)


def _forms(model: type[BaseModel]) -> Iterator[tuple[set[str], set[str]]]:
    """Yield the fields that a document must have, and those that it may have, for each of its forms."""
    always = {name for name, field in model.model_fields.items() if field.is_required()}
    for needed, excluded in _FORMS.get(model.__name__, ((set(), set()),)):
        required = always | needed
        yield required, set(model.model_fields) - required - excluded


def _values(model: type[BaseModel], name: str) -> list[Any]:
    field = model.model_fields[name]
    known = _VALUES.get((model.__name__, name))
    return list(known) if known else values_of(_of(field))


def _drawn(model: type[BaseModel], name: str) -> st.SearchStrategy[Any]:
    annotation = model.model_fields[name].annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return documents(annotation)
    return st.sampled_from(_values(model, name))


def with_unknown_fields(value: Any) -> Any:
    """Return a payload as JSON, with a field that its model does not know in it and in every model inside of it."""
    if isinstance(value, BaseModel):
        fields = {name: with_unknown_fields(getattr(value, name)) for name in type(value).model_fields}
        return fields | {"added_later": {"by": "a newer version"}}
    if isinstance(value, list | tuple):
        return [with_unknown_fields(each) for each in value]
    if isinstance(value, dict):
        return {name: with_unknown_fields(each) for name, each in value.items()}
    return to_jsonable_python(value)


def subclasses(model: type[Wire]) -> Iterator[type[Wire]]:
    """Yield every model below another one."""
    for each in model.__subclasses__():
        yield each
        yield from subclasses(each)
