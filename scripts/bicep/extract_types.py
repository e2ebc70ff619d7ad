"""Copy the resource types that a project uses out of Azure/bicep-types-az into types/.

usage: python -m scripts.bicep.extract_types SOURCE [--to FOLDER] [--everything]
SOURCE is a checkout of github.com/Azure/bicep-types-az or its git directory (a bare one too).

Writes <provider>/<apiVersion>.json.gz, upstream's own format reduced to the wanted resource types and whatever they refer
to, and index.json.gz: every resource type of those providers with every API version that upstream knows.
To add a type or a version: edit WANTED, run this again, commit the result.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

Index = dict[str, dict[str, Any]]
Files = dict[tuple[str, str], list[Any]]

# provider | API versions | resource types below it. Versions: one older GA, the one in use, the newest GA.
WANTED = """
Microsoft.Web | 2024-04-01 2024-11-01 2025-03-01 | serverfarms sites sites/config sites/slots sites/slots/config
    sites/basicPublishingCredentialsPolicies sites/slots/basicPublishingCredentialsPolicies sites/networkConfig
    sites/slots/networkConfig sites/extensions sites/slots/extensions sites/functions sites/hostNameBindings
Microsoft.Storage | 2025-01-01 2025-06-01 2026-04-01 | storageAccounts storageAccounts/managementPolicies
    storageAccounts/blobServices storageAccounts/blobServices/containers
    storageAccounts/queueServices storageAccounts/queueServices/queues
    storageAccounts/tableServices storageAccounts/tableServices/tables
Microsoft.DurableTask | 2025-11-01 2026-02-01 | schedulers schedulers/taskHubs schedulers/retentionPolicies
Microsoft.DurableTask | 2026-02-01 | schedulers/privateEndpointConnections
Microsoft.KeyVault | 2024-11-01 2025-05-01 2026-02-01 | vaults vaults/secrets vaults/keys
Microsoft.OperationalInsights | 2025-02-01 2025-07-01 2026-03-01 | workspaces workspaces/tables workspaces/savedSearches
    queryPacks queryPacks/queries
Microsoft.Insights | 2020-02-02 | components
Microsoft.Insights | 2022-04-01 2023-06-01 | workbooks
Microsoft.Insights | 2022-06-01 2023-01-01 | actionGroups
Microsoft.Insights | 2022-06-15 2023-12-01 2026-03-01 | scheduledQueryRules
Microsoft.Insights | 2018-03-01 2026-01-01 | metricAlerts
Microsoft.Insights | 2020-10-01 2026-01-01 | activityLogAlerts
Microsoft.Insights | 2016-09-01 2021-05-01-preview | diagnosticSettings
Microsoft.Insights | 2015-05-01 2022-06-15 | webtests
Microsoft.Insights | 2021-07-01-preview 2021-09-01 | privateLinkScopes privateLinkScopes/scopedResources
Microsoft.ManagedIdentity | 2023-01-31 2024-11-30 | userAssignedIdentities userAssignedIdentities/federatedIdentityCredentials
Microsoft.Authorization | 2015-07-01 2022-04-01 | roleAssignments roleDefinitions
Microsoft.Authorization | 2017-04-01 2020-05-01 | locks
Microsoft.Network | 2024-03-01 2024-05-01 2025-09-01 | virtualNetworks virtualNetworks/subnets networkSecurityGroups
    networkSecurityGroups/securityRules privateEndpoints privateEndpoints/privateDnsZoneGroups natGateways publicIPAddresses
Microsoft.Network | 2020-06-01 2024-06-01 | privateDnsZones privateDnsZones/virtualNetworkLinks privateDnsZones/A
Microsoft.Sql | 2021-11-01 2023-08-01 2025-01-01 | servers servers/databases servers/administrators servers/firewallRules
    servers/azureADOnlyAuthentications servers/virtualNetworkRules servers/auditingSettings servers/connectionPolicies
    servers/databases/transparentDataEncryption servers/databases/backupShortTermRetentionPolicies
Microsoft.Consumption | 2023-11-01 2024-08-01 2026-06-01 | budgets
Microsoft.App | 2025-07-01 2026-01-01 | managedEnvironments containerApps jobs
Microsoft.ContainerRegistry | 2025-04-01 2025-11-01 | registries
Microsoft.Resources | 2024-11-01 2025-04-01 | resourceGroups deployments tags
Microsoft.Resources | 2020-10-01 2023-08-01 | deploymentScripts
Microsoft.Cdn | 2024-09-01 2025-06-01 2025-12-01 | profiles profiles/afdEndpoints profiles/afdEndpoints/routes profiles/originGroups
    profiles/originGroups/origins profiles/securityPolicies
