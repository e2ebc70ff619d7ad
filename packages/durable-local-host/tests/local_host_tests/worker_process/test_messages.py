"""Messages arrive whole and in order, however the connection cuts them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import pytest

from local_host.worker_process.messages import Broken, Incoming, encode

SENT = [Broken(1, ""), Broken(2, "x" * 700), Broken(3, "\u00e9"), Broken(4, "y" * 20_000)]


@pytest.mark.parametrize("piece", [1, 7, 8, 9, 1_000, 1_000_000])
def test_messages_are_taken_as_soon_as_they_are_complete(piece: int) -> None:
    taken: list[Any] = []
    incoming = Incoming(taken.append, lambda: None)
    encoded = [encode(each) for each in SENT]
    ends = list(accumulate(map(len, encoded)))
    wire = b"".join(encoded)
    for begin in range(0, len(wire), piece):
        incoming.data_received(wire[begin : begin + piece])
        assert len(taken) == bisect_right(ends, begin + piece)
    assert taken == SENT
