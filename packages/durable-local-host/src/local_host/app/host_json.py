"""host.json of an app, read into the few settings that this host honours; unknown keys are ignored.

Any key can be overridden by an environment variable: `AzureFunctionsJobHost__extensions__durableTask__hubName`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from local_host.app.settings import read_json_object, resolve_references
from local_host.app.time_span import parse_time_span
from local_host.engine.config import DurableConfig, Overridable, VersionFailure, VersionMatch
from local_host.engine.start_problems import ConfigurationError

_T = TypeVar("_T")
_Number = TypeVar("_Number", bound=int)

_OVERRIDE_PREFIX = "azurefunctionsjobhost__"
# What the real host allows outside a Consumption plan.
_DEFAULT_TIMEOUT = timedelta(minutes=30)
_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}\Z")
# Of the Durable Task Scheduler and the other providers, which make no storage containers of that name.
_FREER_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


@dataclass(frozen=True, kw_only=True)
class QueueOptions:
    """`extensions.queues`: how queue triggers fetch, retry and give up."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    max_polling_interval: timedelta = timedelta(minutes=1)
    base64: bool = True


@dataclass(frozen=True, kw_only=True)
class HostConfig:
    """What host.json says. log_levels: logger or category name to level name, `default` for the rest.

    function_timeout: how long one call of a function may take, None for as long as it wants. functions: the only ones
    to run, by name; none named means all.
    """

    durable: DurableConfig = field(default_factory=DurableConfig)
    queues: QueueOptions = field(default_factory=QueueOptions)
    function_timeout: timedelta | None = _DEFAULT_TIMEOUT
    route_prefix: str = "api"
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    log_levels: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_host_config(directory: Path, environ: Mapping[str, str]) -> HostConfig:
    """Return what host.json of the app says, with its overrides. Raises ConfigurationError, SettingMissing."""
    path = directory / "host.json"
    if not path.exists():
        raise ConfigurationError(f'{path} is missing. An app needs one; the smallest is {{"version": "2.0"}}.')
    document = read_json_object(path)
    if document.get("version") != "2.0":
        raise ConfigurationError(f'{path} must hold "version": "2.0".')
    return parse_host_config(with_overrides(document, environ), environ)


def with_overrides(document: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the document with every `AzureFunctionsJobHost__a__b` of the environment put at a.b, names ignoring case."""
    result = dict(document)
    for name, value in environ.items():
        if name.casefold().startswith(_OVERRIDE_PREFIX):
            _put(result, name[len(_OVERRIDE_PREFIX) :].split("__"), value)
    return result


def parse_host_config(document: Mapping[str, Any], environ: Mapping[str, str]) -> HostConfig:
    """Read host.json. Raises ConfigurationError that names the key and the rule."""
    root = _Section(document, "")
    http = root.section("extensions").section("http")
    durable = root.section("extensions").section("durableTask")
    return HostConfig(
        durable=_durable_config(durable, environ),
        queues=_queue_options(root.section("extensions").section("queues")),
        function_timeout=_function_timeout(root),
        route_prefix=http.text("routePrefix", "api").strip("/"),
        custom_headers={name: str(value) for name, value in http.section("customHeaders").items()},
        log_levels={name: str(value) for name, value in root.section("logging").section("logLevel").items()},
        functions=root.names("functions"),
        warnings=_warnings(durable),
    )


class _Section:
    """An object of host.json. Keys ignore case; a value of the wrong kind is refused by its full name."""

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self._values = {name.casefold(): value for name, value in values.items()}
        self._names = values
        self._path = path

    def items(self) -> list[tuple[str, Any]]:
        return list(self._names.items())

    def section(self, name: str) -> _Section:
        value = self._values.get(name.casefold())
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return _Section(value or {}, f"{self._path}{name}.")

    def text(self, name: str, default: str) -> str:
        value = self._values.get(name.casefold(), default)
        if not isinstance(value, str):
            raise self._wrong(name, "a text")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name.casefold()) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._wrong(name, "a list of texts")
        return tuple(value)

    def number(self, name: str, default: int, *, at_least: int, at_most: int = 2**31 - 1) -> int:
        value = self._parsed(name, default, int, "a whole number")
        if not at_least <= value <= at_most:
            raise self._wrong(name, f"from {at_least} to {at_most}")
        return value

    def flag(self, name: str) -> bool:
        return str(self._values.get(name.casefold(), False)).casefold() == "true"

    def span(self, name: str, default: timedelta, *, at_least: timedelta = timedelta(0)) -> timedelta:
        value = self._parsed(name, default, parse_time_span, "a time span such as 00:00:30")
        if value < at_least:
            raise self._wrong(name, f"at least {at_least}")
        return value

    def choice(self, name: str, default: _T, choices: Mapping[str, _T]) -> _T:
        known = {key.casefold(): value for key, value in choices.items()}
        chosen = self._values.get(name.casefold())
        if chosen is None:
            return default
        if str(chosen).casefold() not in known:
            raise self._wrong(name, f"one of {', '.join(choices)}")
        return known[str(chosen).casefold()]

    def _parsed(self, name: str, default: _T, parse: Callable[[Any], _T], kind: str) -> _T:
        value = self._values.get(name.casefold())
        if value is None:
            return default
        try:
            return parse(value)
        except (TypeError, ValueError):
            raise self._wrong(name, kind) from None

    def _wrong(self, name: str, rule: str) -> ConfigurationError:
        return ConfigurationError(f"'{self._path}{name}' in host.json must be {rule}.")


def _durable_config(section: _Section, environ: Mapping[str, str]) -> DurableConfig:
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


def _hub_name(section: _Section, environ: Mapping[str, str]) -> str:
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


def _queue_options(section: _Section) -> QueueOptions:
    batch_size = section.number("batchSize", 16, at_least=1, at_most=32)
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=section.number("newBatchThreshold", batch_size // 2, at_least=0),
        max_dequeue_count=section.number("maxDequeueCount", 5, at_least=1),
        visibility_timeout=section.span("visibilityTimeout", timedelta(0)),
        max_polling_interval=section.span("maxPollingInterval", timedelta(minutes=1)),
        base64=section.choice("messageEncoding", default=True, choices={"base64": True, "none": False}),
    )


def _function_timeout(root: _Section) -> timedelta | None:
    if root.text("functionTimeout", "") == "-1":
        return None
    return root.span("functionTimeout", _DEFAULT_TIMEOUT, at_least=timedelta(seconds=1))


def _warnings(durable: _Section) -> tuple[str, ...]:
    if durable.flag("extendedSessionsEnabled"):
        return ("extendedSessionsEnabled has no effect for Python, and the newest extension refuses to start with it.",)
    return ()


def _put(target: dict[str, Any], path: list[str], value: str) -> None:
    key = next((name for name in target if name.casefold() == path[0].casefold()), path[0])
    if len(path) == 1:
        target[key] = value
        return
    inner = dict(target[key]) if isinstance(target.get(key), dict) else {}
    target[key] = inner
    _put(inner, path[1:], value)