Microsoft.Network | 2024-02-01 2025-03-01 2025-11-01 | frontDoorWebApplicationFirewallPolicies
Microsoft.EventGrid | 2022-06-15 2025-02-15 | systemTopics systemTopics/eventSubscriptions
"""


def wanted() -> set[str]:
    """Return the names of the types that are wanted, in lower case, such as microsoft.web/sites@2024-11-01."""
    rows = WANTED.strip().replace("\n    ", " ").splitlines()
    names = set()
    for provider, versions, types in (row.split("|") for row in rows):
        names |= {f"{provider.strip()}/{t}@{v}".lower() for t in types.split() for v in versions.split()}
    return names


def upstream_files(source: pathlib.Path, providers: set[str]) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield provider, API version and types of every generated/<service>/<provider>/<apiVersion>/types.json of these providers."""
    git = ["git", "-C", str(source)]
    if on_disk := (source / "generated").is_dir():
        paths = [path.relative_to(source).as_posix() for path in source.glob("generated/*/*/*/types.json")]
    else:
        listing = subprocess.run(
            [*git, "ls-tree", "-r", "--name-only", "HEAD", "generated/"], check=True, capture_output=True, text=True
        )
        paths = [path for path in listing.stdout.splitlines() if path.endswith("/types.json")]
    for path in sorted(paths):
        provider, version = path.lower().split("/")[2:4]
        if provider in providers or not providers:
            show = [*git, "show", f"HEAD:{path}"]
            text = (
                (source / path).read_bytes()
                if on_disk
                else subprocess.run(show, check=True, capture_output=True).stdout
            )
            yield provider, version, json.loads(text)


def references(node: object) -> Iterator[dict[str, str]]:
    """Yield every {"$ref": "#/N"} inside a type."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def reduce(types: list[Any], names: set[str]) -> list[Any]:
    """Return the named ResourceTypes and all they reach, renumbered; the order of upstream is kept."""
    todo = [i for i, t in enumerate(types) if t["$type"] == "ResourceType" and t["name"].lower() in names]
    for i in todo:
        types[i].pop("functions", None)
    keep: set[int] = set()
    while todo:
        i = todo.pop()
        if i not in keep:
            keep.add(i)
            todo += [int(ref["$ref"].removeprefix("#/")) for ref in references(types[i])]
    number = {old: new for new, old in enumerate(sorted(keep))}
    for i in keep:
        for ref in references(types[i]):
            ref["$ref"] = f"#/{number[int(ref['$ref'].removeprefix('#/'))]}"
    return [types[i] for i in sorted(keep)]


def write(path: pathlib.Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, separators=(",", ":"), sort_keys=isinstance(value, dict))
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def collected(source: pathlib.Path, names: set[str], everything: bool) -> tuple[Index, Files]:
    """Return the index of all types of these providers, and the reduced types by provider and API version."""
    index: Index = defaultdict(dict)
    files: Files = defaultdict(list)
    providers = set() if everything else {name.split("/")[0] for name in names}
    for provider, version, types in upstream_files(source, providers):
        here = {t["name"].lower(): t["name"] for t in types if t["$type"] == "ResourceType"}
        for full in here.values():
            base, _, api = full.partition("@")
            known = index[base.lower()]
            known.setdefault("versions", []).append(api.lower())
            if api.lower() == max(known["versions"]):
                known["name"] = base  # spelt as in the newest version
        chosen = set(here) if everything else names & set(here)
        if chosen:
            files[provider, version].append(reduce(types, chosen))
            for name in chosen:
                index[name.split("@")[0]].setdefault("stored", {})[version] = f"{provider}/{version}.json.gz"
    for known in index.values():
        known["versions"] = sorted(set(known["versions"]))
    return index, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--to", type=pathlib.Path, default=pathlib.Path(__file__).with_name("types"))
    parser.add_argument("--everything", action="store_true", help="all types of all providers")
    options = parser.parse_args()

    names = wanted()
    index, files = collected(options.source, names, options.everything)
    missing = sorted(names - {f"{base}@{v}" for base, known in index.items() for v in known.get("stored", {})})
    for folder in options.to.glob("microsoft.*"):
        shutil.rmtree(folder)
    for (provider, version), parts in files.items():
        write(options.to / provider / f"{version}.json.gz", parts)
    write(options.to / "index.json.gz", index)
    total = sum(p.stat().st_size for p in options.to.rglob("*.gz"))
    print(f"{len(files)} files, {sum(len(k.get('stored', {})) for k in index.values())} types, {total / 1e6:.2f} MB")
    if missing:
        raise SystemExit("not found upstream: " + ", ".join(missing))


if __name__ == "__main__":
    main()
