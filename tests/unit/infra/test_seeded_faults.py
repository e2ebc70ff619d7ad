"""A policy that cannot fail proves nothing: each is shown a template with its fault in it."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.templates.bicep import INFRA, Given, evaluate
from tests.support.templates.combinations import PLAIN
from tests.unit.infra.all_policies import POLICIES


class Fault(NamedTuple):
    """Text of a file, what to put in its place, and the parameters under which it matters."""

    file: str
    good: str
    bad: str
    given: Given | None = None


EP = {"plan": "EP1"}
DEDICATED = {"plan": "P0v3"}
DOOR = {"frontDoor": "Standard"}
COPIES = {"backupLocation": "northeurope"}
SLOT = {"plan": "EP1", "enableStagingSlot": True}
PRIVATE = {"usePrivateNetworking": True}
SQL = {"plan": "EP1", "backend": "MSSQL"}
DTS = {"backend": "DurableTaskScheduler"}
BUDGET = {"budgetAmount": 50, "budgetStart": "2026-12-01"}
MAIL = {"mailDataLocation": "Europe"}
PRINCIPAL = "11111111-2222-3333-4444-555555555555"
ENTRA = {"entraClientId": PRINCIPAL}

FAULTS: dict[str, list[Fault]] = {
    "storage_refuses_keys": [
        Fault("modules/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true")
    ],
    "no_key_is_read_or_held": [
        Fault("modules/storage.bicep", "string = account.id", "string = account.listKeys().keys[0].value"),
        Fault("modules/settings.bicep", "SHOP_CURRENCY: shop.currency", "SHOP_CURRENCY: 'AccountKey=abc'"),
    ],
    "telemetry_refuses_keys": [
        Fault("modules/monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false"),
        Fault("modules/monitoring.bicep", "disableLocalAuth: true", "disableLocalAuth: false"),
    ],
    "no_deployment_uses_a_password": [
        Fault(
            "modules/app.bicep",
            "name: 'scm'\n    properties: { allow: false }",
            "name: 'scm'\n    properties: { allow: true }",
        ),
        Fault("modules/slot.bicep", "properties: { allow: false }", "properties: { allow: true }", SLOT),
    ],
    "sql_knows_no_passwords": [
        Fault("modules/sql.bicep", "azureADOnlyAuthentication: true", "azureADOnlyAuthentication: false", SQL)
    ],
    "tls_is_1_2_or_newer": [
        Fault("modules/storage.bicep", "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'"),
        Fault("modules/sql.bicep", "minimalTlsVersion: '1.2'", "minimalTlsVersion: '1.1'", SQL),
        Fault("modules/app.bicep", "minTlsVersion: '1.2'", "minTlsVersion: '1.0'"),
        Fault("modules/slot.bicep", "httpsOnly: true", "httpsOnly: false", SLOT),
    ],
    "no_blob_is_public": [
        Fault("modules/storage.bicep", "allowBlobPublicAccess: false", "allowBlobPublicAccess: true")
    ],
    "vault_goes_by_roles_and_forgets_nothing": [
        Fault("modules/keyvault.bicep", "enablePurgeProtection: true", "enablePurgeProtection: false")
    ],
    "secrets_are_references": [
        Fault(
            "modules/settings.bicep",
            "'@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${stripeSecret}/)'",
            "'sk_live'",
        )
    ],
    "host_storage_is_by_identity": [
        Fault("modules/settings.bicep", "  AzureWebJobsStorage__tableServiceUri: storage.table\n", ""),
        Fault("modules/settings.bicep", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__kind"),
        Fault("modules/settings.bicep", "SHOP_CURRENCY", "AzureWebJobsStorage"),
    ],
    "shop_storage_is_by_identity": [Fault("modules/settings.bicep", "  SHOP_STORAGE__clientId: clientId\n", "")],
    "every_connection_is_by_identity": [
        Fault("modules/settings.bicep", "  SHOP_STORAGE__credential: 'managedidentity'\n", ""),
        Fault("modules/settings.bicep", "SHOP_STORAGE__queueServiceUri", "SHOP_STORAGE__fileServiceUri"),
        Fault("modules/settings.bicep", "  AzureWebJobsStorage__clientId: clientId\n", ""),
        Fault("modules/settings.bicep", "SHOP_CURRENCY", "SHOP_STORAGE"),
    ],
    "each_site_carries_an_identity_of_its_own": [
        Fault("modules/app.bicep", "    keyVaultReferenceIdentity: production.identityId\n", ""),
        Fault("main.bicep", "identityId: stagingIdentity!.outputs.id", "identityId: identity.outputs.id", SLOT),
        Fault("modules/slot.bicep", "type: 'UserAssigned'", "type: 'SystemAssigned'", SLOT),
    ],
    "settings_fit_the_plan": [
        Fault("modules/settings.bicep", "common.plan == 'FC1' ? {}", "common.plan == 'FC2' ? {}"),
        Fault("modules/settings.bicep", "  FUNCTIONS_EXTENSION_VERSION: '~4'\n", "", EP),
        Fault("modules/settings.bicep", "string(shop.approvalTimeoutS)", "shop.approvalTimeoutS"),
    ],
    "task_hub_is_set_in_host_json_alone": [
        Fault("modules/settings.bicep", "TASKHUB_NAME", "AzureFunctionsJobHost__extensions__durableTask__hubName"),
        Fault("main.bicep", "'${taskHubName}Staging'", "'${taskHubName}-staging'", SLOT),
    ],
    "app_connects_to_its_back_end": [
        Fault("modules/settings.bicep", "  ...slot.backend\n", "", DTS),
        Fault("modules/settings.bicep", ";ClientID=${clientId}", "", DTS),
        Fault("modules/settings.bicep", ": backend == 'MSSQL'", ": backend == 'SQL'", SQL),
    ],
    "plan_has_its_shape": [
        Fault("modules/app.bicep", "Y1: 'Dynamic'", "Y1: 'Consumption'", {"plan": "Y1"}),
        Fault("modules/app.bicep", "reserved: true", "reserved: false"),
        Fault("modules/app.bicep", "...(flex ? {} : classicConfig)", "...classicConfig"),
    ],
    "flex_keeps_an_instance_for_orchestrations": [
        Fault("modules/app.bicep", "name: 'durable', instanceCount", "name: 'http', instanceCount"),
        Fault("modules/app.bicep", "var atLeast = zoneRedundant ? 2 : 1", "var atLeast = 1", {"zoneRedundant": True}),
    ],
    "premium_asks_for_health_and_scales_by_the_runtime": [
        Fault("modules/app.bicep", "    healthCheckPath: '/api/health'\n", "", EP),
        Fault("modules/slot.bicep", "private || scalesBySql", "private", SLOT | SQL),
    ],
    "app_service_plan_never_sleeps_and_does_not_scale": [
        Fault("modules/app.bicep", "        alwaysOn: true\n", "", DEDICATED),
        Fault("modules/app.bicep", "...(dedicated ? { capacity: maxInstances } : {})", "", DEDICATED),
        Fault("modules/app.bicep", "  ...(premium\n    ?", "  ...(premium || dedicated\n    ?", DEDICATED),
        Fault("main.bicep", "alwaysOn: dedicated", "alwaysOn: false", DEDICATED | {"enableStagingSlot": True}),
    ],
    "app_is_reached_through_front_door_alone": [
        Fault("modules/app.bicep", "behindFrontDoor ? 'Deny' : 'Allow'", "'Allow'", DOOR),
        Fault("modules/app.bicep", "  headers: { 'x-azure-fdid': [production.frontDoorId] }\n", "", DOOR),
        Fault("modules/app.bicep", "behindFrontDoor ? [onlyFromFrontDoor] : []", "[onlyFromFrontDoor]"),
    ],
    "front_door_has_a_firewall_that_blocks": [
        Fault("modules/front_door.bicep", "'Prevention'", "'Detection'", DOOR),
        Fault("modules/front_door.bicep", "'RateLimitRule'", "'MatchRule'", DOOR),
        Fault("modules/front_door.bicep", "tier == 'Premium'", "tier == 'Standard'", DOOR),
    ],
    "front_door_leads_to_the_app_and_to_nothing_cached": [
        Fault("modules/front_door_route.bicep", "?probe=live", "", DOOR),
        Fault("modules/front_door_route.bicep", "  dependsOn: [origin]\n", "", DOOR),
        Fault("modules/front_door_route.bicep", "'HttpsOnly'", "'MatchRequest'", DOOR),
    ],
    "links_and_tests_use_the_name_of_front_door": [
        Fault("main.bicep", "empty(shop.publicUrl) && behindFrontDoor ?", "empty(shop.id) && behindFrontDoor ?", DOOR),
        Fault("modules/auth.bicep", "behindFrontDoor ? {", "!behindFrontDoor ? {", DOOR | ENTRA),
    ],
    "zones_have_two_of_everything": [
        Fault("modules/storage.bicep", "'Standard_ZRS'", "'Standard_LRS'", {"zoneRedundant": True}),
        Fault("modules/app.bicep", "premium && zoneRedundant", "flex && zoneRedundant", EP | {"zoneRedundant": True}),
    ],
    "diagnostics_are_kept": [
        Fault("modules/storage.bicep", "scope: account::tableService", "scope: account::blobs"),
        Fault("modules/slot.bicep", "scope: slot", "scope: site", SLOT),
        Fault("modules/sql.bicep", "scope: database\n", "scope: server\n", SQL),
        Fault(
            "modules/scheduler.bicep",
            "Microsoft.Insights/diagnosticSettings@2021-05-01-preview' =",
            "Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (false)",
            DTS,
        ),
    ],
    "queue_writes_are_logged": [Fault("modules/storage.bicep", "category: 'StorageWrite'", "category: 'StorageRead'")],
    "running_orders_cannot_be_deleted": [
        Fault("main.bicep", "locked: true", "locked: false"),
        Fault("modules/scheduler.bicep", "locks@2020-05-01' =", "locks@2020-05-01' = if (false)", DTS),
        Fault("modules/sql.bicep", "scope: server\n", "scope: database\n", SQL),
    ],
    "severity_decides_who_is_called": [
        Fault(
            "modules/alerts.bicep", "called[one.severity]", "called[3 - one.severity]", {"onCallPhone": "49-1701234567"}
        ),
        Fault(
            "modules/alerts.bicep", "called[one.severity]", "called[0]", {"onCallWebhook": "https://pager.example/x"}
        ),
        Fault("modules/alerts.bicep", "map(called[0],", "map(called[1],", {"onCallPhone": "49-1701234567"}),
        Fault("main.bicep", "onCallPhone: onCallPhone", "onCallPhone: ''", {"onCallPhone": "49-1701234567"}),
        Fault(
            "main.bicep",
            "onCallWebhook: onCallWebhook",
            "onCallWebhook: ''",
            {"onCallWebhook": "https://pager.example/x"},
        ),
    ],
    "app_is_watched_from_outside": [
        Fault("modules/alerts.bicep", "Enabled: true", "Enabled: false"),
        Fault("modules/alerts.bicep", "/api/health', HttpVerb", "/api/orders', HttpVerb"),
        Fault("modules/alerts.bicep", "failedLocationCount: 3", "failedLocationCount: 6"),
    ],
    "health_is_watched_by_metrics_which_no_log_cap_stops": [
        Fault("modules/alerts.bicep", "metricName: 'Availability'", "metricName: 'Transactions'"),
        Fault("modules/alerts.bicep", "= if (!empty(siteId))", "= if (empty(siteId))", {"plan": "EP1"}),
    ],
    "vault_logs_are_in_the_table_that_the_alert_reads": [
        Fault("modules/keyvault.bicep", "logAnalyticsDestinationType: 'Dedicated'\n", "\n"),
    ],
    "alerts_notify_people_and_resolve_themselves": [
        Fault("modules/alerts.bicep", "actionGroups: called[one.severity]", "actionGroups: []"),
        Fault("modules/alerts.bicep", "autoMitigate: true", "autoMitigate: false"),
        Fault("modules/alert_rules.bicep", "window: 'PT15M'", "window: '15m'"),
    ],
    "budget_is_watched": [
        Fault("modules/budget.bicep", "threshold: 80", "threshold: 800", BUDGET),
        Fault("main.bicep", "if (budgetAmount > 0)", "if (budgetAmount > 1000)", BUDGET),
    ],
    "callers_need_a_token_if_asked_for": [
        Fault("modules/auth.bicep", "'/api/health'", "'/api/*'", ENTRA),
        Fault("modules/auth.bicep", "'Return401'", "'AllowAnonymous'", ENTRA),
        Fault("modules/auth.bicep", "= if (hasSlot)", "= if (!hasSlot)", SLOT | ENTRA),
    ],
    "roles_are_known_and_narrow": [
        Fault("modules/roles.bicep", "4633458b-17de-408a-b874-0445c86b69e6", "00482a5a-887f-4fb3-b363-3b7fe8e74483"),
        Fault("modules/rbac.bicep", "scope: insights\n", "scope: resourceGroup()\n"),
        Fault("modules/rbac.bicep", "    principalType: 'ServicePrincipal'\n", ""),
        Fault("modules/rbac.bicep", "scope: packages", "scope: account", EP | {"codeDeployerPrincipalId": PRINCIPAL}),
    ],
    "app_has_the_roles_it_needs": [
        Fault("modules/rbac.bicep", "roles.storageTableDataContributor", "roles.storageQueueDataContributor"),
        Fault(
            "main.bicep",
            "storageAccountName: stagingStorage!.outputs.name",
            "storageAccountName: storage.outputs.name",
            SLOT,
        ),
        Fault(
            "main.bicep", "taskHubName: backend == 'DurableTaskScheduler' ? taskHubName : ''", "taskHubName: ''", DTS
        ),
        Fault("main.bicep", "empty(mailDataLocation) ? '' : mail!.outputs.name", "''", MAIL),
    ],
    "manifests_are_announced_on_every_account": [
        Fault("modules/settings.bicep", "MANIFEST_EVENTS: 'queue'", "MANIFEST_EVENTS: 'blob'"),
        Fault("modules/events.bicep", "'CloudEventSchemaV1_0'", "'EventGridSchema'"),
        Fault("modules/events.bicep", "'Microsoft.Storage.BlobCreated'", "'Microsoft.Storage.BlobDeleted'"),
        Fault("main.bicep", "storageName: stagingStorage!.outputs.name", "storageName: storage.outputs.name", SLOT),
    ],
    "events_are_delivered_by_identity_and_kept_if_not": [
        Fault(
            "modules/events.bicep", "      identity: { type: 'SystemAssigned' }\n      destination", "      destination"
        ),
        Fault("modules/events.bicep", "deadLetterWithResourceIdentity: {", "deadLetterElsewhere: {"),
        Fault("modules/storage.bicep", "bypass: 'AzureServices'", "bypass: 'None'"),
    ],
    "event_grid_may_use_one_queue_and_one_container": [
        Fault("modules/events.bicep", "scope: account::queueService::manifests", "scope: account"),
        Fault("modules/events.bicep", "roles.storageBlobDataContributor", "roles.storageBlobDataOwner"),
        Fault("modules/events.bicep", "  dependsOn: [topicSendsMessages, topicKeepsUndelivered]\n", ""),
    ],
    "mails_leave_by_identity_if_asked_for": [
        Fault("modules/mail.bicep", "disableLocalAuth: true", "disableLocalAuth: false", MAIL),
        Fault("modules/mail.bicep", "    linkedDomains: [domain.id]\n", "", MAIL),
        Fault("main.bicep", "if (!empty(mailDataLocation))", "if (true)"),
        Fault("main.bicep", "shop.mailEndpoint : mail!.outputs.endpoint", "shop.mailEndpoint : ''", MAIL),
    ],
    "no_identity_reaches_what_another_one_has": [
        Fault("main.bicep", "vaultName: stagingVault!.outputs.name", "vaultName: vault.outputs.name", SLOT),
        Fault(
            "main.bicep",
            "storageAccountName: stagingStorage!.outputs.name",
            "storageAccountName: storage.outputs.name",
            SLOT,
        ),
        Fault(
            "main.bicep",
            "administratorClientId: stagingIdentity!.outputs.clientId",
            "administratorClientId: identity.outputs.clientId",
            SLOT | SQL,
        ),
        Fault(
            "main.bicep",
            "'DurableTaskScheduler' ? '${taskHubName}Staging' : ''",
            "'DurableTaskScheduler' ? taskHubName : ''",
            SLOT | DTS,
        ),
    ],
    "roles_are_complete_before_the_app": [
        Fault("main.bicep", "  dependsOn: [rbac, stagingRbac]\n", ""),
        Fault("main.bicep", "[rbac, stagingRbac]", "[rbac]", SLOT),
    ],
    "network_is_complete_before_the_app": [
        Fault(
            "main.bicep",
            "subnetId: usePrivateNetworking ? network!.outputs.appSubnetId : ''",
            "subnetId: 'known'",
            PRIVATE,
        )
    ],
    "private_means_private": [
        Fault("modules/storage.bicep", "privateOnly ? 'Disabled' : 'Enabled'", "'Enabled'", PRIVATE),
        Fault("modules/keyvault.bicep", "privateOnly ? 'Disabled' : 'Enabled'", "'Disabled'"),
        Fault("modules/app.bicep", "      virtualNetworkSubnetId: subnetId\n", "", PRIVATE),
    ],
    "everything_private_has_an_endpoint": [
        Fault("main.bicep", "['blob', 'queue', 'table']", "['blob', 'queue']", PRIVATE),
        Fault("main.bicep", "backend == 'MSSQL'\n        ? [", "backend == 'SQL'\n        ? [", SQL | PRIVATE),
        Fault("main.bicep", "'privatelink.vaultcore.'", "'privatelink.vault.'", PRIVATE),
    ],
    "subnet_is_delegated_to_the_plan": [
        Fault("main.bicep", "flex ? 'Microsoft.App/environments'", "!flex ? 'Microsoft.App/environments'", PRIVATE)
    ],
    "app_writes_copies_into_their_account": [
        Fault(
            "modules/backup.bicep", "role: roles.storageBlobDataContributor", "role: roles.storageBlobDataOwner", COPIES
        ),
        Fault(
            "modules/backup.bicep",
            "scope: account\n    properties: {\n      roleD",
            "properties: {\n      roleD",
            COPIES,
        ),
        Fault("main.bicep", "backsUp: !empty(backupLocation)\n  backup:", "backsUp: false\n  backup:", COPIES),
    ],
    "scheduler_lets_the_app_in": [Fault("modules/scheduler.bicep", "ipAllowlist: ipAllowlist", "ipAllowlist: []", DTS)],
    "slot_shares_nothing_that_runs": [
        Fault("main.bicep", "blob: stagingStorage!.outputs.blobEndpoint", "blob: storage.outputs.blobEndpoint", SLOT),
        Fault("main.bicep", "mailEndpoint: ''", "mailEndpoint: production.mailEndpoint", SLOT | MAIL),
        Fault("main.bicep", "approverEmails: stagingApprovers", "approverEmails: shop.approverEmails", SLOT),
        Fault("modules/settings.bicep", "    objectKeys(peopleSettings('', '', [])),\n", "", SLOT),
        Fault("main.bicep", "vaultUri: stagingVault!.outputs.uri", "vaultUri: vault.outputs.uri", SLOT),
        Fault("main.bicep", "clientId: stagingIdentity!.outputs.clientId", "clientId: identity.outputs.clientId", SLOT),
        Fault("modules/settings.bicep", "    objectKeys(packageIdentity('')),\n", "", SLOT),
        Fault("modules/settings.bicep", "  objectKeys(hostSettings('', '', '')),\n", "", SLOT),
        Fault("main.bicep", "roleName: 'func-${token}-staging'", "roleName: 'func-${token}-next'", SLOT),
    ],
}
CASES = [(name, fault) for name, faults in FAULTS.items() for fault in faults]


def test_each_policy_has_its_fault():
    assert FAULTS.keys() == POLICIES.keys()


@pytest.mark.parametrize(
    ("name", "fault"), CASES, ids=[f"{name}-{fault.file}-{fault.bad[:30]}" for name, fault in CASES]
)
def test_policy_sees_its_fault(name: str, fault: Fault, tmp_path: Path):
    infra = tmp_path / "infra"
    shutil.copytree(INFRA, infra, ignore=shutil.ignore_patterns("*.py", "__pycache__", "hooks"))
    text = (infra / fault.file).read_text(encoding="utf-8")
    assert fault.good in text, "the template has changed: seed this fault anew"
    given = PLAIN[0] | (fault.given or {})

    (infra / fault.file).write_text(text.replace(fault.good, fault.bad), encoding="utf-8")

    assert list(POLICIES[name](evaluate(given), given)) == [], "broken before the fault"
    assert list(POLICIES[name](evaluate(given, infra), given)) != []
