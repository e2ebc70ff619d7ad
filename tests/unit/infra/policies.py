"""What must hold for everything that the template deploys. Each policy yields what breaks it, one sentence each."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.templates.bicep import Given, app_settings, of_type, place, properties, sites, texts

Policy = Callable[[Any, Given], Iterator[str]]
POLICIES: dict[str, Policy] = {}

STORAGE = "Microsoft.Storage/storageAccounts"
BACKUP = "backup."
"""How the symbols of what keeps the copies begin. No function runs on that account."""
SQL = "Microsoft.Sql/servers"
SCHEDULER = "Microsoft.DurableTask/schedulers"
BACKEND_SETTINGS = {"DurableTaskScheduler": "DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "MSSQL": "SQLDB_Connection"}
NOT_ON_FLEX = re.compile(
    r"FUNCTIONS_WORKER_RUNTIME.*|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT|FUNCTIONS_MAX_HTTP_CONCURRENCY"
    r"|WEBSITE_RUN_FROM_PACKAGE.*|WEBSITE_CONTENT.*|WEBSITE_VNET_ROUTE_ALL|WEBSITE_DNS_SERVER|WEBSITE_TIME_ZONE|TZ"
    r"|WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD"
)
ELSEWHERE_NEEDED = (
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID",
)


def policy(function: Policy) -> Policy:
    POLICIES[function.__name__] = function
    return function


@policy
def storage_refuses_keys(deployment: Any, given: Given) -> Iterator[str]:
    for account in of_type(deployment, STORAGE):
        if properties(account).get("allowSharedKeyAccess") is not False:
            yield f"{place(account)}: allowSharedKeyAccess must be false"


@policy
def no_key_is_read_or_held(deployment: Any, given: Given) -> Iterator[str]:
    for resource in deployment.resources:
        for text in texts(resource):
            if re.search(
                r"\blist(Keys|AccountSas|ServiceSas|Credentials)\(|\b(Account|SharedAccess)Key=|Password=", text, re.I
            ):
                yield f"{place(resource)}: {text[:80]}"
    for name, value in deployment.outputs.items():
        if re.search(r"\blist\w*\(|Key=", str(value)):
            yield f"output {name} gives a secret away"


@policy
def telemetry_refuses_keys(deployment: Any, given: Given) -> Iterator[str]:
    for component in of_type(deployment, "Microsoft.Insights/components"):
        if properties(component).get("DisableLocalAuth") is not True:
            yield f"{place(component)}: DisableLocalAuth must be true"
    for workspace in of_type(deployment, "Microsoft.OperationalInsights/workspaces"):
        if properties(workspace).get("features", {}).get("disableLocalAuth") is not True:
            yield f"{place(workspace)}: disableLocalAuth must be true"


@policy
def no_deployment_uses_a_password(deployment: Any, given: Given) -> Iterator[str]:
    for site, kind in (
        ("Microsoft.Web/sites", "Microsoft.Web/sites/basicPublishingCredentialsPolicies"),
        ("Microsoft.Web/sites/slots", "Microsoft.Web/sites/slots/basicPublishingCredentialsPolicies"),
    ):
        off = {
            re.split(r"[/']", str(one["name"]).rstrip("')]"))[-1]
            for one in of_type(deployment, kind)
            if not properties(one)["allow"]
        }
        if of_type(deployment, site) and off != {"ftp", "scm"}:
            yield f"{site}: basic publishing must be off for ftp and scm"


@policy
def sql_knows_no_passwords(deployment: Any, given: Given) -> Iterator[str]:
    for server in of_type(deployment, SQL):
        administrators = properties(server).get("administrators", {})
        if administrators.get("azureADOnlyAuthentication") is not True or "administratorLogin" in properties(server):
            yield f"{place(server)}: only Microsoft Entra ID may log in"


@policy
def tls_is_1_2_or_newer(deployment: Any, given: Given) -> Iterator[str]:
    for account in of_type(deployment, STORAGE):
        if properties(account).get("minimumTlsVersion") not in {"TLS1_2", "TLS1_3"}:
            yield f"{place(account)}: minimumTlsVersion"
        if properties(account).get("supportsHttpsTrafficOnly") is not True:
            yield f"{place(account)}: supportsHttpsTrafficOnly"
    for server in of_type(deployment, SQL):
        if properties(server).get("minimalTlsVersion") not in {"1.2", "1.3"}:
            yield f"{place(server)}: minimalTlsVersion"
    for site in sites(deployment):
        config = properties(site).get("siteConfig", {})
        if not {config.get("minTlsVersion"), config.get("scmMinTlsVersion")} <= {"1.2", "1.3"}:
            yield f"{place(site)}: minTlsVersion and scmMinTlsVersion"
        if properties(site).get("httpsOnly") is not True or config.get("ftpsState") != "Disabled":
            yield f"{place(site)}: httpsOnly and no FTP"


@policy
def no_blob_is_public(deployment: Any, given: Given) -> Iterator[str]:
    for account in of_type(deployment, STORAGE):
        if properties(account).get("allowBlobPublicAccess") is not False:
            yield f"{place(account)}: allowBlobPublicAccess must be false"


@policy
def vault_goes_by_roles_and_forgets_nothing(deployment: Any, given: Given) -> Iterator[str]:
    for vault in of_type(deployment, "Microsoft.KeyVault/vaults"):
        for name in ("enableRbacAuthorization", "enablePurgeProtection", "enableSoftDelete"):
            if properties(vault).get(name) is not True:
                yield f"{place(vault)}: {name} must be true"


@policy
def secrets_are_references(deployment: Any, given: Given) -> Iterator[str]:
    for settings in app_settings(deployment):
        for name, value in settings.items():
            secret = re.search(r"(KEY|SECRET|PASSWORD|TOKEN)$", name) is not None
            if secret and "@Microsoft.KeyVault(SecretUri=" not in str(value):
                yield f"{name} must be a reference to the vault"


@policy
def host_storage_is_by_identity(deployment: Any, given: Given) -> Iterator[str]:
    for settings in app_settings(deployment):
        yield from _by_identity(settings, "AzureWebJobsStorage")
        if settings.get("AzureWebJobsStorage__credential") != "managedidentity":
            yield "AzureWebJobsStorage__credential must be managedidentity"


@policy
def shop_storage_is_by_identity(deployment: Any, given: Given) -> Iterator[str]:
    for settings in app_settings(deployment):
        yield from _by_identity(settings, "SHOP_STORAGE")


def _by_identity(settings: dict[str, str], connection: str) -> Iterator[str]:
    if connection in settings:
        yield f"{connection} must not be a connection string"
    for name in ("blobServiceUri", "queueServiceUri", "tableServiceUri", "clientId"):
        if not settings.get(f"{connection}__{name}"):
            yield f"{connection}__{name} is missing"


@policy
def each_site_carries_an_identity_of_its_own(deployment: Any, given: Given) -> Iterator[str]:
    found = [list(site.get("identity", {}).get("userAssignedIdentities", {})) for site in sites(deployment)]
    carried = [one for ids in found for one in ids]
    made = {one["_id"] for one in of_type(deployment, "Microsoft.ManagedIdentity/userAssignedIdentities")}
    if len(carried) != len(found) or set(carried) != made:
        yield f"{len(found)} sites carry {carried} of {sorted(made)}"
    for site in sites(deployment):
        carries = site.get("identity", {})
        if carries.get("type") != "UserAssigned" or properties(site).get(
            "keyVaultReferenceIdentity"
        ) not in carries.get("userAssignedIdentities", {}):
            yield f"{place(site)}: needs the user-assigned identity, for references too"


@policy
def settings_fit_the_plan(deployment: Any, given: Given) -> Iterator[str]:
    for settings in app_settings(deployment):
        if given["plan"] == "FC1":
            yield from (f"{name} is refused on Flex Consumption" for name in settings if NOT_ON_FLEX.fullmatch(name))
        else:
            yield from (f"{name} is missing" for name in ELSEWHERE_NEEDED if not settings.get(name))
        yield from (f"{name}: {value!r} is no text" for name, value in settings.items() if not isinstance(value, str))


@policy
def task_hub_is_set_in_host_json_alone(deployment: Any, given: Given) -> Iterator[str]:
    for settings in app_settings(deployment):
        yield from (
            f"{name}: the scale controller reads the file"
            for name in settings
            if name.startswith("AzureFunctionsJobHost__")
        )
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", settings.get("TASKHUB_NAME", "")):
            yield "TASKHUB_NAME must be 3 to 45 letters and digits"


@policy
def app_connects_to_its_back_end(deployment: Any, given: Given) -> Iterator[str]:
    wanted = BACKEND_SETTINGS.get(given["backend"])
    for settings in app_settings(deployment):
        found = {name for name in BACKEND_SETTINGS.values() if settings.get(name)}
        if found != ({wanted} if wanted else set()):
            yield f"connections {sorted(found)}, {wanted} wanted"
        if wanted and "clientId" not in str(settings.get(wanted)):
            yield f"{wanted} must name the identity"


@policy
def zones_have_two_of_everything(deployment: Any, given: Given) -> Iterator[str]:
    if not given.get("zoneRedundant"):
        return
    production = [one for one in of_type(deployment, STORAGE) if "tagingStorage" not in one["_symbol"]]
    yield from (f"{place(one)}: {one['sku']}" for one in production if one["sku"]["name"] != "Standard_ZRS")
    for plan in of_type(deployment, "Microsoft.Web/serverfarms"):
        if properties(plan).get("zoneRedundant") is not True or (
            given["plan"] != "FC1" and plan["sku"].get("capacity", 0) < 2
        ):
            yield f"{place(plan)}: not zone redundant"


@policy
def diagnostics_are_kept(deployment: Any, given: Given) -> Iterator[str]:
    able = {
        "microsoft.web/sites",
        "microsoft.web/sites/slots",
        "microsoft.keyvault/vaults",
        "microsoft.cdn/profiles",
        "microsoft.durabletask/schedulers",
        "microsoft.sql/servers/databases",
        "microsoft.operationalinsights/workspaces",
        "microsoft.eventgrid/systemtopics",
        "microsoft.communication/communicationservices",
        *(f"microsoft.storage/storageaccounts/{service}services" for service in ("blob", "queue", "table")),
    }
    kept = {str(one.get("_scope")) for one in of_type(deployment, "Microsoft.Insights/diagnosticSettings")}
    for resource in deployment.resources:
        if resource["type"].lower() in able and resource["_id"] not in kept:
            yield f"{place(resource)}: has no diagnostic settings"


@policy
def queue_writes_are_logged(deployment: Any, given: Given) -> Iterator[str]:
    for setting in of_type(deployment, "Microsoft.Insights/diagnosticSettings"):
        if str(setting.get("_scope_type")).lower().endswith("/queueservices"):
            logged = {one.get("category") for one in properties(setting).get("logs", []) if one.get("enabled")}
            if not logged >= {"StorageWrite", "StorageDelete"}:
                yield f"{place(setting)}: the use of keys could not be seen"


@policy
def running_orders_cannot_be_deleted(deployment: Any, given: Given) -> Iterator[str]:
    locked = {str(one.get("_scope")) for one in of_type(deployment, "Microsoft.Authorization/locks")}
    for resource in of_type(deployment, STORAGE, SCHEDULER, SQL):
        if not resource["_symbol"].startswith("staging") and resource["_id"] not in locked:
            yield f"{place(resource)}: has no lock"


@policy
def budget_is_watched(deployment: Any, given: Given) -> Iterator[str]:
    budgets = of_type(deployment, "Microsoft.Consumption/budgets")
    if bool(budgets) is not bool(given.get("budgetAmount")):
        yield f"{len(budgets)} budgets for {given.get('budgetAmount')}"
    for budget in budgets:
        thresholds = {
            one["threshold"] for one in properties(budget)["notifications"].values() if one.get("contactGroups")
        }
        if thresholds != {80, 100}:
            yield f"{place(budget)}: {thresholds}"


@policy
def callers_need_a_token_if_asked_for(deployment: Any, given: Given) -> Iterator[str]:
    found = [one for one in deployment.resources if "authsettingsV2" in str(one["name"])]
    wanted = (2 if given["enableStagingSlot"] else 1) if given.get("entraClientId") else 0
    if len(found) != wanted:
        yield f"{len(found)} of {wanted} doors"
    for one in found:
        rules = properties(one).get("globalValidation", {})
        if rules.get("requireAuthentication") is not True or rules.get("unauthenticatedClientAction") != "Return401":
            yield f"{place(one)}: lets strangers in"
        if rules.get("excludedPaths") != [
            "/api/health",
            "/api/decisions",
            "/api/webhooks/carriers/easypost",
            "/console/sign-in",
        ]:
            yield f"{place(one)}: only the health check, the way to the sign-in and what carries a proof of its own is open"
