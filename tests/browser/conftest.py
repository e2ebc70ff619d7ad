"""A real browser for tests: one Chromium per test process, and a fresh profile per visitor.

Every page is watched: a page that loads anything but itself, or writes an error to the console, fails its test.
All of it, and the app beside it, runs on one event loop, because the browser outlives the tests.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright, expect

from sandbox.testing import Sandbox
from tests.support.expenses import SETTINGS
from tests.support.mails import Mailbox
from tests.support.shop import Shop, running_shop, use_settings

# A machine that is busy with other tests may be this slow; nothing waits longer than it has to.
TIMEOUT_MS = 90_000
# What a customer may type that no page may take for anything but text.
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'> \"'> \u202eעברית"
SHOWN = HOSTILE.replace("\u202e", "")
"""What is kept of it: marks that turn the direction of a text are taken out at the door."""
SHORT_HOSTILE = "<script>window.ran = 1</script>"
"""Within the 35 characters of a line on a label."""
NewPage = Callable[..., Awaitable[Page]]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# It is not to look for what is outside of this machine.
_FLAGS = ("--disable-quic", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def pytest_runtest_setup() -> None:
    """Before anything else is set up: the one place and the one line that says why all of these tests are skipped."""
    if chromium() is None:
        pytest.skip("there is no Chromium: apt-get install chromium, or name one as CHROMIUM in the environment")


@cache
def chromium() -> str | None:
    """Its path. CHROMIUM in the environment names one that then must be there."""
    named = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)
    assert found or not named, f"CHROMIUM is {named}, and that is no program"
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium(), args=_FLAGS, timeout=TIMEOUT_MS)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(browser: Browser) -> AsyncIterator[NewPage]:
    """Open an empty page of a new visitor, with options such as `java_script_enabled=False`."""
    contexts, troubles = [], list[str]()

    async def opened(**options: Any) -> Page:
        context = await browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = await context.new_page()
        page.on("request", lambda request: troubles.extend(_unwanted(request)))
        page.on("console", lambda message: troubles.extend(_complaint(message)))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert troubles == []


@pytest_asyncio.fixture(loop_scope="session")
async def desk(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, mailbox: Mailbox
) -> AsyncIterator[Shop]:
    """Yield a shop with two approvers and a mail server, whose links lead to it."""
    changes = {"SMTP_URL": mailbox.url, **SETTINGS}
    use_settings(monkeypatch, storage_connection, sandbox, **changes)
    async with running_shop(sandbox) as running:
        use_settings(monkeypatch, storage_connection, sandbox, **changes, PUBLIC_URL=running.host.origin)
        yield running


def _unwanted(request: Request) -> list[str]:
    is_page = request.resource_type == "document" and request.url.startswith(("http://127.0.0.1:", "file:"))
    # The console has its own style sheet and scripts, and refreshes what it shows.
    is_of_console = re.match(r"http://127\.0\.0\.1:\d+/console/", request.url) is not None
    return [] if is_page or is_of_console or request.url.startswith("data:") else [f"loads {request.url}"]


def _complaint(message: ConsoleMessage) -> list[str]:
    """Return a message of the console, unless it reports the page's own status of 404 or 409."""
    of_the_page = message.page is not None and message.location["url"] == message.page.url
    is_status = message.text.startswith("Failed to load resource: the server responded with a status of 4")
    return [message.text] if message.type in ("error", "warning") and not (of_the_page and is_status) else []
