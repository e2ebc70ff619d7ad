"""The settings an app sees as environment variables: local.settings.json, the host's own, and `%NAME%` references.

A variable of the real environment always wins over local.settings.json, as with Core Tools.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_host.app import relaxed_json
from local_host.engine.start_problems import ConfigurationError, SettingMissing

DEFAULT_PORT = 7071
_REFERENCE = re.compile(r"%([^%\s]+)%")


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """local.settings.json. values: what becomes environment variables; cors: allowed origins, `*` for all."""

    values: Mapping[str, str]
    port: int = DEFAULT_PORT
    cors_origins: tuple[str, ...] = ()
    cors_credentials: bool = False


def read_local_settings(directory: Path) -> LocalSettings:
    """Return the values of local.settings.json of the app, or nothing when the file is absent. Raises ConfigurationError."""
    path = directory / "local.settings.json"
    document = read_json_object(path) if path.exists() else {}
    host = _section(document, "Host")
    return LocalSettings(
        values=_values(document),
        port=_port(host.get("LocalHttpPort", DEFAULT_PORT)),
        cors_origins=tuple(part.strip() for part in str(host.get("CORS") or "").split(",") if part.strip()),
        cors_credentials=bool(host.get("CORSCredentials", False)),
    )


def apply_settings(settings: LocalSettings, environ: MutableMapping[str, str], directory: Path) -> None:
    """Put the settings, and what Core Tools sets beside them, where no variable has a value yet.

    Raises:
        ConfigurationError: The worker runtime is another than Python's.
    """
    for name, value in {**_host_settings(directory), **settings.values}.items():
        if not environ.get(name):
            environ[name] = value
    if environ["FUNCTIONS_WORKER_RUNTIME"] != "python":
        runtime = environ["FUNCTIONS_WORKER_RUNTIME"]
        raise ConfigurationError(
            f"FUNCTIONS_WORKER_RUNTIME is '{runtime}'; this host runs Python apps only, set it to 'python'."
        )


def is_disabled(function: str, environ: Mapping[str, str]) -> bool:
    """Return whether a setting disables the function; with underscores where the name of a variable cannot have dots.

    The host reads names of settings without regard to case.
    """
    names = {f"azurewebjobs.{function}.disabled".casefold(), f"azurewebjobs_{function}_disabled".casefold()}
    return any(name.casefold() in names and value.casefold() in {"true", "1"} for name, value in environ.items())


def resolve_references(text: str, environ: Mapping[str, str], where: str) -> str:
    """Replace each `%NAME%` by that setting; raises SettingMissing."""

    def value(match: re.Match[str]) -> str:
        found = environ.get(match[1])
        if found is None:
            raise SettingMissing(match[1], f"used as {match[0]} in {where}")
        return found

    return _REFERENCE.sub(value, text)


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object, perhaps with comments. Raises ConfigurationError with the place of a mistake."""
    try:
        document = relaxed_json.parse(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{path} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} must hold a JSON object.")
    return document


def _host_settings(directory: Path) -> dict[str, str]:
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "AzureWebJobsScriptRoot": str(directory),
        "FUNCTIONS_CORETOOLS_ENVIRONMENT": "true",
    }


def _values(document: Mapping[str, Any]) -> dict[str, str]:
    values = {name: _text(value) for name, value in _section(document, "Values").items() if value is not None}
    connections = _section(document, "ConnectionStrings").items()
    return values | {f"ConnectionStrings:{name}": str(value) for name, value in connections if isinstance(value, str)}


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise ConfigurationError(f"'{name}' in local.settings.json must be an object.")
    return section


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ConfigurationError("Each entry of 'Values' in local.settings.json must be a text, a number or a boolean.")


def _port(value: Any) -> int:
    try:
        port = int(value)
    except (TypeError, ValueError):
        port = -1
    if not 0 <= port <= 65535:
        raise ConfigurationError("'Host.LocalHttpPort' in local.settings.json must be a number from 0 to 65535.")
    return port
