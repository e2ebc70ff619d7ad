"""Make the app's registration in the tenant, once: `python -m infra.hooks.registration [HOST ...]`.

It has the app's roles, and the claims by which the app knows people and refuses guests. Tokens go only to those who are assigned a
role. HOST: a name under which people sign in with a browser, such as func-x.azurewebsites.net; give them all again to add one.

A script and not a part of the template: a registration belongs to the tenant, outlives each environment, and needs rights
(Application Administrator) that a deployment should not have. With Bicep's Microsoft Graph extension each one would need them.
"""

import argparse
import json
import sys
import uuid
from collections.abc import Sequence
from typing import Any, Final

from domain.identity import Role
from infra.hooks.azure_cli import HookFailed, az, azd_env_set

_NAME: Final = "Durable Orders"
_SIGN_IN_PATH: Final = "/.auth/login/aad/callback"
_MEANINGS: Final = {
    Role.STOREFRONT: "Places, cancels and reads the orders and carts of the customer that it speaks for",
    Role.APPROVER: "Decides on orders and expense claims of others",
    Role.OPERATOR: "Settles what is stuck",
    Role.CATALOGUE_MANAGER: "Maintains products, prices and stock",
    Role.AUDITOR: "Reads everything, the audit log included",
}


def app_roles() -> list[dict[str, Any]]:
    """Return the roles as the registration declares them; the ids are the same in every run."""
    return [
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"durable-orders/roles/{role}")),
            "value": role.value,
            "displayName": role.replace("_", " ").capitalize(),
            "description": _MEANINGS[role],
            "allowedMemberTypes": ["User", "Application"],
            "isEnabled": True,
        }
        for role in Role
    ]


def optional_claims() -> dict[str, Any]:
    """Return the claims that tokens carry beside the usual ones: acct is of guests, idtyp of applications."""
    claims = [{"name": name, "essential": False} for name in ("acct", "preferred_username", "upn")]
    return {"accessToken": [*claims, {"name": "idtyp", "essential": False}], "idToken": claims}


def register(hosts: Sequence[str]) -> str:
    """Make or change the registration, and return its client id. Raises HookFailed."""
    found = az("ad", "app", "list", "--filter", f"displayName eq '{_NAME}'")
    client_id: str = found[0]["appId"] if found else az("ad", "app", "create", "--display-name", _NAME)["appId"]
    az(
        *("ad", "app", "update", "--id", client_id, "--sign-in-audience", "AzureADMyOrg"),
        *("--identifier-uris", f"api://{client_id}", "--requested-access-token-version", "2"),
        *("--app-roles", json.dumps(app_roles()), "--optional-claims", json.dumps(optional_claims())),
        *("--enable-id-token-issuance", "true"),
        *(("--web-redirect-uris", *[f"https://{host}{_SIGN_IN_PATH}" for host in hosts]) if hosts else ()),
    )
    if not az("ad", "sp", "list", "--filter", f"appId eq '{client_id}'"):
        az("ad", "sp", "create", "--id", client_id)
    az("ad", "sp", "update", "--id", client_id, "--set", "appRoleAssignmentRequired=true")
    return client_id


def main() -> int:
    """Make the registration, and remember its client id for the next `azd up`."""
    parser = argparse.ArgumentParser(prog="python -m infra.hooks.registration")
    parser.add_argument("host", nargs="*")
    try:
        client_id = register(parser.parse_args().host)
        azd_env_set("APP_ENTRA_CLIENT_ID", client_id)
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"registered as {client_id}; `azd up` has the app ask for its tokens. Now assign people: infra/README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
