"""What must hold for the alerts: who is called for what, and that what they read is written."""

import re
from collections.abc import Iterator
from typing import Any

from tests.support.templates.bicep import Given, of_type, place, properties
from tests.unit.infra.policies import policy

RULES = "Microsoft.Insights/scheduledQueryRules"
METRIC_RULES = "Microsoft.Insights/metricAlerts"


@policy
def alerts_notify_people_and_resolve_themselves(deployment: Any, given: Given) -> Iterator[str]:
    rules = of_type(deployment, "Microsoft.Insights/scheduledQueryRules")
    if not rules:
        yield "there are no alerts"
    for rule in rules:
        stated = properties(rule)
        if (
            not stated.get("actions", {}).get("actionGroups")
            or stated.get("autoMitigate") is not True
            or not stated.get("enabled")
        ):
            yield f"{place(rule)}: {rule['name']}"
        for name in ("windowSize", "evaluationFrequency"):
            if not re.fullmatch(r"PT(5|10|15|30|45)M|PT[1-6]H|P[12]D", str(stated.get(name))):
                yield f"{place(rule)}: {name} {stated.get(name)!r}"
    for people in of_type(deployment, "Microsoft.Insights/actionGroups"):
        if not any(value for name, value in properties(people).items() if name.endswith("Receivers")):
            yield f"{place(people)}: no person is notified"


@policy
def severity_decides_who_is_called(deployment: Any, given: Given) -> Iterator[str]:
    groups = {one["_id"] for one in of_type(deployment, "Microsoft.Insights/actionGroups")}
    phone = {one for one in groups if one.endswith("-on-call")}
    pager = {one for one in groups if one.endswith("-pager")}
    for found, option in ((phone, "onCallPhone"), (pager, "onCallWebhook")):
        if bool(found) is not bool(given.get(option)):
            yield f"{len(found)} groups for {option}"
    spared = {0: set(), 1: phone, 2: phone | pager, 3: phone | pager}
    for rule in of_type(deployment, RULES, METRIC_RULES):
        if called_by(rule) != groups - spared[properties(rule)["severity"]]:
            yield f"{place(rule)}: {rule['name']} calls {sorted(called_by(rule))}"


def called_by(rule: dict[str, Any]) -> set[str]:
    """Return the groups that a rule calls; the two kinds of rules name them differently."""
    actions = properties(rule)["actions"]
    return set(actions["actionGroups"]) if isinstance(actions, dict) else {one["actionGroupId"] for one in actions}


@policy
def app_is_watched_from_outside(deployment: Any, given: Given) -> Iterator[str]:
    tests = of_type(deployment, "Microsoft.Insights/webtests")
    if len(tests) != 1 or not properties(tests[0])["Enabled"]:
        yield f"{len(tests)} tests from outside"
    for test in tests:
        stated = properties(test)
        if "/api/health'" not in str(stated["Request"]["RequestUrl"]):
            yield f"{place(test)}: asks for {stated['Request']['RequestUrl']}"
        for rule in of_type(deployment, METRIC_RULES):
            criteria = properties(rule)["criteria"]
            if (
                criteria.get("webTestId") == test["_id"]
                and criteria["failedLocationCount"] > len(stated["Locations"]) - 2
            ):
                yield f"{place(rule)}: two places that fail for themselves silence it"


@policy
def health_is_watched_by_metrics_which_no_log_cap_stops(deployment: Any, given: Given) -> Iterator[str]:
    conditions = [properties(rule)["criteria"] for rule in of_type(deployment, METRIC_RULES)]
    metrics = {one["metricName"] for condition in conditions for one in condition.get("allOf", ())}
    wanted = {"Availability"} | ({"Http5xx"} if given["plan"] not in ("FC1", "Y1") else set())
    if not any("webTestId" in condition for condition in conditions) or not wanted <= metrics:
        yield f"metrics alone are read of {sorted(metrics)}, and not of {sorted(wanted - metrics)}"


@policy
def vault_logs_are_in_the_table_that_the_alert_reads(deployment: Any, given: Given) -> Iterator[str]:
    for setting in of_type(deployment, "Microsoft.Insights/diagnosticSettings"):
        is_of_vault = str(setting.get("_scope_type")).lower() == "microsoft.keyvault/vaults"
        if is_of_vault and properties(setting).get("logAnalyticsDestinationType") != "Dedicated":
            yield f"{place(setting)}: its lines go to AzureDiagnostics"
