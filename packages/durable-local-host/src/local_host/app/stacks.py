"""The text of an exception's stack and of what it was raised from, without the frames of this host."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

from local_host.engine.errors import Raised

_HERE = str(Path(__file__).parents[1])


def chain(error: BaseException) -> list[Raised]:
    """Return the exception, then what led to it, nearest first."""
    raised: list[Raised] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        stack = "".join(traceback.format_tb(_own_frames(following.__traceback__)))
        raised.append(Raised(type(following).__name__, str(following), stack))
        following = _cause(following)
    return raised


def _cause(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_machinery(filename: str) -> bool:
    return filename.startswith(_HERE) or "concurrent" in Path(filename).parts
