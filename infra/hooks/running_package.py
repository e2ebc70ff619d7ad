"""Before provisioning: remember which package runs, so that the template, which sets every app setting, sets this one to itself.

Without it, the next `azd provision` would put the app back to the package of the previous one, swapped slots included. Azure is
asked, not azd's environment: a pipeline starts with an empty one.
"""

import os
from typing import Any

from infra.hooks.azure_cli import az, azd_env_set, output

_SETTING = "WEBSITE_RUN_FROM_PACKAGE"


def remember() -> None:
    """Hand the running packages to the template. Does nothing before the first provisioning. Raises HookFailed."""
    group = f"rg-{output('AZURE_ENV_NAME')}"
    if not az("group", "exists", "--name", group):
        return
    for app in az("functionapp", "list", "--resource-group", group):
        if (app.get("tags") or {}).get("azd-service-name") != "api":
            continue
        site = ["--name", str(app["name"]), "--resource-group", group]
        azd_env_set("APP_PACKAGE", _package(az("functionapp", "config", "appsettings", "list", *site)))
        # Plans without slots need not know the question.
        slotted = os.environ.get("APP_SLOT", "").lower() == "true"
        for slot in az("functionapp", "deployment", "slot", "list", *site) if slotted else ():
            settings = az("functionapp", "config", "appsettings", "list", *site, "--slot", str(slot["name"]))
            azd_env_set("APP_STAGING_PACKAGE", _package(settings))


def _package(settings: list[dict[str, Any]]) -> str:
    """Return the name of the package that these settings run; empty when there is none yet, or when the plan takes a push."""
    url = next((str(setting["value"]) for setting in settings if setting["name"] == _SETTING), "")
    return url.rpartition("/")[2]
