"""Before provisioning: hand the template what it cannot look up, the packages that run and the vaults that can be recovered.

`azd down` leaves a vault soft-deleted for 90 days, and its name taken; purge protection keeps it from being purged. The next
`azd up` then has to recover it, with its secrets:
https://learn.microsoft.com/azure/key-vault/general/key-vault-recovery.
"""

import sys

from infra.hooks.azure_cli import HookFailed, azd_env_set, output
from infra.hooks.running_package import remember
from infra.hooks.vault import soft_deleted_vaults


def recover_vaults() -> None:
    """Hand the names of this environment's soft-deleted vaults to the template. Raises HookFailed."""
    azd_env_set("APP_DELETED_VAULTS", ",".join(soft_deleted_vaults(f"rg-{output('AZURE_ENV_NAME')}")))


def main() -> int:
    """Remember the running packages and the deleted vaults in the environment of azd."""
    try:
        recover_vaults()
        remember()
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
