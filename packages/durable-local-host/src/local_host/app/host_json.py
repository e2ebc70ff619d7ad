"""host.json of an app, read into the few settings that this host honours; unknown keys are ignored.

Any key can be overridden by an environment variable: `AzureFunctionsJobHost__extensions__durableTask__hubName`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from local_host.app.durable_json import read_durable_config
from local_host.app.json_section import Section
from local_host.app.settings import read_json_object
from local_host.engine.config import DurableConfig
from local_host.engine.start_problems import ConfigurationError

_OVERRIDE_PREFIX = "azurefunctionsjobhost__"
# What the real host allows outside a Consumption plan.
_DEFAULT_TIMEOUT = timedelta(minutes=30)


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
    root = Section(document, "")
    http = root.section("extensions").section("http")
    durable = root.section("extensions").section("durableTask")
    return HostConfig(
        durable=read_durable_config(durable, environ),
        queues=_queue_options(root.section("extensions").section("queues")),
        function_timeout=_function_timeout(root),
        route_prefix=http.text("routePrefix", "api").strip("/"),
        custom_headers={name: str(value) for name, value in http.section("customHeaders").items()},
        log_levels={name: str(value) for name, value in root.section("logging").section("logLevel").items()},
        functions=root.names("functions"),
        warnings=_warnings(durable),
    )


def _queue_options(section: Section) -> QueueOptions:
    batch_size = section.number("batchSize", 16, at_least=1, at_most=32)
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=section.number("newBatchThreshold", batch_size // 2, at_least=0),
        max_dequeue_count=section.number("maxDequeueCount", 5, at_least=1),
        visibility_timeout=section.span("visibilityTimeout", timedelta(0)),
        max_polling_interval=section.span("maxPollingInterval", timedelta(minutes=1)),
        base64=section.choice("messageEncoding", default=True, choices={"base64": True, "none": False}),
    )


def _function_timeout(root: Section) -> timedelta | None:
    if root.text("functionTimeout", "") == "-1":
        return None
    return root.span("functionTimeout", _DEFAULT_TIMEOUT, at_least=timedelta(seconds=1))


def _warnings(durable: Section) -> tuple[str, ...]:
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
