"""Before provisioning: remember which package runs, so that the template, which sets every app setting, sets this one to itself.

Without it, the next `azd provision` would put the app back to the package of the previous one, swapped slots included.
"""

import os
import sys

from infra.hooks.azure_cli import HookFailed, az, azd_env_set, deploys_by_zip, output

_SETTING = "WEBSITE_RUN_FROM_PACKAGE"


def remember() -> None:
    """Hand the running packages to the template. Does nothing before the first provisioning and on plans that take a push."""
    if not os.environ.get("APP_NAME") or deploys_by_zip():
        return
    azd_env_set("APP_PACKAGE", running_package())
    if os.environ.get("APP_STAGING_URL"):
        azd_env_set("APP_STAGING_PACKAGE", running_package("staging"))


def running_package(slot: str | None = None) -> str:
    """The name of the package that production, or a slot, runs; empty when there is none yet."""
    where = ["--name", output("APP_NAME"), "--resource-group", output("AZURE_RESOURCE_GROUP")]
    settings = az("functionapp", "config", "appsettings", "list", *where, *(["--slot", slot] if slot else []))
    url = next((str(setting["value"]) for setting in settings if setting["name"] == _SETTING), "")
    return url.rpartition("/")[2]


def main() -> int:
    try:
        remember()
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
