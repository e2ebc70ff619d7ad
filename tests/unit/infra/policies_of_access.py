"""Policies on roles, networks and the staging slot: who reaches what."""

import re
from collections.abc import Iterator
from typing import Any

from tests.support.templates.bicep import Given, app_settings, of_type, place, properties, sites
from tests.unit.infra.policies import BACKUP, SCHEDULER, SQL, STORAGE, policy

CONTAINER = "microsoft.storage/storageaccounts/blobservices/containers"
HUB = "microsoft.durabletask/schedulers/taskhubs"
APP_ROLES = {  # built-in role, and what it may be given on
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": ("Storage Blob Data Owner", STORAGE.lower()),
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": ("Storage Queue Data Contributor", STORAGE.lower()),
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": ("Storage Table Data Contributor", STORAGE.lower()),
    "4633458b-17de-408a-b874-0445c86b69e6": ("Key Vault Secrets User", "microsoft.keyvault/vaults"),
    "3913510d-42f4-4e42-8a64-420c390055eb": ("Monitoring Metrics Publisher", "microsoft.insights/components"),
}
SLOT_ROLES = {"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": ("Storage Blob Data Reader", CONTAINER)}
HUB_ROLES = {"0ad04412-c4d5-4796-b79c-f76d14c8d402": ("Durable Task Data Contributor", HUB)}
MAIL_ROLES = {
    "09976791-48a7-449e-bb21-39d1a415f350": (
        "Communication and Email Service Owner",
        "microsoft.communication/communicationservices",
    ),
}
EVENT_ROLES = {
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": (
        "Storage Queue Data Message Sender",
        "microsoft.storage/storageaccounts/queueservices/queues",
    ),
}
DEPLOYER_ROLES = {
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": ("Key Vault Secrets Officer", "microsoft.keyvault/vaults"),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": ("Storage Blob Data Contributor", CONTAINER),
    "d6a5505f-6ebb-45a4-896e-ac8274cfc0ac": ("Durable Task Data Reader", HUB),
}
BACKUP_ROLES = {
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
}
ROLES = APP_ROLES | SLOT_ROLES | HUB_ROLES | MAIL_ROLES | EVENT_ROLES | DEPLOYER_ROLES


def _role(assignment: dict[str, Any]) -> str:
    return str(properties(assignment).get("roleDefinitionId")).rpartition("/")[2]


@policy
def roles_are_known_and_narrow(deployment: Any, given: Given) -> Iterator[str]:
    for one in of_type(deployment, "Microsoft.Authorization/roleAssignments"):
        name, scope = ROLES.get(_role(one), ("", ""))
        if one["_symbol"].startswith(BACKUP):
            name, scope = BACKUP_ROLES.get(_role(one), ""), STORAGE.lower()
        if not name:
            yield f"{place(one)}: role {_role(one)} is not on the list"
        elif str(one.get("_scope_type")).lower() != scope:
            yield f"{place(one)}: {name} belongs on {scope}, not {one.get('_scope')}"
        if not properties(one).get("principalType") or not properties(one).get("description"):
            yield f"{place(one)}: needs principalType, for a new identity may not be found yet, and a reason"


@policy
def app_has_the_roles_it_needs(deployment: Any, given: Given) -> Iterator[str]:
    given_to_app = [
        (_role(one), str(one.get("_scope")))
        for one in of_type(deployment, "Microsoft.Authorization/roleAssignments")
        if properties(one).get("principalType") == "ServicePrincipal" and not one["_symbol"].startswith(BACKUP)
    ]
    for role, (name, scope) in APP_ROLES.items():
        places = {where for found, where in given_to_app if found == role}
        wanted = [one for one in deployment.resources if not one["_symbol"].startswith(BACKUP)]
        if places != {one["_id"] for one in wanted if one["type"].lower() == scope}:
            yield f"{name} is missing, or not on each of {scope}"
    hubs = [one["_id"] for one in of_type(deployment, HUB)]
    for role, (name, _) in HUB_ROLES.items():
        if {where for found, where in given_to_app if found == role} != set(hubs):
            yield f"{name} is not on exactly the task hubs"
    services = [one["_id"] for one in of_type(deployment, "Microsoft.Communication/communicationServices")]
    for role, (name, _) in MAIL_ROLES.items():
        if [where for found, where in given_to_app if found == role] != services:
            yield f"{name} is not on exactly the service that sends mails"


