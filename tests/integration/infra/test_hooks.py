"""The hooks of a deployment, with a stand-in for the Azure CLI that records what it is asked and answers from a table."""

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from infra.hooks import provider_keys, release, running_package
from infra.hooks.azure_cli import HookFailed
from scripts.host_json import host_json

STAND_IN = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
said = " ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]])
if "--file" in sys.argv:
    said += " <- " + pathlib.Path(sys.argv[sys.argv.index("--file") + 1]).read_bytes().decode("latin-1")
with open(folder / "calls", "a") as calls:
    print(said, file=calls)
for start, answer in json.loads((folder / "answers").read_text()):
    if said.startswith(start):
        if isinstance(answer, str):
            sys.exit(answer)
        print(json.dumps(answer))
        break
"""


class Cli:
    """answers: what a call that starts so is answered, first match wins; a text is an error message."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("az", "azd"):
            program = folder / name
            program.write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
            program.chmod(0o755)
        self.answers()

    def answers(self, *answers: tuple[str, object]) -> None:
        (self._folder / "answers").write_text(json.dumps(answers))

    @property
    def calls(self) -> list[str]:
        calls = self._folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def cli(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name, value in {
        "AZURE_ENV_NAME": "test",
        "AZURE_RESOURCE_GROUP": "rg-test",
        "APP_NAME": "func-x",
        "APP_ID": "/sites/func-x",
        "APP_IDENTITY_ID": "/identities/x",
        "APP_STORAGE": "stx",
        "APP_PACKAGES_URL": "https://stx.example/deploymentpackage",
        "DEPLOY_BY_ZIP": "false",
        "APP_BACKEND": "",
        "APP_STAGING_URL": "",
    }.items():
        monkeypatch.setenv(name, value)
    return Cli(folder)


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "app.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo("host.json"), json.dumps(host_json("EP1", "AzureStorage")))
    return path


def settings(name, value):
    return [{"name": "TASKHUB_NAME", "value": "DurableOrders"}, {"name": name, "value": value}]


def test_first_provisioning_has_no_package_to_remember(cli):
    cli.answers(("az group exists", False))
    running_package.remember()
    assert not any(call.startswith("azd") for call in cli.calls)


def test_running_packages_survive_a_provisioning(cli, monkeypatch):
    monkeypatch.setenv("APP_SLOT", "true")
    cli.answers(
        ("az group exists", True),
        (
            "az functionapp list",
            [{"name": "other", "tags": None}, {"name": "func-x", "tags": {"azd-service-name": "api"}}],
        ),
        ("az functionapp deployment slot list", [{"name": "staging"}]),
        (
            "az functionapp config appsettings list --name func-x --resource-group rg-test --slot staging",
            settings("WEBSITE_RUN_FROM_PACKAGE", "https://stx.example/deploymentpackage/new.zip"),
        ),
        (
            "az functionapp config appsettings list",
            settings("WEBSITE_RUN_FROM_PACKAGE", "https://stx.example/deploymentpackage/old.zip"),
        ),
    )
    running_package.remember()
    assert [call for call in cli.calls if call.startswith("azd")] == [
        "azd env set APP_PACKAGE old.zip",
        "azd env set APP_STAGING_PACKAGE new.zip",
    ]


def test_plan_without_slots_is_not_asked_for_them(cli, monkeypatch):
    monkeypatch.setenv("APP_SLOT", "false")
    cli.answers(
        ("az group exists", True),
        ("az functionapp list", [{"name": "func-x", "tags": {"azd-service-name": "api"}}]),
        ("az functionapp deployment slot", "this plan has no slots"),
        ("az functionapp config appsettings list", []),
    )
    running_package.remember()
    assert [call for call in cli.calls if call.startswith("azd")] == ["azd env set APP_PACKAGE "]


def test_package_is_named_by_its_content_and_uploaded_by_identity(cli, package):
    said = release.release(package, pushing=False)
    upload, point, sync = cli.calls
    name = said.split()[0]
    assert "--auth-mode login" in upload
    assert f"--container-name deploymentpackage --name {name}" in upload
    assert f"WEBSITE_RUN_FROM_PACKAGE=https://stx.example/deploymentpackage/{name}" in point
    assert "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID=/identities/x" in point
    assert "syncfunctiontriggers --ids /sites/func-x " in sync
    assert release.release(package, pushing=False) == said


def test_package_of_another_back_end_is_not_released(cli, package, monkeypatch):
    monkeypatch.setenv("APP_BACKEND", "DurableTaskScheduler")
    with pytest.raises(HookFailed, match="APP_BACKEND asks for azureManaged: package anew"):
        release.release(package, pushing=False)
    assert cli.calls == []


def test_with_a_slot_production_is_left_alone(cli, package, monkeypatch):
    monkeypatch.setenv("APP_STAGING_URL", "https://staging.example")
    said = release.release(package, pushing=False)
    assert "slot swap" in said
    changes = [call for call in cli.calls if "appsettings set" in call or "syncfunctiontriggers" in call]
    assert len(changes) == 2
    assert "--slot staging" in changes[0]
    assert "/sites/func-x/slots/staging" in changes[1]


def test_key_that_a_push_left_behind_is_removed(cli, package, monkeypatch):
    monkeypatch.setenv("DEPLOY_BY_ZIP", "true")
    cli.answers(("az functionapp config appsettings list", settings("AzureWebJobsStorage", "AccountKey=secret")))
    assert "removed" in release.release(package, pushing=False)
    assert "appsettings delete" in cli.calls[-1]
    assert "--setting-names AzureWebJobsStorage" in cli.calls[-1]


def test_pipeline_pushes_to_flex_and_finds_no_key(cli, package, monkeypatch):
    monkeypatch.setenv("DEPLOY_BY_ZIP", "true")
    cli.answers(("az functionapp config appsettings list", settings("AzureWebJobsStorage__clientId", "x")))
    release.release(package, pushing=True)
    assert [call.split(" --")[0] for call in cli.calls] == [
        "az functionapp deployment source config-zip",
        "az functionapp config appsettings list",
    ]


def test_failure_of_the_cli_is_reported_in_its_own_words(cli, package):
    cli.answers(("az storage", "the role is missing"))
    with pytest.raises(HookFailed, match="az storage blob upload failed: the role is missing"):
        release.release(package, pushing=False)


def test_hook_outside_of_azd_says_what_to_do(monkeypatch, package):
    monkeypatch.delenv("DEPLOY_BY_ZIP", raising=False)
    with pytest.raises(HookFailed, match="azd provision"):
        release.release(package, pushing=False)


def test_keys_are_taken_from_the_environment_and_never_stand_in_an_argument(cli, monkeypatch):
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_1")
    cli.answers(("az keyvault secret list", [{"name": "easypost-api-key"}]))
    missing = provider_keys.fill("kv-x", ["stripe-api-key", "easypost-api-key", "stripe-test-api-key"], None, _no_pause)
    assert missing == ["stripe-test-api-key"]
    listed, stored = cli.calls
    arguments, content = stored.split(" <- ")
    assert "--name stripe-api-key" in arguments
    assert "sk_test_1" not in arguments + listed
    assert content == "sk_test_1"


def test_key_that_is_in_the_vault_is_not_asked_for(cli):
    cli.answers(("az keyvault secret list", [{"name": "stripe-api-key"}]))
    assert provider_keys.fill("kv-x", ["stripe-api-key"], _never, _no_pause) == []


def test_preview_before_the_first_provisioning_finds_no_vault_and_no_fault(cli, monkeypatch, capsys):
    monkeypatch.delenv("APP_VAULT", raising=False)
    assert provider_keys.main() == 0
    assert "no vault" in capsys.readouterr().out
    assert cli.calls == []


def test_role_that_was_just_given_is_waited_for(cli):
    cli.answers(("az keyvault secret list", "Forbidden: caller is not authorized"))
    pauses: list[float] = []

    def answer_after_two(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            cli.answers(("az keyvault secret list", [{"name": "stripe-api-key"}]))

    assert provider_keys.fill("kv-x", ["stripe-api-key"], None, answer_after_two) == []
    assert len(pauses) == 2


def _no_pause(seconds: float) -> None:
    raise AssertionError("nothing to wait for")


def _never(name: str) -> str:
    raise AssertionError(f"{name} is in the vault")
