"""What a long run of proofs says of itself: now and then how far it is, and in the end what it came to. Seen with `pytest -s`."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_REPORT_INTERVAL_S = 30


@dataclass
class Progress:
    """Counts what a proof has run through."""

    proof: str
    _counted: Counter[str] = field(default_factory=Counter)
    _started: float = field(default_factory=time.monotonic)
    _reported_at: float = field(default_factory=time.monotonic)

    def count(self, **more: int) -> None:
        """Add to the figures, by their names."""
        self._counted.update(more)
        if time.monotonic() > self._reported_at + _REPORT_INTERVAL_S:
            self._reported_at = time.monotonic()
            self.report("so far")

    def report(self, when: str) -> None:
        figures = ", ".join(f"{number} {name}" for name, number in self._counted.items())
        minutes = (time.monotonic() - self._started) / 60
        sys.stdout.write(f"\n{self.proof} {when}: {figures}; {minutes:.1f} minutes\n")
        sys.stdout.flush()


@contextmanager
def reporting(proof: str) -> Iterator[Progress]:
    """Yield a proof's progress; the last line is printed when the block ends, however it does."""
    progress = Progress(proof)
    try:
        yield progress
    finally:
        progress.report("in all")
