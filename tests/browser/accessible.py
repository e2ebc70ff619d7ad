"""What axe-core finds wrong with a page, by the rules of WCAG 2.2 up to level AA."""

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page

_AXE: Final = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN: Final = """async rules => (await axe.run(document, { runOnly: rules })).violations.flatMap(
  violation => violation.nodes.map(node => `${violation.id}: ${node.target}: ${node.failureSummary}`))"""


async def violations(page: Page) -> list[str]:
    """Return the violations of the page that is open."""
    if not _AXE.exists():
        pytest.skip("there is no axe-core: npm ci, as `make browser` does")
    # By the debugger, not as a script of the page: the page allows none but its own.
    await page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(_RUN, _RULES)
    return found
