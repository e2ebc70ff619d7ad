"""The hooks of a deployment, with a stand-in for the Azure CLI that records what it is asked and answers from a table."""

import json
import sys
import zipfile

import pytest

from infra.hooks import azure_cli, preprovision, release, running_package
from infra.hooks.azure_cli import HookFailed
from scripts.host_json import host_json


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


def test_package_with_another_count_of_partitions_is_not_released(cli, package, monkeypatch):
    monkeypatch.setenv("APP_PARTITIONS", "12")
    with pytest.raises(
        HookFailed, match=r"AzureStorage with 4 partitions, and APP_BACKEND asks for .* with 12 partitions"
    ):
        release.release(package, pushing=False)
    assert cli.calls == []


def test_with_a_slot_production_is_left_alone(cli, package, monkeypatch):
    monkeypatch.setenv("APP_STAGING_URL", "https://staging.example")
    said = release.release(package, pushing=False)
    assert "slot swap" in said
    changes = [call for call in cli.calls if "appsettings set" in call or "syncfunctiontriggers" in call]
    assert len(changes) == 2
    assert "--slot staging" in changes[0]
    assert "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID=/identities/x-staging" in changes[0]
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


def deleted_vault(name: str, group: str) -> dict[str, object]:
    vault = f"/subscriptions/x/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
    return {"name": name, "properties": {"vaultId": vault, "location": "westeurope"}}


def test_vaults_that_an_environment_left_behind_are_recovered_and_no_others(cli):
    cli.answers(
        (
            "az keyvault list-deleted",
            [deleted_vault("kv-b", "RG-Test"), deleted_vault("kv-a", "rg-test"), deleted_vault("kv-c", "rg-test2")],
        )
    )
    preprovision.recover_vaults()
    assert cli.calls_of("azd") == ["azd env set APP_DELETED_VAULTS kv-a,kv-b"]


def test_without_deleted_vaults_an_older_list_of_them_is_forgotten(cli):
    cli.answers(("az keyvault list-deleted", []))
    preprovision.recover_vaults()
    assert cli.calls_of("azd") == ["azd env set APP_DELETED_VAULTS "]


def test_command_line_that_is_a_batch_file_is_found_by_its_name(tmp_path, monkeypatch):
    """On Windows `az` is az.cmd: a search of the path knows that, the start of a process does not."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HookFailed, match="az is not installed"):
        azure_cli.az("version")
    monkeypatch.setattr("infra.hooks.azure_cli.shutil.which", lambda program: sys.executable)
    with pytest.raises(HookFailed, match="az --version"):
        azure_cli.az("--version", "--no-such-option")
