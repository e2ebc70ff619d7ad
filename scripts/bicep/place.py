"""Where a template is deployed: what it can know of its surroundings before anything is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from scripts.bicep.functions import PUBLIC_CLOUD
from scripts.bicep.values import Refused, Unknown, called, has_unknown

NO_ONE: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A scope to deploy to.

    Attributes:
        knows_cloud: Whether the addresses of the cloud are known.
        scope: The id of the resource group; empty for the subscription.
        today: The result of `utcNow('yyyy-MM-dd')`, the same every day.
    """

    subscription_id: str = NO_ONE
    tenant_id: str = "00000000-0000-0000-0000-0000000000ff"
    knows_cloud: bool = True
    scope: str = ""
    today: str = "2026-11-27"

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.subscription_id}"

    @property
    def id(self) -> str:
        return self.scope or self.subscription

    def within(self, scope: str) -> Place:
        return replace(self, scope=scope)

    def call(self, name: str, arguments: list[Any]) -> Any:
        """Return the answer of a function that depends on the place; None for every other function."""
        if has_unknown(arguments):
            return None
        match name, arguments:
            case "environment", []:
                return PUBLIC_CLOUD if self.knows_cloud else Unknown.of("environment()")
            case "utcNow", ["yyyy-MM-dd"]:
                return self.today
            case "subscription", []:
                return {"id": self.subscription, "subscriptionId": self.subscription_id, "tenantId": self.tenant_id}
            case "resourceGroup", []:
                return {"id": self.id, "name": self.id.rpartition("/")[2]}
            case "tenant", []:
                return {"tenantId": self.tenant_id}
            case "resourceId", [kind, *names]:
                return resource_id(self.id, kind, names)
            case "subscriptionResourceId", [kind, *names]:
                return resource_id(self.subscription, kind, names)
        return None


def resource_id(scope: str, kind: str, names: list[str]) -> str:
    """Return the id of a resource; kind and names have one segment each per level."""
    if kind.lower() == "microsoft.resources/resourcegroups":
        return f"{scope}/resourceGroups/{names[0]}"
    provider, *levels = kind.split("/")
    if len(levels) != len(names):
        raise Refused(f"Unable to evaluate {called('resourceId', kind, *names)}: {len(levels)} names are needed")
    return f"{scope}/providers/{provider}/" + "/".join(
        f"{level}/{name}" for level, name in zip(levels, names, strict=True)
    )
