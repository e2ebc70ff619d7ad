"""After provisioning: see that the vault holds the providers' keys, and take in those that are missing.

A key comes from an environment variable of its name (`stripe-api-key` from STRIPE_API_KEY) or is asked for. It is never printed,
never an argument of a process and never in a file that others can read.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from getpass import getpass

from infra.hooks.azure_cli import HookFailed, az, output

# A role that was just given takes minutes to work.
_MAX_ATTEMPTS = 20
_RETRY_PAUSE_S = 15.0


def fill(vault: str, names: list[str], ask: Callable[[str], str] | None, pause: Callable[[float], None]) -> list[str]:
    """Store the keys that are missing and available; return what is still missing. ask: None without a terminal."""
    missing = []
    present = secrets_of(vault, pause)
    for name in names:
        if name in present:
            continue
        value = os.environ.get(name.upper().replace("-", "_")) or (ask(name) if ask else "")
        if value:
            store(vault, name, value)
        else:
            missing.append(name)
    return missing


def secrets_of(vault: str, pause: Callable[[float], None]) -> set[str]:
    """Return the names of the vault's secrets; waits for a role that was just given. Raises HookFailed."""
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        try:
            return {str(secret["name"]) for secret in az("keyvault", "secret", "list", "--vault-name", vault)}
        except HookFailed as error:
            if "Forbidden" not in str(error) or attempt == _MAX_ATTEMPTS:
                raise
            pause(_RETRY_PAUSE_S)
    raise AssertionError("unreachable")


def store(vault: str, name: str, value: str) -> None:
    """Put a secret into the vault."""
    # By file: the arguments of a process can be read by every user of the machine.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(value)
        file.flush()
        az(
            "keyvault",
            "secret",
            "set",
            "--vault-name",
            vault,
            "--name",
            name,
            "--file",
            file.name,
            "--encoding",
            "utf-8",
        )


def ask_for(name: str) -> str:
    """Ask the operator for a secret, without showing it."""
    return getpass(f"{name} (empty to do it later): ")


def main() -> int:
    """Fill the vault, and print which secrets are missing."""
    if not os.environ.get("APP_VAULT"):
        # azd runs its hooks around a preview, too.
        print("Nothing is provisioned yet, so there is no vault to look into")
        return 0
    try:
        vault, names = output("APP_VAULT"), output("APP_SECRETS").split(",")
        missing = fill(vault, names, ask_for if sys.stdin.isatty() else None, time.sleep)
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    for name in missing:
        print(
            f"{name} is missing, and what needs it will fail: az keyvault secret set --vault-name {vault} --name {name}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
