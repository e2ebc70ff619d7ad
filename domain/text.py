"""Texts that people write, limited to what can be shown, printed and mailed: NFC, without invisible characters.

A zero-width joiner or non-joiner between letters is spelling (Persian, Sinhala, Hindi) and stays; soft hyphens and direction marks
are removed. Any other invisible character is refused: it would make two equal texts differ, reverse a line of a label, or end a
header.
"""

import unicodedata
from datetime import UTC, datetime
from typing import Final

_JOINERS: Final = "\u200c\u200d"
# Soft hyphen, marks and isolates of direction, and the byte order mark: in copied texts, and without a meaning of their own.
_DROPPED: Final = dict.fromkeys((0xAD, 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
# Control and format characters, halves of characters, private and unassigned ones, and what ends a line or a paragraph.
_SHAPELESS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters whose picture is empty, though Unicode calls them letters.
_EMPTY_LETTERS: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def one_line(text: str) -> str:
    """Return the line as it is stored.

    Raises:
        ValueError: The line is blank, or has characters that cannot be shown.
    """
    if text.isascii():
        if not text.isprintable() or text.isspace() or not text:
            raise ValueError
        return text
    # A half of a character cannot be normalised everywhere, and is refused below.
    cleaned = unicodedata.normalize("NFC", text.translate(_DROPPED))
    before = " "
    for character in cleaned:
        if not _may_follow(character, before):
            raise ValueError
        before = character
    if before in _JOINERS or not cleaned or cleaned.isspace():
        raise ValueError
    return cleaned


def paragraph(text: str) -> str:
    """Return a text of several lines, each as `one_line` or empty.

    Raises:
        ValueError: The text is blank, or has characters that cannot be shown.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    cleaned = "\n".join(one_line(line) if line.strip() else "" for line in lines)
    if not cleaned.strip():
        raise ValueError
    return cleaned


def shown_line(text: str, most: int) -> str:
    """Return any text as one line to show: without what cannot be shown, and cut to at most `most` characters."""
    shown = "".join(" " if _is_shapeless(each) else each for each in text[: 4 * most].translate(_DROPPED))
    line = " ".join(shown.split())
    return line if len(line) <= most and len(text) <= 4 * most else f"{line[: most - 1]}…"


def moment(at: datetime | str) -> str:
    """Return a time as people read it: `2026-03-01 12:00 UTC`. at: with its offset."""
    known = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{known.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _is_shapeless(character: str) -> bool:
    return unicodedata.category(character) in _SHAPELESS or character in _EMPTY_LETTERS


def _may_follow(character: str, before: str) -> bool:
    if character in _JOINERS:  # a letter, one of its marks, or a picture (emoji)
        return unicodedata.category(before)[0] in "LMS"
    if _is_shapeless(character):
        return False
    return not (before.isspace() and unicodedata.category(character).startswith("M"))
