"""JSON as Newtonsoft reads it for the real host and Core Tools: with comments, commas at the end, single quotes."""

from __future__ import annotations

import json
import re
from typing import Any

_PIECE = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*")|(?P<single>'(?:\\.|[^'\\])*')|(?P<comment>//[^\n]*|/\*.*?\*/)""", re.DOTALL
)
_TEXT_OR_LAST_COMMA = re.compile(r"""(?P<text>"(?:\\.|[^"\\])*")|(?P<open>[{\[:,]\s*,)|,(?=\s*[}\]])""", re.DOTALL)
_NOT_A_LINE_BREAK = re.compile(r"[^\n]")


def parse(text: str) -> Any:
    """Return the value. Raises json.JSONDecodeError, whose line and column are those of the text."""
    return json.loads(_TEXT_OR_LAST_COMMA.sub(_without_comma, _PIECE.sub(_plain, text)))


def _plain(piece: re.Match[str]) -> str:
    if piece["comment"]:
        return _NOT_A_LINE_BREAK.sub(" ", piece[0])
    if piece["single"]:
        inner = piece[0][1:-1].replace("\\'", "'")
        return '"' + re.sub(r'(?<!\\)"', r"\\" + '"', inner) + '"'
    return piece[0]


def _without_comma(piece: re.Match[str]) -> str:
    return piece["text"] or piece["open"] or " "
