"""Fixtures that several areas share."""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

# A busy machine may stop any example for a while; that is no finding. The examples are the same in each run, so that a run fails
# for what was changed; `--hypothesis-profile=random` tries others.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("any machine", settings.get_profile("random"), derandomize=True)
settings.load_profile("any machine")

# The processes that tests start run the packages of this checkout, whichever the environment has installed.
_PACKAGES = Path(__file__).parents[1] / "packages"
os.environ["PYTHONPATH"] = os.pathsep.join(
    [*map(str, sorted(_PACKAGES.glob("*/src"))), *filter(None, [os.environ.get("PYTHONPATH")])]
)

# A machine that runs the tests may be a pod, and is no place where the app serves others.
os.environ.pop("KUBERNETES_SERVICE_HOST", None)

pytest_plugins = [
    "tests.support.tiers",
    "local_host.testing.plugin",
    "tests.support.azurite",
    "tests.support.docs_site",
    "tests.support.invocation_logs",
    "tests.support.sandbox",
    "tests.support.shop",
    "tests.support.webhooks",
    "tests.support.mails",
    "tests.support.expenses",
]
