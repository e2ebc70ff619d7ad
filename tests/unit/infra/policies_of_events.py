"""Policies on what announces new files to the app: Event Grid, by its own identity, to one queue of the same storage account."""

from collections.abc import Iterator
from typing import Any

from tests.support.templates.bicep import Given, app_settings, of_type, place, properties
from tests.unit.infra.policies import BACKUP, STORAGE, policy

SENDER = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"
KEEPER = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SUBSCRIPTIONS = "Microsoft.EventGrid/systemTopics/eventSubscriptions"


@policy
def manifests_are_announced_on_every_account(deployment: Any, given: Given) -> Iterator[str]:
    topics = of_type(deployment, "Microsoft.EventGrid/systemTopics")
    subscriptions = of_type(deployment, SUBSCRIPTIONS)
    queues = {str(one["_scope"]) for one in _assignments(deployment) if _role(one) == SENDER}
    accounts = len(_accounts(deployment))
    if not len(queues) == len(topics) == len(subscriptions) == accounts:
        yield f"{len(topics)} topics with {len(subscriptions)} subscriptions to {len(queues)} queues, {accounts} accounts"
    for one in subscriptions:
        if properties(one).get("eventDeliverySchema") != "CloudEventSchemaV1_0":
            yield f"{place(one)}: the app reads CloudEvents"
        if properties(one).get("filter", {}).get("includedEventTypes") != ["Microsoft.Storage.BlobCreated"]:
            yield f"{place(one)}: only new blobs"
    for settings in app_settings(deployment):
        if settings.get("MANIFEST_EVENTS") != "queue":
            yield "MANIFEST_EVENTS must be queue: Flex Consumption cannot look for blobs"


@policy
def events_are_delivered_by_identity_and_kept_if_not(deployment: Any, given: Given) -> Iterator[str]:
    topics = {one["_symbol"]: one for one in of_type(deployment, "Microsoft.EventGrid/systemTopics")}
    for one in of_type(deployment, SUBSCRIPTIONS):
        stated, source = properties(one), properties(topics[one["_parent"]])["source"]
        for kind, target in (
            ("deliveryWithResourceIdentity", "destination"),
            ("deadLetterWithResourceIdentity", "deadLetterDestination"),
        ):
            found = stated.get(kind, {})
            if found.get("identity", {}).get("type") != "SystemAssigned":
                yield f"{place(one)}: {kind} must be by the topic's identity"
            if found.get(target, {}).get("properties", {}).get("resourceId") != source:
                yield f"{place(one)}: {target} must be on the account that the events come from"
        if {"destination", "deadLetterDestination"} & set(stated):
            yield f"{place(one)}: a destination without an identity takes a key"
    for one in _accounts(deployment):
        if "AzureServices" not in str(properties(one).get("networkAcls", {}).get("bypass")):
            yield f"{place(one)}: Event Grid comes through no private endpoint"


@policy
def event_grid_may_use_one_queue_and_one_container(deployment: Any, given: Given) -> Iterator[str]:
    topics = {one["_symbol"]: one for one in of_type(deployment, "Microsoft.EventGrid/systemTopics")}
    for one in of_type(deployment, SUBSCRIPTIONS):
        topic = topics[one["_parent"]]
        roles = [
            role for role in _assignments(deployment) if f"'{topic['_id']}'" in str(properties(role).get("principalId"))
        ]
        found = {(_role(role), str(role["_scope"]).rpartition("/")[2]) for role in roles}
        queue = properties(one)["deliveryWithResourceIdentity"]["destination"]["properties"]["queueName"]
        kept = properties(one)["deadLetterWithResourceIdentity"]["deadLetterDestination"]["properties"]
        if found != {(SENDER, queue), (KEEPER, kept["blobContainerName"])}:
            yield f"{place(one)}: {sorted(found)}"
        yield from (
            f"{place(role)}: may come after {one['_symbol']}"
            for role in roles
            if not deployment.precedes(role["_symbol"], one["_symbol"])
        )


def _accounts(deployment: Any) -> list[dict[str, Any]]:
    """Return the accounts that files are uploaded into."""
    return [one for one in of_type(deployment, STORAGE) if not one["_symbol"].startswith(BACKUP)]


def _assignments(deployment: Any) -> list[dict[str, Any]]:
    return of_type(deployment, "Microsoft.Authorization/roleAssignments")


def _role(assignment: dict[str, Any]) -> str:
    return str(properties(assignment).get("roleDefinitionId")).rpartition("/")[2]
