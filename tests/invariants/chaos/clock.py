"""The clock of a host in a process of its own, which a test moves forward."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

_AHEAD: Final = Path(__file__).parent / "ahead"


@dataclass
class HostClock:
    """folder: of the file that says by how much the clock is ahead."""

    folder: Path
    ahead: timedelta = timedelta()

    @property
    def settings(self) -> Mapping[str, str]:
        """The environment of the host."""
        path = os.pathsep.join([str(_AHEAD), os.environ["PYTHONPATH"]])
        return {"PYTHONPATH": path, "SECONDS_AHEAD": str(self._file)}

    def jump(self, by: timedelta) -> None:
        """Move the clock forward, at once and for good."""
        self.ahead += by
        new = self.folder / "seconds-ahead.new"
        new.write_text(str(self.ahead.total_seconds()), encoding="ascii")
        new.replace(self._file)  # the host never reads half a number

    @property
    def _file(self) -> Path:
        return self.folder / "seconds-ahead"
