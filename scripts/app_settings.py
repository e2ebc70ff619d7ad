"""The app's environment when it runs on this machine.

Settings come from local.settings.json, if there is one, and else from the example file; the addresses of storage and providers
come from the launch. A variable of the environment overrides both files.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from scripts.errors import LaunchFailed

EXAMPLE = "local.settings.json.example"
LOCAL = "local.settings.json"
# A provider is the sandbox, with the sandbox's key, unless the environment names another address for it.
PROVIDERS = (
    ("STRIPE_API_BASE", "", "STRIPE_API_KEY", "sk_test_sandbox"),
    ("EASYPOST_API_BASE", "/v2", "EASYPOST_API_KEY", "EZTK_sandbox"),
)


def app_environment(
    folder: Path, given: Mapping[str, str], *, storage: str, sandbox_url: str, mail_url: str, base_url: str
) -> dict[str, str]:
    """Return the environment that the app is started with.

    Args:
        folder: The folder with the settings files.
        given: The environment of the launcher.
        storage: Azurite's connection string.
        sandbox_url: The address of the provider sandbox.
        mail_url: The address of the mail catcher.
        base_url: The address of the app.

    Raises:
        LaunchFailed: A settings file is broken.
    """
    settings = settings_file(folder / EXAMPLE) | settings_file(folder / LOCAL)
    settings |= {name: given[name] for name in settings if given.get(name)}
    settings |= {"AzureWebJobsStorage": storage, "SHOP_STORAGE": storage}
    for base, path, key, sandbox_key in PROVIDERS:
        if not given.get(base):
            settings |= {base: sandbox_url + path, key: sandbox_key}
    if not given.get("PUBLIC_URL"):
        settings["PUBLIC_URL"] = base_url
    if not given.get("SMTP_URL") and not given.get("MAIL_ENDPOINT"):
        # A copy on this machine must not write to people.
        settings |= {"SMTP_URL": mail_url, "MAIL_ENDPOINT": ""}
    return {**given, **settings, "PYTHONUNBUFFERED": "1"}


def check_settings(environment: Mapping[str, str]) -> None:
    """Check the app's settings.

    Raises:
        LaunchFailed: A setting is missing or wrong; the error names the first one.
    """
    from setting_values import InvalidSetting
    from settings import Settings

    try:
        Settings.from_env(environment)
    except InvalidSetting as error:
        raise LaunchFailed(str(error)) from None


def settings_file(path: Path) -> dict[str, str]:
    """Return the `Values` of a settings file as text; nothing when there is no such file."""
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text())["Values"]
        return {name: str(value) for name, value in values.items() if value is not None}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LaunchFailed(f"{path} must be a JSON object with an object `Values`: compare {EXAMPLE}") from None
