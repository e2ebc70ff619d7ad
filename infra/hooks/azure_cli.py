"""The Azure CLI and azd as functions. The user of a hook is logged in with both."""

import json
import os
import shutil
import subprocess
from typing import Any


class HookFailed(Exception):
    """A hook cannot go on. The message is for the person at the terminal and says what to do."""


def az(*arguments: str) -> Any:
    """Run `az` and return its answer as JSON; None when it says nothing. Raises HookFailed with what it said."""
    output = _run("az", *arguments, "--only-show-errors", "--output", "json")
    return json.loads(output) if output.strip() else None


def azd_env_set(name: str, value: str) -> None:
    """Remember a value in azd's environment, from which the template's parameters are read. Raises HookFailed."""
    _run("azd", "env", "set", name, value)


def output(name: str) -> str:
    """Return an output of the template, as azd hands it to its hooks. Raises HookFailed when there is none."""
    value = os.environ.get(name)
    if not value:
        raise HookFailed(f'{name} is not set: run `azd provision` first, or `eval "$(azd env get-values)"`')
    return value


def deploys_by_zip() -> bool:
    """Whether the plan takes a pushed package; the others run one from storage, by identity."""
    return output("DEPLOY_BY_ZIP").lower() == "true"


def _run(program: str, *arguments: str) -> str:
    # On Windows the Azure CLI is az.cmd, which a search of the path finds and the start of a process does not.
    found = shutil.which(program)
    if found is None:
        raise HookFailed(f"{program} is not installed")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise HookFailed(f"{program} {' '.join(arguments[:3])} failed: {done.stderr.strip()}")
    return done.stdout
