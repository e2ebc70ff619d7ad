"""Form encoding with nested keys."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stripe._encode import _api_encode

from sandbox.core.wire_form import MalformedForm, decode

_NAMES = st.text(alphabet="abcdefghij_", min_size=1, max_size=8)
_VALUES = st.text(max_size=20)
_TREES = st.dictionaries(
    _NAMES,
    st.recursive(
        _VALUES,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_NAMES, inner, min_size=1, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("amount=2500&currency=usd", {"amount": "2500", "currency": "usd"}),
        ("metadata[order_id]=7", {"metadata": {"order_id": "7"}}),
        ("expand[0]=a&expand[1]=b", {"expand": ["a", "b"]}),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("expand[10]=b&expand[9]=a", {"expand": ["a", "b"]}),
        ("a[0][b]=x", {"a": [{"b": "x"}]}),
        ("metadata%5Bk%5D=a%26b", {"metadata": {"k": "a&b"}}),
        ("empty=", {"empty": ""}),
        ("", {}),
    ],
)
def test_nested_keys_become_objects_and_lists(text: str, decoded: object) -> None:
    assert decode(text) == decoded


@pytest.mark.parametrize("text", ["a[b=1", "a]b=1", "a=1&a[b]=2", "a[b]=2&a=1", "a[][][][][][][][][]=1", "[b]=1"])
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedForm):
        decode(text)


@settings(deadline=None)
@given(_TREES)
def test_what_the_stripe_sdk_encodes_is_decoded_again(tree: dict[str, object]) -> None:
    assert decode(urlencode(list(_api_encode(tree)))) == tree
