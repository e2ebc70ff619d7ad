"""Find out about a file while its bytes go by: they are hashed as they come, and never in memory as a whole.

A file's content decides what it is; its name only decides what is looked for. What is in memory is bounded: the head of an image,
one line of a table and its columns, a JSON document of MAX_JSON_BYTES; a limit holds wherever in a file something stands.
"""

import codecs
import csv
import hashlib
import io
import json
import re
import struct
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, Final, NoReturn

from domain.files.batch import FileFacts, FileProblem, FileType

MAX_JSON_BYTES: Final = 2 * 1024 * 1024
"""A parsed document takes some ten times its size, and as many as the batch is wide are held at a time."""
MAX_LINE_BYTES: Final = 1024 * 1024
"""Characters of a line, and of a cell of a table, which may go over several lines."""
MAX_COLUMNS: Final = 10_000
"""Objects with more distinct keys are a mapping, not a table; and all of them have to be held."""
_HEAD_BYTES: Final = 4 * 1024
_IMAGE_HEAD_BYTES: Final = 1024 * 1024  # a photograph's size stands behind its embedded profiles and previews

_MAGIC: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_BY_NAME: Final = {
    ".csv": FileType.CSV,
    ".tsv": FileType.CSV,
    ".json": FileType.JSON,
    ".jsonl": FileType.JSON_LINES,
    ".ndjson": FileType.JSON_LINES,
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".jfif", ".gif"), FileType.IMAGE),
}
_DELIMITERS: Final = ",;\t|"
_QUOTED_CELL: Final = r'(?:^|[,;\t|])"'  # elsewhere a quote is a letter like any other: 5"
_SEP_LINE: Final = r'"?sep=(.)"?'
# What servers send instead of a file. As a table it would have a column and some rows.
_PAGES: Final = (b"<!doctype", b"<html", b"<?xml")

# Python's own limit is 128 KiB, and one for the whole process.
csv.field_size_limit(MAX_LINE_BYTES)


class _Malformed(Exception):
    """The content is not what the file's name promises."""


