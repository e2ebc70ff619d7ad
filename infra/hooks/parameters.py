"""The parameters of this environment as Azure takes them: main.parameters.json with the variables of the environment in it.

azd fills them in by itself. What-if by an identity that may only read does not go through azd, which asks for the right to write:
`az deployment sub what-if --parameters "$(python -m infra.hooks.parameters)"`.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from infra.hooks.azure_cli import HookFailed

FILE: Final = Path(__file__).resolve().parents[1] / "main.parameters.json"
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")


def filled_in(template: Any, env: Mapping[str, str]) -> Any:
    """Return a JSON value with `${NAME}` and `${NAME=default}` replaced as azd does it: an empty variable takes the default.

    Raises HookFailed for a variable without either.
    """
    if isinstance(template, dict):
        return {key: filled_in(value, env) for key, value in template.items()}
    if isinstance(template, list):
        return [filled_in(value, env) for value in template]
    if not isinstance(template, str) or not _VARIABLE.search(template):
        return template
    text = _VARIABLE.sub(lambda found: _value(found[1], found[2], env), template)
    # Environments know texts only; to Azure true and 'true' differ.
    return json.loads(text) if re.fullmatch(r"true|false|0|-?[1-9]\d*", text) else text


def _value(name: str, default: str | None, env: Mapping[str, str]) -> str:
    value = env.get(name) or default
    if value is None:
        raise HookFailed(f"{name} is not set, and the templates need it")
    return value


def main() -> int:
    """Print the parameters of the template, filled in from the environment."""
    try:
        print(json.dumps(filled_in(json.loads(FILE.read_text(encoding="utf-8"))["parameters"], os.environ)))
    except HookFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
