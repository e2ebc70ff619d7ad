"""The templates are sound: by the compiler where it is, else by the offline checker."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from domain.queues import FILE_MANIFESTS
from local_host.testing import app_index
from scripts.bicep.check import check
from scripts.bicep.values import Refused
from scripts.host_json import ROOT, backends, plans
from settings import Settings
from tests.support.templates.bicep import INFRA, app_settings, evaluate, of_type, properties
from tests.support.templates.combinations import BACKENDS, LEGAL, PLANS, described

MAIN = (INFRA / "main.bicep").read_text(encoding="utf-8")


def test_templates_compile_without_a_warning(tmp_path):
    assert [str(one) for one in check([INFRA], descriptions=True)] == []
    compiler = shutil.which("bicep")
    if compiler is None:
        return
    main = str(INFRA / "main.bicep")
    for command in (["build", main, "--outfile", str(tmp_path / "main.json")], ["lint", main]):
        done = subprocess.run([compiler, *command], capture_output=True, text=True, check=False)
        # Versions grow old by themselves, so with a newer compiler.
        said = [line for line in done.stderr.splitlines() if "use-recent-api-versions" not in line]
        assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("path", sorted(INFRA.rglob("*.bicep")), ids=lambda path: path.name)
def test_template_is_laid_out_as_the_compiler_lays_it_out(path: Path):
    """As far as that is known here: `bicep format` begins loops and the sides of a broken choice on lines of their own."""
    joined = re.compile(r"\[for .*\{$|^ *\}\]|[^ ] \? [{\[]$|^ *[}\])]+ : ")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if joined.search(line) and not line.lstrip().startswith("//")] == []


def test_misspelt_limit_of_a_plan_is_found_before_it_deploys(tmp_path):
    infra = tmp_path / "infra"
    shutil.copytree(INFRA, infra, ignore=shutil.ignore_patterns("*.py", "__pycache__", "hooks"))
    overlays = infra / "host.overlays.json"
    overlays.write_text(overlays.read_text().replace("maxConcurrentOrchestratorFunctions", "maxOrchestratorFunctions"))

    with pytest.raises(Refused, match="'maxConcurrentOrchestratorFunctions' is missing"):
        evaluate(LEGAL[0], infra)


def test_vault_is_recovered_where_it_is_soft_deleted_and_created_elsewhere():
    def create_modes(deleted: str) -> list[str | None]:
        vaults = of_type(evaluate(LEGAL[0] | {"deletedVaults": deleted}), "Microsoft.KeyVault/vaults")
        return [properties(vault).get("createMode") for vault in vaults]

    (vault,) = of_type(evaluate(LEGAL[0]), "Microsoft.KeyVault/vaults")
    assert create_modes("") == create_modes(f"{vault['name']}x,kv-other") == [None]
    assert create_modes(f"kv-other,{vault['name']}") == ["recover"]


@pytest.mark.parametrize(("size", "room"), [(25, False), (24, True), (16, True)])
def test_machines_that_deploy_from_inside_have_a_subnet_where_the_network_has_room(size, room):
    deployment = evaluate({"plan": "FC1", "usePrivateNetworking": True, "addressPrefix": f"10.20.0.0/{size}"})
    (network,) = of_type(deployment, "Microsoft.Network/virtualNetworks")
    subnets = {one["name"]: one["properties"]["addressPrefix"] for one in properties(network)["subnets"]}
    assert subnets.get("runners") == ("10.20.0.128/26" if room else None)
    assert len(set(subnets.values())) == len(subnets) == (3 if room else 2)
    assert ("/subnets/runners" in deployment.outputs["APP_RUNNER_SUBNET_ID"]) is room


@pytest.mark.parametrize("plan", ["FC1", "EP1"])
def test_app_leaves_by_one_fixed_address_where_that_is_asked_for(plan):
    def leaving(nat: bool) -> tuple[list[object], object, int]:
        deployment = evaluate({"plan": plan, "usePrivateNetworking": True, "useNatGateway": nat})
        (network,) = of_type(deployment, "Microsoft.Network/virtualNetworks")
        through = [
            one["properties"].get("natGateway") for one in properties(network)["subnets"] if one["name"] != "endpoints"
        ]
        gateways = of_type(deployment, "Microsoft.Network/natGateways", "Microsoft.Network/publicIPAddresses")
        return through, deployment.outputs["APP_OUTBOUND_ADDRESS"], len(gateways)

    through, address, gateways = leaving(nat=True)
    assert all(one["id"].endswith("-nat") for one in through)
    assert (len(through), gateways) == (2, 2)
    assert "publicIPAddresses" in str(address)
    assert leaving(nat=False) == ([None, None], "", 0)


def test_main_only_composes():
    assert re.findall(r"^resource (\w+) '([^'@]+)", MAIN, re.M) == [("group", "Microsoft.Resources/resourceGroups")]


def test_every_module_is_used():
    modules = {path.name for path in (INFRA / "modules").glob("*.bicep")}
    used = set(
        re.findall(r"'(?:modules/)?([\w-]+\.bicep)'", "".join(path.read_text() for path in INFRA.rglob("*.bicep")))
    )
    assert modules == used


def test_plans_and_back_ends_are_the_same_everywhere():
    assert set(plans()) == set(PLANS) == set(_allowed("plan"))
    assert set(backends()) == set(BACKENDS) == set(_allowed("backend"))


def test_azd_offers_the_regions_of_every_plan():
    flex = set(re.findall(r"^  '(\w+)'$", (INFRA / "modules" / "regions.bicep").read_text(), re.M))
    assert flex < set(_allowed("location"))
    assert "@metadata({ azd: { type: 'location' } })\nparam location string\n" in MAIN


def _allowed(parameter: str) -> list[str]:
    found = re.search(rf"@allowed\(\[([^\]]+)\]\)\n(?:@metadata\(.*\)\n)?param {parameter} ", MAIN)
    assert found
    return re.findall(r"'([^']+)'", found[1])


def test_parameter_file_names_only_parameters_and_every_one_without_a_default():
    parameters = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    declared = dict(re.findall(r"^param (\w+) ([^\n]+)$", MAIN, re.M))
    required = {name for name, rest in declared.items() if "=" not in rest}
    assert required <= set(parameters) <= set(declared)


def test_azure_sets_exactly_the_settings_of_the_app():
    example = set(json.loads((ROOT / "local.settings.json.example").read_text())["Values"])
    by_identity = {"AzureWebJobsStorage", "SHOP_STORAGE"}
    for given in LEGAL:
        for settings in app_settings(evaluate(given)):
            known = {name.partition("__")[0] for name in settings if not _azure_only(name)}
            # Flex Consumption takes the language from elsewhere.
            expected = example - ({"FUNCTIONS_WORKER_RUNTIME"} if given["plan"] == "FC1" else set())
            assert known == expected, described(given)
            assert not by_identity & set(settings)


def _azure_only(name: str) -> bool:
    return name.startswith(
        ("WEBSITE_", "APPLICATIONINSIGHTS_", "AzureFunctionsWebHost__", "DURABLE_TASK_", "SQLDB_")
    ) or name in {
        "AZURE_CLIENT_ID",
        "PYTHON_THREADPOOL_THREAD_COUNT",
        "FUNCTIONS_EXTENSION_VERSION",
        "FUNCTIONS_WORKER_PROCESS_COUNT",
    }


@pytest.mark.parametrize("given", LEGAL, ids=described)
def test_app_starts_with_the_settings_that_azure_sets(given):
    for settings in app_settings(evaluate(given)):
        read = Settings.from_env(_with_secrets_read(settings))
        assert read.ship_from.country == "US"
        assert read.storage.connection_string is None
        assert read.storage.client_id


def _with_secrets_read(settings):
    """As the app sees them: Azure puts the provider keys in the place of their references, and knows its own addresses."""
    return {
        **{name: _worked_out(value) for name, value in settings.items()},
        "STRIPE_API_KEY": "a key",
        "EASYPOST_API_KEY": "a key",
    }


def _worked_out(value):
    """Return a `format()` that a deployment works out, with a word in each place that only it knows."""
    found = re.fullmatch(r"\[format\('((?:[^']|'')*)', .*\)\]", value)
    return re.sub(r"\{\d+\}", "known", found[1]) if found else value


def test_tables_queues_and_containers_are_those_of_the_app():
    deployment = evaluate(LEGAL[0])
    kinds = {"table": "tableServices/tables", "queue": "queueServices/queues", "container": "blobServices/containers"}
    for kind, resource_type in kinds.items():
        made = {
            _last_name(one["name"]) for one in of_type(deployment, f"Microsoft.Storage/storageAccounts/{resource_type}")
        }
        # The package container is Azure's; everything else the adapters name, a trigger watches, or Event Grid delivers to.
        assert made - {"deploymentpackage"} == _named_by_adapters(kind) | _watched(kind) | _delivered_to(
            kind, deployment
        )


def _watched(kind: str) -> set[str]:
    trigger, field = {"queue": ("queueTrigger", "queueName"), "container": ("blobTrigger", "path")}.get(kind, ("", ""))
    return {function.trigger.fields[field].partition("/")[0] for function in app_index(ROOT).with_trigger(trigger)}


def _delivered_to(kind: str, deployment: object) -> set[str]:
    (events,) = of_type(deployment, "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    good = properties(events)["deliveryWithResourceIdentity"]["destination"]["properties"]
    bad = properties(events)["deadLetterWithResourceIdentity"]["deadLetterDestination"]["properties"]
    return {"queue": {good["queueName"]}, "container": {bad["blobContainerName"]}}.get(kind, set())


def test_event_grid_delivers_what_the_app_polls_elsewhere():
    (looking,) = app_index(ROOT).with_trigger("blobTrigger")
    container, _, pattern = looking.trigger.fields["path"].partition("/")
    (events,) = of_type(evaluate(LEGAL[0]), "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    event_filter = properties(events)["filter"]
    assert event_filter["subjectBeginsWith"] == f"/blobServices/default/containers/{container}/blobs/"
    assert event_filter["subjectEndsWith"] == pattern.removeprefix("{name}")
    delivered = properties(events)["deliveryWithResourceIdentity"]["destination"]["properties"]
    assert delivered["queueName"] == FILE_MANIFESTS


def _named_by_adapters(kind: str) -> set[str]:
    shared = _constants(Path(ROOT, "domain", "queues.py").read_text())
    names: set[str] = set()
    for path in Path(ROOT, "adapters").rglob("*.py"):
        text = path.read_text()
        constants = shared | _constants(text)
        names |= {constants[name] for name in re.findall(rf"storage\.{kind}\((\w+)\)", text) if name in constants}
    return names


def _constants(text: str) -> dict[str, str]:
    return dict(re.findall(r'^(\w+): Final = "([^"]+)"', text, re.M))


def _last_name(name: str) -> str:
    return re.sub(r"['\")\]}]+$", "", name).rsplit("/", 1)[-1]


def test_what_needs_no_key_needs_no_token_either():
    given = LEGAL[0] | {"entraClientId": "11111111-2222-3333-4444-555555555555"}
    (auth,) = [one for one in evaluate(given).resources if "authsettingsV2" in str(one["name"])]
    routes = [function.trigger.fields for function in app_index(ROOT).with_trigger("httpTrigger")]
    anonymous = {f"/{fields['route']}" for fields in routes if str(fields["authLevel"]).lower() == "anonymous"}
    assert anonymous == set(properties(auth)["globalValidation"]["excludedPaths"])


def test_large_messages_outlive_their_orchestrations():
    for hub_days in (7, 60):
        deployment = evaluate(LEGAL[0] | {"orchestrationRetentionDays": hub_days})
        rule, *_ = _lifecycle(deployment)
        assert rule["definition"]["filters"]["prefixMatch"] == ["durableorders-largemessages/"]
        kept_days = rule["definition"]["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"]
        assert kept_days > hub_days + _longest_wait_days()


def _longest_wait_days() -> float:
    settings = (INFRA / "modules" / "settings.bicep").read_text(encoding="utf-8")
    found = re.search(r"@maxValue\((\d+)\)\n  approvalTimeoutS", settings)
    assert found
    return int(found[1]) / 86400


@pytest.mark.parametrize("backend", ["DurableTaskScheduler", "MSSQL"])
def test_large_messages_of_another_account_are_left_alone(backend):
    given = {"plan": "EP1", "backend": backend, "enableStagingSlot": True}
    for account in of_type(evaluate(given), "Microsoft.Storage/storageAccounts/managementPolicies"):
        assert "largemessages" not in json.dumps(properties(account))


def test_files_of_workflows_go_when_no_history_can_name_them_and_nothing_else_does():
    longest = max(int(days) for days in re.findall(r"@maxValue\((\d+)\)\nparam orchestrationRetentionDays", MAIN))
    _, rule, exports, archive = _lifecycle(evaluate(LEGAL[0]))
    assert rule["definition"]["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"] >= longest
    gone = set(rule["definition"]["filters"]["prefixMatch"])
    assert gone == {"file-batches/", "reports/", "order-batches/", "undelivered-events/"}
    assert exports["definition"]["filters"]["prefixMatch"] == ["customer-exports/"]
    assert archive["definition"]["filters"]["prefixMatch"] == ["archive/"]
    assert archive["definition"]["actions"]["baseBlob"] == {"delete": {"daysAfterModificationGreaterThan": 3650}}


def test_a_second_account_for_copies_is_in_another_region_and_locked():
    here, there = of_type(evaluate(LEGAL[0] | {"backupLocation": "northeurope"}), "Microsoft.Storage/storageAccounts")
    assert {here["location"], there["location"]} == {here["location"], "northeurope"} != {"northeurope"}
    assert properties(there)["allowSharedKeyAccess"] is False
    assert len(of_type(evaluate(LEGAL[0]), "Microsoft.Storage/storageAccounts")) == 1


def _lifecycle(deployment):
    (lifecycle,) = of_type(deployment, "Microsoft.Storage/storageAccounts/managementPolicies")
    return properties(lifecycle)["policy"]["rules"]