@policy
def app_writes_copies_into_their_account(deployment: Any, given: Given) -> Iterator[str]:
    copies = [one["_id"] for one in of_type(deployment, STORAGE) if one["_symbol"].startswith(BACKUP)]
    if len(copies) != bool(given.get("backupLocation")):
        yield f"{len(copies)} accounts for copies"
    roles = [
        one
        for one in of_type(deployment, "Microsoft.Authorization/roleAssignments")
        if one["_symbol"].startswith(BACKUP)
    ]
    if {(_role(one), one.get("_scope")) for one in roles} != {
        (role, where) for where in copies for role in BACKUP_ROLES
    }:
        yield "the app needs exactly the roles to write blobs and tables there"
    production, *others = app_settings(deployment)
    if ("BACKUP_STORAGE" in production) is bool(copies) or any(one.get("BACKUP_STORAGE") != "" for one in others):
        yield "production copies into it, and the slot nowhere"


@policy
def no_identity_reaches_what_another_one_has(deployment: Any, given: Given) -> Iterator[str]:
    """Telemetry is common, and the slot reads the packages that production has; nothing else is shared."""
    holders: dict[str, set[str]] = {}
    for one in of_type(deployment, "Microsoft.Authorization/roleAssignments"):
        if _role(one) in APP_ROLES | HUB_ROLES and "Microsoft.Insights" not in str(one.get("_scope")):
            holders.setdefault(str(one.get("_scope")), set()).add(str(properties(one).get("principalId")))
    for where, principals in holders.items():
        if len(principals) != 1:
            yield f"{where} is reached by {sorted(principals)}"
    servers = [properties(one)["administrators"]["sid"] for one in of_type(deployment, SQL)]
    if len(set(servers)) != len(servers):
        yield "two servers have one administrator"


@policy
def roles_are_complete_before_the_app(deployment: Any, given: Given) -> Iterator[str]:
    for one in of_type(deployment, "Microsoft.Authorization/roleAssignments"):
        if "Microsoft.EventGrid/systemTopics" in str(properties(one).get("principalId")):
            continue  # Event Grid's, which tries again until its role works
        for site in sites(deployment):
            if not deployment.precedes(one["_symbol"], site["_symbol"]):
                yield f"{place(one)}: may come after {site['_symbol']}"


@policy
def network_is_complete_before_the_app(deployment: Any, given: Given) -> Iterator[str]:
    for one in of_type(deployment, "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"):
        for site in sites(deployment):
            if not deployment.precedes(one["_symbol"], site["_symbol"]):
                yield f"{place(one)}: may come after {site['_symbol']}"


@policy
def private_means_private(deployment: Any, given: Given) -> Iterator[str]:
    wanted = "Disabled" if given["usePrivateNetworking"] else "Enabled"
    for one in of_type(deployment, STORAGE, "Microsoft.KeyVault/vaults", SCHEDULER, SQL):
        if properties(one).get("publicNetworkAccess") != wanted:
            yield f"{place(one)}: publicNetworkAccess must be {wanted}"
    for site in sites(deployment):
        joined = bool(properties(site).get("virtualNetworkSubnetId"))
        if joined is not given["usePrivateNetworking"]:
            yield f"{place(site)}: reaches out {'through a network' if joined else 'in public'}"


@policy
def everything_private_has_an_endpoint(deployment: Any, given: Given) -> Iterator[str]:
    if not given["usePrivateNetworking"]:
        return
    endpoints = of_type(deployment, "Microsoft.Network/privateEndpoints")
    groups = [
        group
        for one in endpoints
        for link in properties(one)["privateLinkServiceConnections"]
        for group in link["properties"]["groupIds"]
    ]
    accounts = len(of_type(deployment, STORAGE))
    wanted = ["blob", "queue", "table"] * accounts + ["vault"] * len(of_type(deployment, "Microsoft.KeyVault/vaults"))
    wanted += ["scheduler"] * len(of_type(deployment, SCHEDULER)) + ["sqlServer"] * len(of_type(deployment, SQL))
    if sorted(groups) != sorted(wanted):
        yield f"endpoints for {sorted(groups)}, wanted {sorted(wanted)}"
    zones = {str(one["name"]) for one in of_type(deployment, "Microsoft.Network/privateDnsZones")}
    linked = of_type(deployment, "Microsoft.Network/privateDnsZones/virtualNetworkLinks")
    if (
        len(linked) != len(zones)
        or not any(".blob." in zone for zone in zones)
        or "privatelink.vaultcore.azure.net" not in zones
    ):
        yield f"zones {sorted(zones)}, {len(linked)} linked"


