"""Price what stands in a deployment whatever is ordered, by what the templates themselves would deploy."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final

from scripts.bicep.deployment import evaluate
from scripts.cost import prices
from scripts.cost.instances import MONTH_S
from scripts.cost.line import Line
from scripts.host_json import ROOT

_MAIN: Final = ROOT / "infra" / "main.bicep"
_PARAMETERS: Final = ROOT / "infra" / "main.parameters.json"
_HOURS_PER_MONTH: Final = MONTH_S // 3600
_FREQUENCIES: Final = {"PT1M": 1, "PT5M": 5, "PT10M": 10}
_PROBING_COUNT: Final = 100
"""Places of Front Door that probe as often as is set, assumed: those that no caller uses, of more than 190, do so more rarely."""

Resource = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the template adds when it is chosen.

    Attributes:
        front_door: Standard or Premium, each with its firewall; empty without.
        private: Whether storage and vault are reached by private endpoints.
        nat_gateway: Whether everything leaves by one address.
        backup: Whether copies are kept in another region.
        mail: Whether Azure Communication Services sends the mails.
    """

    front_door: str = ""
    private: bool = False
    nat_gateway: bool = False
    backup: bool = False
    mail: bool = False


def standing(plan: str, backend: str, options: Options) -> list[Line]:
    """Return what the resources of a deployment cost a month before the first order.

    Raises:
        Refused: The template takes no such combination.
    """
    resources = _resources(plan, backend, options)
    lines = [_alerts(resources), _outside_tests(resources), *_private(resources), *_front_door(resources)]
    return [line for line in lines if line.dollars]


def daily_cap_gb(plan: str, backend: str, options: Options) -> int:
    """Return after how many gigabytes a day the workspace takes no more logs; negative for no limit."""
    (workspace,) = _of_type(_resources(plan, backend, options), "Microsoft.OperationalInsights/workspaces")
    return int(workspace["properties"]["workspaceCapping"]["dailyQuotaGb"])


def order_retention_days(plan: str, backend: str, options: Options) -> int:
    """Return for how many days an order that has ended stays in the order repository."""
    (settings,) = (
        each["properties"]
        for each in _of_type(_resources(plan, backend, options), "Microsoft.Web/sites/config")
        if each["name"].endswith("/appsettings")
    )
    return int(settings["ORDER_RETENTION_DAYS"])


def outside_runs(plan: str, backend: str, options: Options) -> float:
    """Return how often a month the tests from outside run."""
    return _outside_runs(_resources(plan, backend, options))


def visits(plan: str, backend: str, options: Options) -> float:
    """Return how often a month the health page is asked, by the tests from outside and by Front Door's places."""
    resources = _resources(plan, backend, options)
    probes: float = sum(
        _PROBING_COUNT * MONTH_S / each["properties"]["healthProbeSettings"]["probeIntervalInSeconds"]
        for each in _of_type(resources, "Microsoft.Cdn/profiles/originGroups")
    )
    return _outside_runs(resources) + probes


@cache
def _resources(plan: str, backend: str, options: Options) -> tuple[Resource, ...]:
    chosen = asdict(options)
    given = {
        "environmentName": "cost",
        "location": "westeurope",
        "alertEmails": ["operator@example.com"],
        "shop": json.loads(_PARAMETERS.read_text(encoding="utf-8"))["parameters"]["shop"]["value"],
        "packageName": "0123456789abcdef.zip",
        "plan": plan,
        "backend": backend,
        "frontDoor": chosen["front_door"],
        "usePrivateNetworking": chosen["private"],
        "useNatGateway": chosen["nat_gateway"],
        "backupLocation": "northeurope" if chosen["backup"] else "",
        "mailDataLocation": "Europe" if chosen["mail"] else "",
    }
    return tuple(evaluate(_MAIN, given).resources)


def _of_type(resources: Iterable[Resource], wanted: str) -> list[Resource]:
    return [each for each in resources if each["type"] == wanted]


def _alerts(resources: Iterable[Resource]) -> Line:
    """Price the rules. One that is split by a column costs more while it sees many values: on a good day it sees none."""
    logs = Counter(
        _FREQUENCIES.get(each["properties"]["evaluationFrequency"], 15)
        for each in _of_type(resources, "Microsoft.Insights/scheduledQueryRules")
    )
    metrics = len(_of_type(resources, "Microsoft.Insights/metricAlerts"))
    dollars = sum(count * prices.LOG_ALERT[minutes].dollars for minutes, count in logs.items())
    return Line(
        "alert rules", f"{logs.total()} on logs, {metrics} on metrics", dollars + metrics * prices.METRIC_ALERT.dollars
    )


def _outside_runs(resources: Iterable[Resource]) -> float:
    tests = _of_type(resources, "Microsoft.Insights/webtests")
    runs: float = sum(
        MONTH_S / each["properties"]["Frequency"] * len(each["properties"]["Locations"]) for each in tests
    )
    return runs


def _outside_tests(resources: Iterable[Resource]) -> Line:
    runs = _outside_runs(resources)
    return Line("test from outside", f"{runs:,.0f} runs", runs * prices.WEB_TEST_RUN.dollars)


def _private(resources: Iterable[Resource]) -> list[Line]:
    endpoints = len(_of_type(resources, "Microsoft.Network/privateEndpoints"))
    zones = len(_of_type(resources, "Microsoft.Network/privateDnsZones"))
    gateways = len(_of_type(resources, "Microsoft.Network/natGateways"))
    addresses = len(_of_type(resources, "Microsoft.Network/publicIPAddresses"))
    return [
        Line(
            "private endpoints",
            f"{endpoints}, and {zones} DNS zones",
            endpoints * _HOURS_PER_MONTH * prices.PRIVATE_ENDPOINT_HOUR.dollars + zones * prices.DNS_ZONE_MONTH.dollars,
        ),
        Line(
            "NAT gateway",
            f"{gateways}, and {addresses} address",
            _HOURS_PER_MONTH
            * (gateways * prices.NAT_GATEWAY_HOUR.dollars + addresses * prices.PUBLIC_ADDRESS_HOUR.dollars),
        ),
    ]


def _front_door(resources: Iterable[Resource]) -> list[Line]:
    return [
        Line(f"Front Door {tier}", "the profile, its firewall included", prices.FRONT_DOOR[tier].month.dollars)
        for each in _of_type(resources, "Microsoft.Cdn/profiles")
        for tier in [each["sku"]["name"].partition("_")[0]]
    ]
