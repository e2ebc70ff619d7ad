"""The garbage collector, set up for what a host is like.

An app and its libraries are loaded once and stay, and what an episode makes is freed without the collector when the
episode is over. Left to itself the collector looks through all of it again and again, for a tenth of the processor.
"""

from __future__ import annotations

import gc

# So many more objects made than freed call for a look; Python's own 700 are made by a few episodes side by side.
_MIN_ALLOCATIONS = 10_000


def begin_loading() -> None:
    """Leave what is loaded from now on alone."""
    gc.disable()


def end_loading() -> None:
    """Keep what there is now for as long as the process lives, and look at what comes less often."""
    gc.freeze()
    gc.set_threshold(_MIN_ALLOCATIONS)
    gc.enable()
