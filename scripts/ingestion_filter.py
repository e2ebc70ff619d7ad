"""Print a rule that stores all telemetry of a share of the orders, and of the others what alerts read.

`python -m scripts.ingestion_filter 10 --workspace ID --location REGION` prints the body of a data collection rule for
Application Insights' workspace. An order is kept whole or left: the last two digits of its operation id decide, in every table
and for the app's own spans (`TRACED_PERCENT`) alike.
"""

import argparse
import json
import sys
from math import ceil
from typing import Any, Final

from scripts.host_json import ROOT

TABLES: Final = ("AppTraces", "AppDependencies")
_FOLDER: Final = ROOT / "infra" / "ingestion"
_DESTINATION: Final = "workspace"


def transformation(table: str, percent: int) -> str:
    """Return what decides of each row of a table whether it is stored."""
    endings = ", ".join(f'"{number:02x}"' for number in range(ceil(percent * 256 / 100))) or '"none"'
    lines = (_FOLDER / f"{table}.kql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("//")).replace("SHARE", endings)


def rule(percent: int, workspace_id: str, location: str) -> dict[str, Any]:
    """Return the rule, as `az monitor data-collection rule create --rule-file` takes it."""
    flows = [
        {
            "streams": [f"Microsoft-Table-{table}"],
            "destinations": [_DESTINATION],
            "transformKql": transformation(table, percent),
        }
        for table in TABLES
    ]
    destinations = {"logAnalytics": [{"name": _DESTINATION, "workspaceResourceId": workspace_id}]}
    return {
        "location": location,
        "kind": "WorkspaceTransforms",
        "properties": {"destinations": destinations, "dataFlows": flows},
    }


def _percent(text: str) -> int:
    if not text.isdecimal() or len(text) > len("100") or int(text) > 100:
        raise argparse.ArgumentTypeError("must be from 0 to 100")
    return int(text)


def main() -> int:
    """Print the rule that the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.ingestion_filter", description="Keep a share of the orders."
    )
    parser.add_argument("percent", type=_percent, metavar="PERCENT", help="of how many orders, 0 to 100")
    parser.add_argument("--workspace", required=True, metavar="ID", help="resource id of the Log Analytics workspace")
    parser.add_argument("--location", required=True, metavar="REGION", help="the workspace's")
    chosen = parser.parse_args()
    print(json.dumps(rule(chosen.percent, chosen.workspace, chosen.location), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
