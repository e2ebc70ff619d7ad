"""What is found out about files of every kind while their bytes go by."""

import hashlib
import json
import struct
import tracemalloc
import zlib

import pytest

from adapters.stores.file_facts import MAX_COLUMNS, MAX_JSON_BYTES, MAX_LINE_BYTES, facts_of
from domain.files.batch import FileFacts, FileProblem, FileType


def facts(name: str, content: bytes, piece: int = 7) -> FileFacts:
    """pieces: small ones, so that every character and line is cut in two somewhere."""
    return facts_of(name, (content[start : start + piece] for start in range(0, len(content), piece)))


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"


def jpeg(width: int, height: int, profile_bytes: int) -> bytes:
    """profile_bytes: what stands before the size, as in photographs."""
    profile = b"\xff\xe2" + struct.pack(">H", profile_bytes + 2) + bytes(profile_bytes)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + profile + frame + b"\xff\xd9"


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.bin", "no-name"])
def test_size_and_hash_are_those_of_the_whole_file_whatever_is_in_it(name):
    content = b'\xffnot, "what\nit says' * 1000
    found = facts(name, content)
    assert (found.size_bytes, found.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("", 0, 0),
        ("a,b\n", 0, 2),
        ("a,b\n1,2\n3,4", 2, 2),
        ("a;b;c\r\n1;2;3\r\n", 1, 3),
        ('a\tb\n"x\ny"\tz\n\n', 1, 2),
        ("\ufeffnäme,größe\nä,ö\n", 1, 2),
        ('"Price, net, EUR, each";"Qty"\n1;2\n', 1, 2),
        ('"a;b;c",d\n1,2\n', 1, 2),
        ('"a\nb",c\n1,2\n', 1, 2),
        ('screen 5",price\n24,99\n', 1, 2),
        ('x,"5""\nwide"\n1,2\n', 1, 2),
        ("\n\n \na,b\n1,2\n", 1, 2),
        ("sep=;\na;b,c\n1;2\n", 1, 2),
        ("a,b\r1,2\r3,4", 2, 2),
        ("a,b\r\n\r\n1,2\r\n", 1, 2),
        ("a|b|c\n1|2|3\n", 1, 3),
    ],
)
def test_tables_are_counted_without_their_header(text, rows, columns):
    found = facts("Table.CSV", text.encode())
    assert (found.type, found.rows, found.columns, found.problem) == (FileType.CSV, rows, columns, None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_may_be_in_the_encodings_of_spreadsheets(encoding):
    found = facts("a.csv", "Größe;Zahl\r\n1;2\r\n".encode(encoding))
    assert (found.rows, found.columns, found.problem) == (1, 2, None)


def test_a_tsv_is_separated_by_tabs_whatever_else_is_in_it():
    found = facts("a.tsv", b"a, b, c\td\n1\t2\n")
    assert (found.rows, found.columns) == (1, 2)


def test_a_cell_may_be_as_long_as_a_line():
    cell = "x" * (MAX_LINE_BYTES - 100)
    assert facts("a.csv", f"a,b\n{cell},1\n".encode(), piece=64 * 1024).rows == 1
    assert facts("a.csv", f'a,b\n"{cell}",1\n'.encode(), piece=64 * 1024).rows == 1


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_the_longest_line_is_the_same_wherever_it_stands(name):
    small, large = b'{"a":1}\n' * 100, b'{"b":"' + b"x" * (MAX_LINE_BYTES + MAX_LINE_BYTES // 2) + b'"}\n'
    for content in (large + small, small + large, small + large + small, large):
        for piece in (64 * 1024, 4 * 1024 * 1024):
            assert facts(name, content, piece=piece).problem is FileProblem.MALFORMED


def test_a_number_may_have_any_number_of_digits():
    assert facts("a.json", b'{"a": ' + b"9" * 5_000 + b"}", piece=4096).problem is None


@pytest.mark.parametrize(
    ("name", "text", "rows", "columns"),
    [
        ("a.json", '[{"a": 1, "b": 2}, {"c": "ä"}]', 2, 3),
        ("a.json", '{"a": 1}', 1, 1),
        ("a.json", "[1, 2, 3]", 3, 0),
        ("a.ndjson", '{"a": 1}\n\n{"b": 2}\n', 2, 2),
    ],
)
def test_json_is_counted_by_items_and_keys(name, text, rows, columns):
    found = facts(name, text.encode())
    assert (found.rows, found.columns, found.problem) == (rows, columns, None)


@pytest.mark.parametrize(
    ("content", "size"),
    [(png(640, 480), (640, 480)), (gif(33, 7), (33, 7)), (jpeg(4000, 3000, 60_000), (4000, 3000))],
    ids=["png", "gif", "jpeg"],
)
def test_images_are_known_by_their_first_bytes_and_have_a_size(content, size):
    found = facts("picture.csv", content, piece=4096)
    assert (found.type, found.width_px, found.height_px) == (FileType.IMAGE, *size)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b'a,b\n"open'),
        ("a.csv", b"a,b\n\xff\xfe"),
        ("a.jsonl", b'"' + b"x" * MAX_LINE_BYTES + b'"'),
        ("a.jsonl", b"".join(b'{"%d": 1}\n' % number for number in range(MAX_COLUMNS + 1))),
        ("a.json", b'{"a": '),
        ("a.json", b"[" * 100_000),
        ("a.jsonl", b'{"a": 1}\nnope\n'),
        ("a.png", png(1, 1)[:12]),
        ("a.png", b""),
        ("a.PNG", b"not an image"),
        ("a.jpg", b"<html></html>"),
        ("a.gif", gif(0, 7)),
        ("a.gif", b"GIF89a"),
        ("a.jpeg", b"\xff\xd8\xff\xe0" + bytes(100)),
        ("a.csv", b"<!DOCTYPE html>\n<html></html>"),
        ("a.csv", b"\n<html><body>Not found</body></html>"),
        ("a.csv", b"PK\x03\x04\x00\x00"),
        ("a.csv", "Größe,Zahl\n1,2\n".encode("latin-1")),
        ("a.csv", "a,b\n1,2\n".encode("utf-16-le")),
        ("a.csv", b"a," * (MAX_COLUMNS + 1)),
        ("a.json", b'{"a": NaN}'),
        ("a.jsonl", b'{"a": 1}\n{"a": -Infinity}\n'),
        ("a.json", b""),
    ],
)
def test_a_file_that_is_not_of_its_type_is_reported_as_malformed(name, content):
    assert facts(name, content, piece=64 * 1024).problem is FileProblem.MALFORMED


def test_a_json_document_too_large_to_hold_is_hashed_and_not_parsed():
    content = json.dumps(["x" * 1000] * (MAX_JSON_BYTES // 1000)).encode()
    found = facts("a.json", content, piece=64 * 1024)
    assert (found.problem, found.rows, found.size_bytes) == (FileProblem.TOO_LARGE, None, len(content))


def test_a_large_table_takes_no_more_memory_than_a_small_one():
    piece = b"a,b,c\n" * 10_000

    def most_memory(pieces: int) -> int:
        tracemalloc.start()
        assert facts_of("a.csv", (piece for _ in range(pieces))).rows == pieces * 10_000 - 1
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert most_memory(30) < 1.5 * most_memory(8)
