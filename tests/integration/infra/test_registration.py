"""The app's registration in the tenant, with a stand-in for the Azure CLI that records what it is asked."""

import json
import shlex
import sys

import pytest

from domain.identity import Role
from infra.hooks import registration
from infra.hooks.azure_cli import HookFailed
from tests.support.azure_cli import Cli

ID = "11111111-2222-3333-4444-555555555555"


def value_of(option: str, call: str) -> str:
    return call.partition(f" --{option} ")[2].partition(" --")[0]


def test_the_first_registration_makes_app_and_principal_and_asks_for_an_assignment(cli: Cli):
    cli.answers(("az ad app list", []), ("az ad app create", {"appId": ID}), ("az ad sp list", []))
    assert registration.register([]) == ID
    made = [call.partition(" --")[0] for call in cli.calls if " list " not in call]
    assert made == ["az ad app create", "az ad app update", "az ad sp create", "az ad sp update"]
    (update,) = cli.calls_of("az ad app update")
    assert (value_of("id", update), value_of("identifier-uris", update)) == (ID, f"api://{ID}")
    assert (value_of("sign-in-audience", update), value_of("requested-access-token-version", update)) == (
        "AzureADMyOrg",
        "2",
    )
    roles = json.loads(value_of("app-roles", update))
    assert {role["value"] for role in roles} == set(Role)
    assert all(role["isEnabled"] and role["allowedMemberTypes"] == ["User", "Application"] for role in roles)
    # By `acct` the app refuses guests, and by `idtyp` it knows applications.
    claims = json.loads(value_of("optional-claims", update))
    assert {"acct", "idtyp"} <= {claim["name"] for claim in claims["accessToken"]}
    assert "acct" in {claim["name"] for claim in claims["idToken"]}
    assert "web-redirect-uris" not in update
    assert cli.calls_of("az ad sp update")[0].partition(" --set ")[2].startswith("appRoleAssignmentRequired=true")


def test_a_repeat_changes_the_registration_that_is_there_and_keeps_the_ids_of_its_roles(cli: Cli):
    cli.answers(("az ad app list", [{"appId": ID}]), ("az ad sp list", [{"appId": ID}]))
    for _ in range(2):
        assert registration.register(["func-x.azurewebsites.net", "shop.example"]) == ID
    assert cli.calls_of("az ad app create") + cli.calls_of("az ad sp create") == []
    first, second = cli.calls_of("az ad app update")
    assert first == second
    assert shlex.split(value_of("web-redirect-uris", first)) == [
        "https://func-x.azurewebsites.net/.auth/login/aad/callback",
        "https://shop.example/.auth/login/aad/callback",
    ]
    assert len({role["id"] for role in json.loads(value_of("app-roles", first))}) == len(Role)


def test_the_next_deployment_gets_the_id(cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    cli.answers(("az ad app list", [{"appId": ID}]), ("az ad sp list", [{"appId": ID}]))
    monkeypatch.setattr(sys, "argv", ["registration"])
    assert registration.main() == 0
    assert cli.calls_of("azd") == [f"azd env set APP_ENTRA_CLIENT_ID {ID}"]
    assert ID in capsys.readouterr().out


def test_a_refusal_of_the_tenant_ends_it_in_the_words_of_the_cli_and_changes_no_deployment(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    cli.answers(("az ad app list", []), ("az ad app create", "Insufficient privileges to complete the operation."))
    with pytest.raises(HookFailed, match="az ad app create failed: Insufficient privileges"):
        registration.register([])
    monkeypatch.setattr(sys, "argv", ["registration"])
    assert registration.main() == 1
    assert "Insufficient privileges" in capsys.readouterr().err
    assert cli.calls_of("azd") == []
