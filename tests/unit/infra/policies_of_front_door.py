"""What must hold where Front Door stands in front of the app, and where it does not."""

from collections.abc import Iterator
from typing import Any

from tests.support.templates.bicep import Given, app_settings, of_type, place, properties
from tests.unit.infra.policies import policy

PROFILE = "Microsoft.Cdn/profiles"
FIREWALL = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies"


@policy
def app_is_reached_through_front_door_alone(deployment: Any, given: Given) -> Iterator[str]:
    (site,) = of_type(deployment, "Microsoft.Web/sites")
    config = properties(site)["siteConfig"]
    doors = of_type(deployment, PROFILE)
    if len(doors) != bool(given.get("frontDoor")):
        yield f"{len(doors)} profiles for {given.get('frontDoor')!r}"
    if not doors:
        if (config["ipSecurityRestrictionsDefaultAction"], config["ipSecurityRestrictions"]) != ("Allow", []):
            yield f"{place(site)}: a restriction of an earlier deployment would stay"
        return
    (rule,) = config["ipSecurityRestrictions"] or [{}]
    wanted = ("Deny", "Allow", "ServiceTag", "AzureFrontDoor.Backend")
    found = (config["ipSecurityRestrictionsDefaultAction"], rule.get("action"), rule.get("tag"), rule.get("ipAddress"))
    header = [str(one) for one in rule.get("headers", {}).get("x-azure-fdid", [])]
    if found != wanted or len(header) != 1 or not header[0].endswith(".frontDoorId]"):
        yield f"{place(site)}: takes requests from others than this Front Door: {found}, {header}"


@policy
def front_door_has_a_firewall_that_blocks(deployment: Any, given: Given) -> Iterator[str]:
    guards = of_type(deployment, f"{PROFILE}/securityPolicies")
    for firewall in of_type(deployment, FIREWALL):
        settings = properties(firewall)["policySettings"]
        rules = properties(firewall)["customRules"]["rules"]
        managed = [one["ruleSetType"] for one in properties(firewall)["managedRules"]["managedRuleSets"]]
        if (settings["enabledState"], settings["mode"]) != ("Enabled", "Prevention"):
            yield f"{place(firewall)}: only looks on"
        if [(one["ruleType"], one["action"]) for one in rules] != [("RateLimitRule", "Block")]:
            yield f"{place(firewall)}: no limit for one address"
        if managed != (["Microsoft_DefaultRuleSet"] if given["frontDoor"] == "Premium" else []):
            yield f"{place(firewall)}: {managed}, which Standard does not have and Premium should"
        if [properties(one)["parameters"]["wafPolicy"]["id"] for one in guards] != [firewall["_id"]]:
            yield f"{place(firewall)}: guards nothing"
    for one in of_type(deployment, PROFILE, FIREWALL):
        if one["sku"]["name"] != f"{given['frontDoor']}_AzureFrontDoor":
            yield f"{place(one)}: {one['sku']}"


@policy
def front_door_leads_to_the_app_and_to_nothing_cached(deployment: Any, given: Given) -> Iterator[str]:
    for route in of_type(deployment, f"{PROFILE}/afdEndpoints/routes"):
        if "cacheConfiguration" in properties(route) or properties(route)["forwardingProtocol"] != "HttpsOnly":
            yield f"{place(route)}: caches, or goes on in the clear"
        (origin,) = of_type(deployment, f"{PROFILE}/originGroups/origins")
        if not deployment.precedes(origin["_symbol"], route["_symbol"]):
            yield f"{place(route)}: may come before its origin"
        (group,) = of_type(deployment, f"{PROFILE}/originGroups")
        if properties(group)["healthProbeSettings"]["probePath"] != "/api/health?probe=live":
            yield f"{place(group)}: would take the app away when a provider is down"


@policy
def links_and_tests_use_the_name_of_front_door(deployment: Any, given: Given) -> Iterator[str]:
    behind = bool(given.get("frontDoor"))
    production, *staging = app_settings(deployment)
    addresses = [production["PUBLIC_URL"], str(deployment.outputs["APP_URL"])]
    addresses += [
        properties(one)["Request"]["RequestUrl"] for one in of_type(deployment, "Microsoft.Insights/webtests")
    ]
    if behind and not all("afdEndpoints" in one for one in addresses):
        yield f"{addresses} would be refused"
    if bool(production["FRONT_DOOR_ID"]) is not behind or any(one["FRONT_DOOR_ID"] for one in staging):
        yield "FRONT_DOOR_ID is for an app behind Front Door"
    for one in [resource for resource in deployment.resources if "authsettingsV2" in str(resource["name"])]:
        if ("forwardProxy" in properties(one)["httpSettings"]) is not behind:
            yield f"{place(one)}: people who sign in are sent to a name that refuses them"