class _Passing:
    """Bytes on their way through: what is taken is counted and hashed."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.size = 0
        self.hash = hashlib.sha256()
        self._pieces = iter(pieces)
        self._head = b""

    def head(self, size: int) -> bytes:
        """Return the first bytes, so many if there are, which are still to come as pieces."""
        while len(self._head) < size and (piece := next(self._pieces, None)) is not None:
            self._head += piece
        return self._head

    def __iter__(self) -> Iterator[bytes]:
        if self._head:
            taken, self._head = self._head, b""
            yield self._passed(taken)
        for piece in self._pieces:
            yield self._passed(piece)

    def _passed(self, piece: bytes) -> bytes:
        self.size += len(piece)
        self.hash.update(piece)
        return piece


def facts_of(name: str, pieces: Iterable[bytes]) -> FileFacts:
    """Return what there is to know of a file. pieces: its bytes in order; what they raise is passed on."""
    passing = _Passing(pieces)
    head = passing.head(_HEAD_BYTES)
    kind = _type(name, head)
    found: dict[str, Any] = {}
    try:
        found = _details(name, kind, passing, head)
    except (_Malformed, ValueError, csv.Error, RecursionError):
        found = {"problem": FileProblem.MALFORMED}
    for _ in passing:  # the rest, for size and hash
        pass
    return FileFacts(name=name, type=kind, size_bytes=passing.size, sha256=passing.hash.hexdigest(), **found)


def _type(name: str, head: bytes) -> FileType:
    return FileType.IMAGE if head.startswith(_MAGIC) else _BY_NAME.get(_extension(name), FileType.OTHER)


def _extension(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def _details(name: str, kind: FileType, pieces: _Passing, head: bytes) -> dict[str, Any]:
    match kind:
        case FileType.IMAGE:
            return _image(pieces.head(_IMAGE_HEAD_BYTES))
        case FileType.CSV:
            if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower().startswith(_PAGES):
                raise _Malformed
            return _csv(_lines(pieces, _table_encoding(head)), "\t" if _extension(name) == ".tsv" else None)
        case FileType.JSON_LINES:
            return _table(_parsed(line) for line in _lines(pieces, "utf-8-sig") if line.strip())
        case FileType.JSON:
            return _json(pieces)
    return {}


def _image(head: bytes) -> dict[str, Any]:
    import imagesize

    if not head.startswith(_MAGIC):
        raise _Malformed
    try:
        width, height = imagesize.get(BytesIO(head))
    except (struct.error, LookupError, TypeError, OverflowError):  # a head that breaks off, or is of nothing
        raise _Malformed from None
    if width < 1 or height < 1:
        raise _Malformed
    return {"width_px": width, "height_px": height}


def _table_encoding(head: bytes) -> str:
    """UTF-8 with or without a byte order mark, or UTF-16 with one, as spreadsheets write it."""
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _csv(lines: Iterator[str], delimiter: str | None) -> dict[str, Any]:
    header = _header_lines(lines)
    if (stated := re.fullmatch(_SEP_LINE, "".join(header).rstrip("\n"), re.IGNORECASE)) is not None:
        delimiter = stated[1]
        header = _header_lines(lines)
    if not header:
        return {"rows": 0, "columns": 0}
    delimiter = delimiter or max(_DELIMITERS, key=lambda each: _columns(header, each))
    columns = _columns(header, delimiter)
    if not 0 < columns <= MAX_COLUMNS:
        raise _Malformed
    records = csv.reader(lines, delimiter=delimiter, strict=True)
    rows = sum(1 for record in records if len(record) > 1 or (record and record[0].strip()))
    return {"rows": rows, "columns": columns}


def _header_lines(lines: Iterator[str]) -> list[str]:
    """Return the first record that is not blank: more than one line when a cell goes over its end."""
    taken: list[str] = []
    quotes = length = 0
    for line in lines:
        if not taken and not line.strip():
            continue
        taken.append(line)
        quotes += line.count('"')
        length += len(line)
        if length > MAX_LINE_BYTES:
            raise _Malformed
        if quotes % 2 == 0 or not re.search(_QUOTED_CELL, taken[0]):
            break
    return taken


def _columns(header: list[str], delimiter: str) -> int:
    """Return how many columns a header has by this delimiter; 0 when it cannot be one."""
    try:
        records = list(csv.reader(header, delimiter=delimiter, strict=True))
    except csv.Error:
        return 0
    return len(records[0]) if len(records) == 1 else 0


def _json(pieces: _Passing) -> dict[str, Any]:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > MAX_JSON_BYTES:
            return {"problem": FileProblem.TOO_LARGE}
    document = _parsed(held.decode("utf-8-sig"))
    return _table(document) if isinstance(document, list) else _table([document])


def _table(items: Iterable[Any]) -> dict[str, Any]:
    """Each item is a row; what is no object has no columns."""
    rows = 0
    keys: set[str] = set()
    for item in items:
        rows += 1
        if isinstance(item, dict):
            keys.update(item)
            if len(keys) > MAX_COLUMNS:
                raise _Malformed
    return {"rows": rows, "columns": len(keys)}


def _parsed(text: str) -> Any:
    # The size of a number is not asked for, and Python reads no integers of more than 4,300 digits.
    return json.loads(text, parse_int=float, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    # NaN and Infinity: Python reads them, JSON does not have them.
    raise _Malformed


def _lines(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Yield lines with their ends, each of which is made one LF. Raises _Malformed for one that is too long or no text."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        for line in whole:
            yield f"{_checked(line)}\n"
        _checked(rest)
    rest += decoder.decode(b"", final=True)
    if rest:
        yield _checked(rest)


def _checked(line: str) -> str:
    if len(line) > MAX_LINE_BYTES or "\0" in line:
        raise _Malformed
    return line
