"""Let this checkout's package be found, by the tests and by the processes that they start."""

import os
import sys
from pathlib import Path

FOLDERS = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent)]

sys.path[:0] = FOLDERS
os.environ["PYTHONPATH"] = os.pathsep.join([*FOLDERS, *filter(None, [os.environ.get("PYTHONPATH")])])

pytest_plugins = ["local_host.testing.plugin", "local_host.testing.azurite"]
