"""What the templates deploy, resource for resource and output for output, against what the compiler predicted of them."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from scripts.bicep.place import Place
from tests.support.templates.bicep import ROOT, evaluate, parameters

FOLDER = ROOT / "tests" / "integration" / "infra" / "snapshots"
SNAPSHOTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
SUBSCRIPTION = Place().subscription
DEPLOYERS = {
    "deployerPrincipalId": "aaaaaaaa-0000-0000-0000-000000000001",
    "codeDeployerPrincipalId": "aaaaaaaa-0000-0000-0000-000000000002",
}
APP_SETTINGS = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
# Alerts and workbook are their queries, which have tests of their own and change without the rest.
LEFT_OUT = re.compile(
    r"/providers/Microsoft\.Insights/scheduledQueryRules/|/workbooks/[^ ]+ properties\.serializedData"
)


class Intended(NamedTuple):
    """A difference that is meant: where, as a pattern of id and path, and why."""

    where: str
    why: str


INTENDED = [
    Intended(
        r"/Microsoft\.Web/sites/[\w-]+ properties\.siteConfig\.ipSecurityRestrictions(DefaultAction)?: only now",
        "who may send requests is said in any case, so that taking Front Door away opens the app again",
    ),
    Intended(
        r"/config/authsettingsV2 properties\.globalValidation\.excludedPaths\[",
        "the carrier's webhook has another address, and browsers are led to their sign-in",
    ),
    Intended(
        r"/Microsoft\.Insights/(webtests|metricAlerts)/orders-test-outside: only now", "availability as callers see it"
    ),
    Intended(
        r"/vaults/.*Microsoft\.Insights/diagnosticSettings.* properties\.logAnalyticsDestinationType: only now",
        "the alert reads the vault's own table, which nothing fills otherwise",
    ),
    Intended(
        r"/managementPolicies/default properties\.policy\.rules\[",
        "the archive has its own rule; what a waiting order began with stays for 74 days, where the hub is in the account at all",
    ),
    Intended(
        r"^outputs APP_(RUNNER_SUBNET_ID|OUTBOUND_ADDRESS|BACKUP_STORAGE): only now"
        r"|/virtualNetworks/\S+ properties\.subnets\[\{'name': 'runners', .*: only now",
        "a place for machines that deploy from inside of the network, and the fixed address where there is one",
    ),
    Intended(
        r"/config/appsettings properties\.PYTHON_THREADPOOL_THREAD_COUNT: '40' now, '24' then",
        "an order takes half of the processor time, so a large instance has more activities at a time; and entities have threads",
    ),
    Intended(
        r"/config/appsettings properties\.PYTHON_THREADPOOL_THREAD_COUNT: ('16' now, '12'|'24' now, '16') then",
        "outside of Azure Storage, entities run beside orchestrators and have threads of their own",
    ),
    Intended(
        r" (properties\.(notes|description|metadata\.description)|tags\.[a-z]+): '.*' now, '.*' then",
        "texts for people say the same in other words",
    ),
    Intended(
        r"/slots/staging/config/appsettings properties\.(APPROVER_EMAILS|MAIL_ENDPOINT): '' now",
        "an order on the slot reaches no person of production",
    ),
    Intended(
        r"/config/slotConfigNames properties\.appSettingNames"
        r"\[(APPROVER_EMAILS|MAIL_ENDPOINT|PUBLIC_URL|FRONT_DOOR_ID)\]: only now",
        "the same, when slots are swapped",
    ),
    Intended(
        r"/config/slotConfigNames properties\.appSettingNames\[BACKUP_STORAGE(__\w+)?\]: only now",
        "the slot's storage is not copied",
    ),
    Intended(
        r"/providers/Microsoft\.Sql/.* apiVersion: '2025-01-01' now, '2023-08-01' then",
        "the compiler's linter calls the older one old",
    ),
    Intended(
        r"/config/appsettings properties\.SQLDB_Connection: .*'2025-01-01'\)\.fullyQualifiedDomainName",
        "the same, where the name of the server is read",
    ),
    Intended(
        rf"/config/appsettings properties\.({'|'.join(APP_SETTINGS)}): only now",
        "settings that the app has got since; test_templates.py holds them against the app",
    ),
    Intended(
        r"/workspaces/log-\w+ properties\.workspaceCapping\.dailyQuotaGb: 50 now, 5 then",
        "a brake for floods: at the cap, alerts that read logs are blind",
    ),
    Intended(
        r"/Microsoft\.Web/sites/\S+/diagnosticSettings/to-workspace properties\.logs: only then",
        "Application Insights has the same lines, and they would be paid twice",
    ),
    Intended(
        r"/default/(tables|queues|containers)/[a-z-]+: only now",
        "where the app keeps what it keeps since; test_templates.py holds them against the app",
    ),
    Intended(
        r"/config/appsettings properties\.SHOP_STORAGE__credential: only now",
        "without it the scale controller reads no queue of the shop, and a Flex Consumption app never wakes for one",
    ),
    Intended(
        r"/config/slotConfigNames properties\.appSettingNames\[SHOP_STORAGE__credential\]: only now",
        "the list of what sticks to its slot takes it by itself",
    ),
    Intended(
        r"^outputs APP_STAGING_(IDENTITY_ID|SECRETS|VAULT): only now", "what the hooks have to know of the slot's own"
    ),
    Intended(r"^outputs APP_SECRETS: ", "the slot's secrets are in its own vault"),
    Intended(
        r"/(vaults/kvs-|userAssignedIdentities/id-|servers/sql-|privateEndpoints/pe-)\w+(-staging[\w-]*)?[^ ]*: only now",
        "the slot's own vault, identity, SQL server and their endpoints",
    ),
    Intended(
        r"/servers/sql-\w+/databases/DurableOrdersStaging(/.*)?: only then", "its database is on the slot's own server"
    ),
    Intended(
        r"/slots/staging identity\.userAssignedIdentities\..*: only (now|then)|/slots/staging properties\.keyVaultReference",
        "the slot carries an identity of its own",
    ),
    Intended(
        r"/slots/staging/config/appsettings properties\.\w+: .*(id-\w+-staging|vaults/kvs-).* now, ",
        "the same, in each setting that names an identity or a vault",
    ),
    Intended(
        r"/slotConfigNames properties\.appSettingNames\[(AZURE_CLIENT_ID|APPLICATIONINSIGHTS_AUTH\w+|WEBSITE_RUN_\w+)\]: only now",
        "the same, when slots are swapped",
    ),
    Intended(
        r"^\[extensionResourceId\('[^']*/(components/appi-\w+|vaults/kvs-\w+|storageAccounts/stg\w+|taskHubs/DurableOrdersStaging"
        r"|containers/deploymentpackage)', 'Microsoft.Authorization/roleAssignments', .*id-\w+-staging'.*: only now",
        "roles of the slot's identity",
    ),
    Intended(
        r"^\[extensionResourceId\('[^']*/(storageAccounts/stg\w+|taskHubs/DurableOrdersStaging)', .*: only then",
        "roles that production's identity no longer has",
    ),
]


def differences(name: str) -> list[str]:
    """Where the templates differ from a snapshot today."""
    snapshot = SNAPSHOTS[name]
    written_out = "environment()" in snapshot["templates"]
    found = evaluate(parameters() | DEPLOYERS | snapshot["parameters"], place=Place(knows_cloud=written_out))
    now = {_shortened(one["_id"]): _shortened(_as_predicted(one)) for one in found.resources}
    then = {one["id"]: one for one in snapshot["predictedResources"]}
    assert len(now) == len(found.resources), "two resources have one id"
    compared = [
        *(f"{resource}: only now" for resource in now.keys() - then.keys()),
        *(f"{resource}: only then" for resource in then.keys() - now.keys()),
        *(f"{one} {what}" for one in now.keys() & then.keys() for what in compare(now[one], then[one])),
        *(f"outputs {what}" for what in compare(_shortened(found.outputs), snapshot["outputs"])),
    ]
    return sorted(one for one in compared if not LEFT_OUT.search(one))


def _as_predicted(resource: dict[str, Any]) -> dict[str, Any]:
    return {"id": resource["_id"]} | {key: value for key, value in resource.items() if not key.startswith("_")}


def _shortened(value: Any) -> Any:
    """Return a value with the ids as the snapshots write them."""
    text = json.dumps(value).replace(f"{SUBSCRIPTION}/resourceGroups/rg-test", "<group>")
    return json.loads(text.replace(SUBSCRIPTION, "<subscription>"))


def compare(now: Any, then: Any, path: str = "") -> Iterator[str]:
    """Every place where two values differ. Lists of texts are compared as sets where they differ in length."""
    if isinstance(now, dict) and isinstance(then, dict):
        for key in now.keys() | then.keys():
            inner = f"{path}.{key}" if path else key
            if key in now and key in then:
                yield from compare(now[key], then[key], inner)
            else:
                yield f"{inner}: only {'now' if key in now else 'then'}"
    elif isinstance(now, list) and isinstance(then, list):
        if len(now) != len(then):
            yield from (f"{path}[{one}]: only now" for one in now if one not in then)
            yield from (f"{path}[{one}]: only then" for one in then if one not in now)
        else:
            for i, pair in enumerate(zip(now, then, strict=True)):
                yield from compare(*pair, f"{path}[{i}]")
    elif now != then or type(now) is not type(then):
        yield f"{path}: {now!r} now, {then!r} then"


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_templates_deploy_what_the_compiler_predicted(name: str):
    unintended = [one for one in differences(name) if not any(re.search(meant.where, one) for meant in INTENDED)]
    assert unintended == []


def test_every_intended_difference_is_there():
    found = [one for name in SNAPSHOTS for one in differences(name)]
    assert [meant for meant in INTENDED if not any(re.search(meant.where, one) for one in found)] == []
