"""After `azd deploy`, and in the pipelines: make sure that the package runs, by identity.

On Flex Consumption the package was pushed, and the push may leave a connection string with a key behind, which the account
refuses. On the other plans a push would need a key, so the package goes into storage under the name of its content, and the app,
or its staging slot if it has one, is pointed at it. To go back is to point at an older name.
"""

import argparse
import hashlib
import os
import sys
from pathlib import Path

from infra.hooks.azure_cli import HookFailed, az, deploys_by_zip, output

PACKAGE = Path("dist", "app.zip")
_KEY_SETTING = "AzureWebJobsStorage"
_API_VERSION = "2024-11-01"


def release(package: Path, slot: str | None) -> str:
    """Upload a package and run it; return its name. slot: None for production."""
    name = f"{hashlib.sha256(package.read_bytes()).hexdigest()[:16]}.zip"
    container = output("APP_PACKAGES_URL").rpartition("/")[2]
    where = ["--account-name", output("APP_STORAGE"), "--container-name", container, "--name", name]
    az("storage", "blob", "upload", "--auth-mode", "login", *where, "--file", str(package), "--overwrite", "true")
    run(name, slot)
    return name


def run(name: str, slot: str | None) -> None:
    """Point production, or a slot, at a package that is in storage, and tell Azure which triggers it has."""
    settings = [
        f"WEBSITE_RUN_FROM_PACKAGE={output('APP_PACKAGES_URL')}/{name}",
        f"WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID={output('APP_IDENTITY_ID')}",
    ]
    az("functionapp", "config", "appsettings", "set", *_site(slot), "--settings", *settings)
    site = output("APP_ID") + (f"/slots/{slot}" if slot else "")
    az("resource", "invoke-action", "--action", "syncfunctiontriggers", "--ids", site, "--api-version", _API_VERSION)


def remove_key_setting() -> bool:
    """Take out the connection string that a push may have put in. True when there was one."""
    settings = az("functionapp", "config", "appsettings", "list", *_site(None))
    if all(setting["name"] != _KEY_SETTING for setting in settings):
        return False
    az("functionapp", "config", "appsettings", "delete", *_site(None), "--setting-names", _KEY_SETTING)
    return True


def _site(slot: str | None) -> list[str]:
    site = ["--name", output("APP_NAME"), "--resource-group", output("AZURE_RESOURCE_GROUP")]
    return [*site, "--slot", slot] if slot else site


def after_push() -> None:
    if remove_key_setting():
        print(f"{_KEY_SETTING} was put in by the deployment and is removed: the account refuses keys")


def after_upload(package: str | None) -> None:
    """package: one that is in storage already, to go back to; None for the one just built."""
    slot = "staging" if os.environ.get("APP_STAGING_URL") and package is None else None
    if package is None:
        package = release(PACKAGE, slot)
    else:
        run(package, slot)
    print(f"{package} runs in {slot or 'production'}")
    if slot:
        site = " ".join(_site(None))
        print(f"Try it at {output('APP_STAGING_URL')}, then: az functionapp deployment slot swap {site} --slot {slot}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.hooks.release", description=__doc__)
    parser.add_argument("--package", metavar="NAME", help="go back to this package, which is in storage, in production")
    package = parser.parse_args().package
    try:
        if not deploys_by_zip():
            after_upload(package)
        elif package is None:
            after_push()
        else:
            raise HookFailed("on Flex Consumption, go back by deploying the older package: docs/releasing.md")
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
