"""The documentation in a browser without a network: diagrams are drawn, and the search finds pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT_MS

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Yield a page that reads files only, and whose errors fail the test."""
    context = await browser.new_context(offline=True)
    context.set_default_timeout(TIMEOUT_MS)
    opened = await context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: troubles.append(request.url) if request.url.startswith("http") else None)
    yield opened
    await context.close()
    assert troubles == []


async def test_every_diagram_is_drawn(site: Path, page: Page) -> None:
    diagrams = diagrams_of(site)
    assert sum(diagrams.values()) > 9
    for address, written in diagrams.items():
        await page.goto(address)
        await expect(page.locator("div.mermaid")).to_have_count(written)
        heights = await page.locator("div.mermaid").evaluate_all("all => all.map(each => each.offsetHeight)")
        assert all(height > 50 for height in heights), (address, heights)


async def test_the_search_finds_a_page(site: Path, page: Page) -> None:
    await page.goto((site / "index.html").as_uri())
    await page.get_by_label("Search", exact=True).first.click()
    await page.keyboard.type("tombstone")
    await expect(page.locator(".md-search-result__link").first).to_contain_text("saga")


def diagrams_of(site: Path) -> dict[str, int]:
    """Return how many diagrams each page has that has any."""
    files = sorted(site.rglob("*.html"))
    counts = {file.as_uri(): file.read_text(encoding="utf-8").count('class="mermaid"') for file in files}
    return {address: count for address, count in counts.items() if count}