@policy
def mails_leave_by_identity_if_asked_for(deployment: Any, given: Given) -> Iterator[str]:
    services = of_type(deployment, "Microsoft.Communication/communicationServices")
    if len(services) != (1 if given.get("mailDataLocation") else 0):
        yield f"{len(services)} services for {given.get('mailDataLocation')!r}"
    for one in services:
        if properties(one).get("disableLocalAuth") is not True or not properties(one).get("linkedDomains"):
            yield f"{place(one)}: must refuse keys, and needs a domain to send from"
        for settings in app_settings(deployment)[:1]:
            if one["_id"] not in settings["MAIL_ENDPOINT"] or "fromSenderDomain" not in settings["MAIL_FROM"]:
                yield f"the app sends through {settings['MAIL_ENDPOINT']!r} as {settings['MAIL_FROM']!r}"


@policy
def subnet_is_delegated_to_the_plan(deployment: Any, given: Given) -> Iterator[str]:
    wanted = "Microsoft.App/environments" if given["plan"] == "FC1" else "Microsoft.Web/serverFarms"
    for network in of_type(deployment, "Microsoft.Network/virtualNetworks"):
        found = [
            delegation["properties"]["serviceName"]
            for subnet in properties(network)["subnets"]
            for delegation in subnet["properties"].get("delegations", [])
        ]
        if found != [wanted]:
            yield f"{place(network)}: {found}, {wanted} wanted"


@policy
def scheduler_lets_the_app_in(deployment: Any, given: Given) -> Iterator[str]:
    for scheduler in of_type(deployment, SCHEDULER):
        if not given["usePrivateNetworking"] and not properties(scheduler).get("ipAllowlist"):
            yield f"{place(scheduler)}: an empty list admits no one"


@policy
def slot_shares_nothing_that_runs(deployment: Any, given: Given) -> Iterator[str]:
    if not given["enableStagingSlot"]:
        return
    production, staging = app_settings(deployment)
    sticky = set(_sticky_names(deployment))
    for name in sorted(production.keys() | staging.keys()):
        differs = production.get(name) != staging.get(name)
        if differs and name not in sticky and name != "WEBSITE_RUN_FROM_PACKAGE":
            yield f"{name} differs and would swap"
    own = [
        "TASKHUB_NAME",
        "AzureFunctionsWebHost__hostid",
        "WEBSITE_CLOUD_ROLENAME",
        "AZURE_CLIENT_ID",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID",
    ]
    own += [name for name in production if name.endswith(("ServiceUri", "__clientId")) or _vault(production[name])]
    yield from (
        f"{name} must be in a vault of the slot's own"
        for name, value in production.items()
        if _vault(value) and _vault(value) == _vault(staging[name])
    )
    yield from (
        f"{name} must be the slot's own"
        for name in own
        if production.get(name) == staging.get(name) or name not in sticky
    )
    if staging["MAIL_ENDPOINT"] or staging["PUBLIC_URL"] or staging["APPROVER_EMAILS"]:
        yield "the slot must send no mail, name its own address and have approvers of its own"
    if not re.search(r"-staging['\")}\]]*$", staging["WEBSITE_CLOUD_ROLENAME"]):
        yield "queries know the slot by its role name"


def _vault(value: object) -> str:
    """Return the id of the vault that a setting refers to; empty for another setting."""
    found = re.search(r"@Microsoft\.KeyVault\(.*?(/vaults/[\w-]+)", str(value))
    return found[1] if found else ""


def _sticky_names(deployment: Any) -> list[str]:
    found = [one for one in of_type(deployment, "Microsoft.Web/sites/config") if "slotConfigNames" in str(one["name"])]
    return [name for one in found for name in properties(one)["appSettingNames"]]
