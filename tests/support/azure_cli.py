"""A stand-in for the Azure CLI and azd that records what it is asked and answers from a table."""

import json
import sys
from pathlib import Path

PROGRAM = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
said = " ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]])
if "--file" in sys.argv:
    said += " <- " + pathlib.Path(sys.argv[sys.argv.index("--file") + 1]).read_bytes().decode("latin-1")
with open(folder / "calls", "a") as calls:
    print(json.dumps(said), file=calls)
for start, answer in json.loads((folder / "answers").read_text()):
    if said.startswith(start):
        if isinstance(answer, str):
            sys.exit(answer)
        print(json.dumps(answer))
        break
"""


class Cli:
    """answers: what a call that starts so is answered, first match wins; a text is an error message."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("az", "azd"):
            program = folder / name
            program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
            program.chmod(0o755)
        self.answers()

    def answers(self, *answers: tuple[str, object]) -> None:
        (self._folder / "answers").write_text(json.dumps(answers))

    @property
    def calls(self) -> list[str]:
        calls = self._folder / "calls"
        return list(map(json.loads, calls.read_text().splitlines())) if calls.exists() else []

    def calls_of(self, start: str) -> list[str]:
        return [call for call in self.calls if call.startswith(start)]


OUTPUTS = {
    "AZURE_ENV_NAME": "test",
    "AZURE_RESOURCE_GROUP": "rg-test",
    "APP_NAME": "func-x",
    "APP_ID": "/sites/func-x",
    "APP_IDENTITY_ID": "/identities/x",
    "APP_STAGING_IDENTITY_ID": "/identities/x-staging",
    "APP_STORAGE": "stx",
    "APP_PACKAGES_URL": "https://stx.example/deploymentpackage",
    "DEPLOY_BY_ZIP": "false",
    "APP_BACKEND": "",
    "APP_STAGING_URL": "",
}
