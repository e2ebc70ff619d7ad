"""After provisioning: see that the vaults hold every secret of the app, and that the app can read them.

Secrets that are ours are generated. A provider's key comes from an environment variable of its name (`stripe-api-key` from
STRIPE_API_KEY) or is asked for. None is ever printed, an argument of a process or in a file that others can read. What is in a
vault stays as it is: a new key goes in with `az keyvault secret set`.
"""

import os
import sys
import time
from collections.abc import Callable
from getpass import getpass
from typing import Final, NamedTuple

from infra.hooks.azure_cli import HookFailed, output
from infra.hooks.references import await_resolved
from infra.hooks.secret_forms import FORMS, variable
from infra.hooks.vault import secrets_of, store

Ask = Callable[[str], str]
_MAX_QUESTIONS: Final = 3


def fill(vault: str, names: list[str], ask: Ask | None, pause: Callable[[float], None]) -> dict[str, str]:
    """Store the secrets that are absent and can be had; return why each other one is missing. ask: None without a terminal."""
    missing = {}
    present = secrets_of(vault, pause)
    for name in names:
        if name in present:
            continue
        value, problem = _value(name, ask)
        if problem:
            missing[name] = problem
        else:
            store(vault, name, value)
    return missing


def _value(name: str, ask: Ask | None) -> tuple[str, str]:
    """Return a secret, or else why there is none."""
    form = FORMS[name]
    given = os.environ.get(variable(name), "").strip()
    if given:
        return (given, "") if form.takes(given) else ("", f"{variable(name)} has another form than {form.words}")
    if form.generate:
        return form.generate(), ""
    return _asked(name, ask) if ask else ("", f"set {variable(name)} to {form.words}")


def _asked(name: str, ask: Ask) -> tuple[str, str]:
    question = f"{name}, {FORMS[name].words} (empty to do it later): "
    for _ in range(_MAX_QUESTIONS):
        value = ask(question).strip()
        if not value or FORMS[name].takes(value):
            return value, "" if value else "left for later"
        question = f"That is not {FORMS[name].words}: "
    return "", f"the answers were not {FORMS[name].words}"


def ask_for(question: str) -> str:
    """Ask the operator for a secret, without showing it."""
    return getpass(question)


class Side(NamedTuple):
    """Production or the staging slot: the resource id of its site, its vault, and the secrets that it refers to."""

    site: str
    vault: str
    secrets: list[str]


def sides() -> list[Side]:
    """Return production, and the staging slot if there is one."""
    production = Side(output("APP_ID"), output("APP_VAULT"), output("APP_SECRETS").split(","))
    if not os.environ.get("APP_STAGING_URL"):
        return [production]
    staging = f"{production.site}/slots/staging"
    return [production, Side(staging, output("APP_STAGING_VAULT"), output("APP_STAGING_SECRETS").split(","))]


def provide(side: Side, ask: Ask | None, pause: Callable[[float], None]) -> dict[str, str]:
    """Fill the vault of one side and wait until its site reads it; return why each other secret is missing."""
    missing = fill(side.vault, side.secrets, ask, pause)
    report(side.vault, missing)
    await_resolved(side.site, missing, pause)
    return missing


def report(vault: str, missing: dict[str, str]) -> None:
    """Print what is missing, and how it is put in."""
    for name, problem in missing.items():
        command = f"az keyvault secret set --vault-name {vault} --name {name} --file FILE --encoding utf-8"
        print(f"{name} is missing, and what needs it will fail: {problem}; or {command}", file=sys.stderr)


def main() -> int:
    """Fill the vaults and wait for the app; print which secrets are missing. They are an error where no one can be asked."""
    if not os.environ.get("APP_VAULT"):
        # azd runs its hooks around a preview, too.
        print("Nothing is provisioned yet, so there is no vault to look into")
        return 0
    at_terminal = sys.stdin.isatty()
    try:
        missing = [provide(side, ask_for if at_terminal else None, time.sleep) for side in sides()]
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if any(missing) and not at_terminal else 0


if __name__ == "__main__":
    sys.exit(main())
