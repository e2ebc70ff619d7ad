"""`extensions.durableTask` of host.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from local_host.app.json_section import Section
from local_host.app.settings import resolve_references
from local_host.engine.config import DurableConfig, Overridable, VersionFailure, VersionMatch
from local_host.engine.start_problems import ConfigurationError

_Number = TypeVar("_Number", bound=int)

_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}\Z")
# Of the Durable Task Scheduler and the other providers, which make no storage containers of that name.
_FREER_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


def read_durable_config(section: Section, environ: Mapping[str, str]) -> DurableConfig:
    """Return what the section says. Raises ConfigurationError that names the key and the rule, SettingMissing."""
    base = DurableConfig(hub_name=_hub_name(section, environ))
    http, storage = section.section("httpSettings"), section.section("storageProvider")
    return DurableConfig(
        hub_name=base.hub_name,
        default_version=section.text("defaultVersion", "") or None,
        version_match=section.choice("versionMatchStrategy", base.version_match, _by_name_or_number(_MATCHES)),
        version_failure=section.choice("versionFailureStrategy", base.version_failure, _by_name_or_number(_FAILURES)),
        max_concurrent_activities=section.number(
            "maxConcurrentActivityFunctions", base.max_concurrent_activities, at_least=1
        ),
        max_concurrent_orchestrators=section.number(
            "maxConcurrentOrchestratorFunctions", base.max_concurrent_orchestrators, at_least=1
        ),
        max_concurrent_entities=section.number(
            "maxConcurrentEntityFunctions", base.max_concurrent_entities, at_least=1
        ),
        max_entity_operation_batch_size=section.number(
            "maxEntityOperationBatchSize", base.max_entity_operation_batch_size, at_least=1
        ),
        overridable_existing_instance_states=section.choice(
            "overridableExistingInstanceStates", Overridable.NON_RUNNING, {each.value: each for each in Overridable}
        ),
        store_inputs_in_orchestration_history=section.flag("storeInputsInOrchestrationHistory"),
        max_orchestration_actions=section.number("maxOrchestrationActions", base.max_orchestration_actions, at_least=1),
        default_async_request_sleep_time_ms=http.number(
            "defaultAsyncRequestSleepTimeMilliseconds", base.default_async_request_sleep_time_ms, at_least=0
        ),
        use_forwarded_host=http.flag("useForwardedHost"),
        control_queue_visibility_timeout=storage.span(
            "controlQueueVisibilityTimeout", base.control_queue_visibility_timeout
        ),
        work_item_queue_visibility_timeout=storage.span(
            "workItemQueueVisibilityTimeout", base.work_item_queue_visibility_timeout
        ),
    )


_MATCHES = {"None": VersionMatch.NONE, "Strict": VersionMatch.STRICT, "CurrentOrOlder": VersionMatch.CURRENT_OR_OLDER}
_FAILURES = {"Reject": VersionFailure.REJECT, "Fail": VersionFailure.FAIL}


def _by_name_or_number(names: Mapping[str, _Number]) -> dict[str, _Number]:
    return {**names, **{str(int(value)): value for value in names.values()}}


def _hub_name(section: Section, environ: Mapping[str, str]) -> str:
    default = environ.get("WEBSITE_SITE_NAME") or "TestHubName"
    name = resolve_references(section.text("hubName", default), environ, "extensions.durableTask.hubName of host.json")
    provider = section.section("storageProvider").text("type", "AzureStorage")
    if provider.casefold() not in ("azurestorage", "azure_storage"):
        if not _FREER_HUB_NAME.match(name):
            raise ConfigurationError(
                f"The task hub name '{name}' is not valid for the provider '{provider}': "
                "letters, digits, '-' and '_', at most 64 characters."
            )
    elif not _HUB_NAME.match(name):
        raise ConfigurationError(
            f"The task hub name '{name}' is not valid: letters and digits only, a letter first, 3 to 45 characters."
        )
    return name
