"""Make a package run, by identity: after `azd deploy`, and in the pipelines.

Flex Consumption takes a push, which may leave a connection string with a key behind that the account refuses anyway. On the other
plans a push would need a key, so the package is stored under the digest of its content, and the app, or its staging slot if it has
one, is set to run it. A rollback sets an older name.
"""

import argparse
import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from infra.hooks.azure_cli import HookFailed, az, deploys_by_zip, output
from scripts.host_json import host_json
from scripts.package import Target, chosen_partitions

PACKAGE: Final = Path("dist", "app.zip")
_KEY_SETTING: Final = "AzureWebJobsStorage"
_API_VERSION: Final = "2024-11-01"


def check_back_end(package: Path, backend: str, partitions: str | None = None) -> None:
    """Check that a package is made for the back end of this environment, and for as many partitions.

    Raises:
        HookFailed: It is made for another one, so that running orders would be left behind.
    """
    if not package.exists():
        raise HookFailed(f"{package} is missing: run `make package`")
    with zipfile.ZipFile(package) as zipped:
        made_for = _provider(json.loads(zipped.read("host.json")))
    wanted = _provider(host_json(Target.plan, backend, chosen_partitions(partitions)))
    if made_for != wanted:
        raise HookFailed(
            f"{package} is made for the back end {made_for}, and APP_BACKEND asks for {wanted}: package anew (APP_PARTITIONS "
            "belongs to a task hub for its life: with another count its running orders are lost)"
        )


def _provider(host: Mapping[str, Any]) -> str:
    provider = host["extensions"]["durableTask"]["storageProvider"]
    count = provider.get("partitionCount")
    return str(provider["type"]) if count is None else f"{provider['type']} with {count} partitions"


def push(package: Path) -> None:
    """Push a package to a Flex Consumption app. azd does this itself; pipelines have the package already."""
    az("functionapp", "deployment", "source", "config-zip", *_site(None), "--src", str(package))


def remove_key_setting() -> bool:
    """Take out the connection string that a push may have put in. True when there was one."""
    settings = az("functionapp", "config", "appsettings", "list", *_site(None))
    if all(setting["name"] != _KEY_SETTING for setting in settings):
        return False
    az("functionapp", "config", "appsettings", "delete", *_site(None), "--setting-names", _KEY_SETTING)
    return True


def upload(package: Path) -> str:
    """Put a package into storage; return its name there. The same content has the same name."""
    name = f"{hashlib.sha256(package.read_bytes()).hexdigest()[:16]}.zip"
    container = output("APP_PACKAGES_URL").rpartition("/")[2]
    where = ["--account-name", output("APP_STORAGE"), "--container-name", container, "--name", name]
    az("storage", "blob", "upload", "--auth-mode", "login", *where, "--file", str(package), "--overwrite", "true")
    return name


def run(name: str, slot: str | None) -> None:
    """Point production, or a slot, at a package that is in storage, and have Azure look at its triggers."""
    settings = [
        f"WEBSITE_RUN_FROM_PACKAGE={output('APP_PACKAGES_URL')}/{name}",
        f"WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID={output('APP_STAGING_IDENTITY_ID' if slot else 'APP_IDENTITY_ID')}",
    ]
    az("functionapp", "config", "appsettings", "set", *_site(slot), "--settings", *settings)
    site = output("APP_ID") + (f"/slots/{slot}" if slot else "")
    az("resource", "invoke-action", "--action", "syncfunctiontriggers", "--ids", site, "--api-version", _API_VERSION)


def release(package: Path, pushing: bool) -> str:
    """Make a package run, the way this plan takes it; return what happened, for people. Raises HookFailed."""
    check_back_end(package, os.environ.get("APP_BACKEND") or Target.backend, os.environ.get("APP_PARTITIONS"))
    if deploys_by_zip():
        if pushing:
            push(package)
        removed = remove_key_setting()
        return f"the package runs in production{', and a key that the push left behind is removed' if removed else ''}"
    slot = "staging" if os.environ.get("APP_STAGING_URL") else None
    name = upload(package)
    run(name, slot)
    if slot is None:
        return f"{name} runs in production"
    swap = f"az functionapp deployment slot swap {' '.join(_site(None))} --slot {slot}"
    return f"{name} runs at {output('APP_STAGING_URL')}; to make it production: {swap}"


def _site(slot: str | None) -> list[str]:
    site = ["--name", output("APP_NAME"), "--resource-group", output("AZURE_RESOURCE_GROUP")]
    return [*site, "--slot", slot] if slot else site


def main() -> int:
    """Release dist/app.zip."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.hooks.release", description="Make dist/app.zip run in Azure."
    )
    parser.add_argument("--push", action="store_true", help="push the package too, where azd has not done it")
    try:
        print(release(PACKAGE, parser.parse_args().push))
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
