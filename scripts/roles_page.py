"""Write the table of docs/roles.md: which role may call which operation, from what the operations declare."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from domain.identity import Role
from triggers.http.support.operation import Operation, declared_operations

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "roles.md"
_BEGIN: Final = "<!-- roles: made by `python -m scripts.roles_page` -->"
_END: Final = "<!-- end of roles -->"


def main() -> int:
    """Write the page. Return the exit code."""
    import blueprints  # noqa: F401 - declares every operation

    PAGE.write_text(roles_page(PAGE.read_text(encoding="utf-8"), declared_operations()), encoding="utf-8")
    return 0


def roles_page(page: str, operations: Iterable[Operation]) -> str:
    """Return the page with the table of these operations."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}\n\n{_table(operations)}\n\n{_END}{rest.partition(_END)[2]}"


def _table(operations: Iterable[Operation]) -> str:
    head = f"| | {' | '.join(role.replace('_', ' ') for role in Role)} |"
    lines = [head, f"|---|{'---|' * len(Role)}"]
    for operation in sorted(operations, key=lambda each: (each.route, each.method)):
        marks = ["anyone" if not operation.roles else "yes" if role in operation.roles else "" for role in Role]
        lines.append(f"| `{operation.method} /api/{operation.route}` | {' | '.join(marks)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
