"""The vault by the Azure CLI: which secrets it holds, and how one is put in. No secret is printed or stands in an argument."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from infra.hooks.azure_cli import HookFailed, az

# A role that was just given takes minutes to work.
_MAX_ATTEMPTS: Final = 20
_RETRY_PAUSE_S: Final = 15.0
# Waiting does not change the network: https://learn.microsoft.com/azure/key-vault/general/common-error-codes
_OUTSIDE: Final = ("ForbiddenByConnection", "ForbiddenByFirewall")


def secrets_of(vault: str, pause: Callable[[float], None]) -> set[str]:
    """Return the names of the vault's secrets; waits for a role that was just given.

    Raises:
        HookFailed: The vault admits neither this principal nor this network.
    """
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        try:
            return {str(secret["name"]) for secret in az("keyvault", "secret", "list", "--vault-name", vault)}
        except HookFailed as error:
            if any(reason in str(error) for reason in _OUTSIDE):
                raise HookFailed(
                    f"{vault} is closed to this network: run `azd provision` from inside (infra/README.md)"
                ) from error
            if "Forbidden" not in str(error) or attempt == _MAX_ATTEMPTS:
                raise
            pause(_RETRY_PAUSE_S)
    raise AssertionError("unreachable")


def store(vault: str, name: str, value: str) -> None:
    """Put a secret into the vault."""
    # By file, because the arguments of a process can be read by every user of the machine; and by one that is closed again, because
    # Windows opens no file twice. The folder is its owner's alone.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "secret")
        path.write_bytes(value.encode("utf-8"))
        file = ["--file", str(path), "--encoding", "utf-8"]
        az("keyvault", "secret", "set", "--vault-name", vault, "--name", name, *file)


def soft_deleted_vaults(group: str) -> list[str]:
    """Return the names of the vaults of a resource group that are deleted and can be recovered."""
    belongs = f"/resourcegroups/{group}/".lower()
    deleted = az("keyvault", "list-deleted", "--resource-type", "vault") or []
    return sorted(str(one["name"]) for one in deleted if belongs in str(one["properties"]["vaultId"]).lower())
