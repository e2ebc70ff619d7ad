"""Messages between host and worker process: pickled values, each after its length.

Both ends are the same program with the same rights on the same machine, so what arrives is as trustworthy as the code.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_host.app.calls import FunctionAnswer, FunctionCall
from local_host.app.index import AppIndex
from local_host.engine.errors import Raised

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True, slots=True)
class Load:
    """To the worker, first of all: import this app. log_levels: of host.json."""

    directory: Path
    log_levels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """From the worker: the app's functions, without their code."""

    app: AppIndex


@dataclass(frozen=True, slots=True)
class Refused:
    """From the worker: the app cannot be loaded; text says why."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """To the worker. number: which call an answer belongs to."""

    number: int
    call: FunctionCall


@dataclass(frozen=True, slots=True)
class Answered:
    """From the worker: the function has ended."""

    number: int
    answer: FunctionAnswer


@dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: the function's code has raised."""

    number: int
    type_name: str
    message: str
    stack: str
    causes: Sequence[Raised]


@dataclass(frozen=True, slots=True)
class Broken:
    """From the worker: the worker itself has failed at a call."""

    number: int
    text: str


def write(writer: asyncio.StreamWriter, message: Any) -> None:
    """Send a message; returns at once."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    writer.write(_LENGTH.pack(len(body)) + body)


async def read(reader: asyncio.StreamReader) -> Any:
    """Return the next message; None when the other end is gone."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return pickle.loads(await reader.readexactly(length))  # noqa: S301 - see above
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
