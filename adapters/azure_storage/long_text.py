"""Keep a long text in a table row, whose string properties hold 32 768 UTF-16 units each."""

from collections.abc import Mapping
from typing import Any, Final

# Half of it, because a character outside the basic plane counts as two.
_MAX_PROPERTY_CHARS: Final = 16_000


def split_text(name: str, text: str) -> dict[str, str | int]:
    """Return `{"result": first part, "result_1": second part, …, "result_parts": how many}`."""
    parts = [text[start : start + _MAX_PROPERTY_CHARS] for start in range(0, len(text), _MAX_PROPERTY_CHARS)] or [""]
    properties: dict[str, str | int] = {_property(name, index): part for index, part in enumerate(parts)}
    # A shorter text merged over a longer one leaves the longer one's tail behind: the count marks the end.
    return {**properties, f"{name}_parts": len(parts)}


def joined_text(name: str, row: Mapping[str, Any]) -> str | None:
    """Return the text that `split_text` split; None when the row holds none."""
    parts = row.get(f"{name}_parts")
    return None if parts is None else "".join(row[_property(name, index)] for index in range(parts))


def _property(name: str, index: int) -> str:
    return name if index == 0 else f"{name}_{index}"
