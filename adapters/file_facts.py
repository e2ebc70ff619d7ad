"""Find out about a file while its bytes go by: they are hashed as they come, and never held as a whole.

What is held is bounded: the head of an image, one line of a table and its columns, a JSON document of MOST_JSON_BYTES.
"""

import codecs
import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, Final

from domain.file_batch import FileFacts, FileProblem, FileType

MOST_JSON_BYTES: Final = 2 * 1024 * 1024
"""A parsed document takes some ten times its size, and as many as the batch is wide are held at a time."""
LONGEST_LINE: Final = 1024 * 1024
MOST_COLUMNS: Final = 10_000
"""Objects with more distinct keys are a mapping, not a table; and all of them have to be held."""
_HEAD: Final = 256 * 1024  # a photograph's size stands behind its embedded profile and preview

_MAGIC: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_BY_NAME: Final = {
    ".csv": FileType.CSV,
    ".tsv": FileType.CSV,
    ".json": FileType.JSON,
    ".jsonl": FileType.JSON_LINES,
    ".ndjson": FileType.JSON_LINES,
}
_DELIMITERS: Final = ",;\t|"


class _Malformed(Exception):
    """The content is not what the file's name says."""


class _Passing:
    """Bytes on their way through: what is taken is counted and hashed."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.size = 0
        self.hash = hashlib.sha256()
        self._pieces = iter(pieces)
        self._head = b""

    def head(self) -> bytes:
        """The first bytes, which are still to come as pieces."""
        while len(self._head) < _HEAD and (piece := next(self._pieces, None)) is not None:
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
    """What there is to know of a file. pieces: its bytes in order; what they raise is passed on."""
    passing = _Passing(pieces)
    head = passing.head()
    kind = _type(name, head)
    found: dict[str, Any] = {}
    try:
        found = _details(kind, passing, head)
    except (_Malformed, ValueError, csv.Error, RecursionError):
        found = {"problem": FileProblem.MALFORMED}
    for _ in passing:  # the rest, for size and hash
        pass
    return FileFacts(name=name, type=kind, size_bytes=passing.size, sha256=passing.hash.hexdigest(), **found)


def _type(name: str, head: bytes) -> FileType:
    if head.startswith(_MAGIC):
        return FileType.IMAGE
    extension = name[name.rfind(".") :].lower() if "." in name else ""
    return _BY_NAME.get(extension, FileType.OTHER)


def _details(kind: FileType, pieces: _Passing, head: bytes) -> dict[str, Any]:
    match kind:
        case FileType.IMAGE:
            return _image(head)
        case FileType.CSV:
            return _csv(_lines(pieces))
        case FileType.JSON_LINES:
            return _table(json.loads(line) for line in _lines(pieces) if line.strip())
        case FileType.JSON:
            return _json(pieces)
    return {}


def _image(head: bytes) -> dict[str, Any]:
    import imagesize

    width, height = imagesize.get(BytesIO(head))
    if width < 1 or height < 1:
        raise _Malformed
    return {"width_px": width, "height_px": height}


def _csv(lines: Iterator[str]) -> dict[str, Any]:
    first = next(lines, None)
    if first is None:
        return {"rows": 0, "columns": 0}
    delimiter = max(_DELIMITERS, key=first.count)
    records = csv.reader(_with_first(first, lines), delimiter=delimiter, strict=True)
    header = next(records, [])
    return {"rows": sum(1 for record in records if record), "columns": len(header)}


def _with_first(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _json(pieces: _Passing) -> dict[str, Any]:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > MOST_JSON_BYTES:
            return {"problem": FileProblem.TOO_LARGE}
    document = json.loads(held.decode("utf-8-sig"))
    return _table(document) if isinstance(document, list) else _table([document])


def _table(items: Iterable[Any]) -> dict[str, Any]:
    """Each item is a row; what is no object has no columns."""
    rows = 0
    keys: set[str] = set()
    for item in items:
        rows += 1
        if isinstance(item, dict):
            keys.update(item)
            if len(keys) > MOST_COLUMNS:
                raise _Malformed
    return {"rows": rows, "columns": len(keys)}


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines with their ends. Raises _Malformed for one that is too long to hold."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        for line in whole:
            yield f"{line}\n"
        if len(rest) > LONGEST_LINE:
            raise _Malformed
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest
