"""Runs the driver with this checkout's own paths among those that it replaces by `<path>`.

The driver knows paths by the folders of the machine that made the recordings, and stays as it was; a checkout, its Python
and the temporary folder may stand anywhere.
"""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "driver"))
drive: Any = importlib.import_module("drive")


def _of_here() -> re.Pattern[str]:
    folders = sorted({sys.prefix, sys.base_prefix, tempfile.gettempdir(), str(Path(__file__).parent)}, key=len)
    here = "|".join(re.escape(folder) for folder in reversed(folders))
    return re.compile(rf"(?:{here})[^\s\"'\\,:;)]*|{drive.PATH.pattern}")


if __name__ == "__main__":
    drive.PATH = _of_here()
    drive.main()
