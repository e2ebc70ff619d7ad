"""Let this checkout's package be found, by the tests and by the processes that they start."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# A busy machine may stop an example for a while. Examples are the same in each run; `--hypothesis-profile=random` tries others.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("any machine", settings.get_profile("random"), derandomize=True)
settings.load_profile("any machine")

FOLDERS = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent)]

sys.path[:0] = FOLDERS
os.environ["PYTHONPATH"] = os.pathsep.join([*FOLDERS, *filter(None, [os.environ.get("PYTHONPATH")])])

pytest_plugins = ["local_host.testing.plugin", "local_host.testing.azurite"]
