"""Write the tables of docs/capacity.md and infra/README.md that are calculated: `python -m scripts.cost.pages`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scripts.cost.capacity_tables import backup_text, choice_table, hand_text, part_table, plan_table, processor_table
from scripts.cost.cost_tables import option_table, order_table, share_table
from scripts.host_json import ROOT

PAGES: Final[Mapping[Path, Mapping[str, Callable[[], str]]]] = {
    ROOT / "docs" / "capacity.md": {
        "processor": processor_table,
        "parts": part_table,
        "backup": backup_text,
        "plans": plan_table,
        "choice": choice_table,
        "hand": hand_text,
    },
    ROOT / "infra" / "README.md": {"orders": order_table, "shares": share_table, "options": option_table},
}


def made(page: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with its tables made anew."""
    for name, table in tables.items():
        begin, end = f"<!-- {name}: made by `python -m scripts.cost.pages` -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{table()}\n\n{end}{rest.partition(end)[2]}"
    return page


def main() -> int:
    """Write the pages. Return the exit code."""
    for path, tables in PAGES.items():
        path.write_text(made(path.read_text(encoding="utf-8"), tables), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
