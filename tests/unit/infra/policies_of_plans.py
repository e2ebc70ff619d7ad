"""What must hold for the plan that the app runs on, and for how it scales."""

from collections.abc import Iterator
from typing import Any

from tests.support.templates.bicep import Given, of_type, place, properties, sites
from tests.unit.infra.policies import policy

TIERS = {
    "Y1": "Dynamic",
    "FC1": "FlexConsumption",
    "EP1": "ElasticPremium",
    "EP2": "ElasticPremium",
    "EP3": "ElasticPremium",
    "P0v3": "Premium0V3",
    "P1v3": "PremiumV3",
}


@policy
def plan_has_its_shape(deployment: Any, given: Given) -> Iterator[str]:
    flex = given["plan"] == "FC1"
    for plan in of_type(deployment, "Microsoft.Web/serverfarms"):
        if plan["sku"].get("tier") != TIERS[given["plan"]] or properties(plan).get("reserved") is not True:
            yield f"{place(plan)}: {plan['sku']}"
    for site in sites(deployment):
        config = properties(site).get("siteConfig", {})
        if bool(properties(site).get("functionAppConfig")) is not flex or bool(config.get("linuxFxVersion")) is flex:
            yield f"{place(site)}: functionAppConfig is for Flex Consumption, linuxFxVersion for the others"


@policy
def flex_keeps_an_instance_for_orchestrations(deployment: Any, given: Given) -> Iterator[str]:
    for site in sites(deployment) if given["plan"] == "FC1" else []:
        scale = properties(site).get("functionAppConfig", {}).get("scaleAndConcurrency", {})
        ready = {one["name"]: one["instanceCount"] for one in scale.get("alwaysReady", [])}
        least = 2 if given.get("zoneRedundant") else 1
        if ready.get("durable", 0) < least or (least == 2 and ready.get("http", 0) < least):
            yield f"{place(site)}: always ready {ready}"


@policy
def premium_asks_for_health_and_scales_by_the_runtime(deployment: Any, given: Given) -> Iterator[str]:
    watched = given["usePrivateNetworking"] or given["backend"] == "MSSQL"
    for site in sites(deployment) if given["plan"].startswith("EP") else []:
        config = properties(site)["siteConfig"]
        if config.get("healthCheckPath") != "/api/health":
            yield f"{place(site)}: healthCheckPath"
        if bool(config.get("functionsRuntimeScaleMonitoringEnabled")) is not watched:
            yield f"{place(site)}: functionsRuntimeScaleMonitoringEnabled must be {watched}"


@policy
def app_service_plan_never_sleeps_and_does_not_scale(deployment: Any, given: Given) -> Iterator[str]:
    dedicated = given["plan"] in {"P0v3", "P1v3"}
    for site in sites(deployment):
        config = properties(site)["siteConfig"]
        if bool(config.get("alwaysOn")) is not dedicated:
            yield f"{place(site)}: alwaysOn must be {dedicated}"
        if dedicated and config.get("healthCheckPath") != "/api/health":
            yield f"{place(site)}: healthCheckPath"
        scaling = {"functionAppScaleLimit", "minimumElasticInstanceCount", "functionsRuntimeScaleMonitoringEnabled"}
        if dedicated and scaling & config.keys():
            yield f"{place(site)}: {sorted(scaling & config.keys())} mean nothing without a scale controller"
    for plan in of_type(deployment, "Microsoft.Web/serverfarms") if dedicated else []:
        wanted = given.get("maxInstances") or (2 if given.get("zoneRedundant") else 1)
        if (plan["sku"].get("capacity"), plan["kind"]) != (wanted, "linux"):
            yield f"{place(plan)}: {plan['kind']} with {plan['sku']}"
