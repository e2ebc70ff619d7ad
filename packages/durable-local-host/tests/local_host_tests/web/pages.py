"""What the tests of the pages read of them."""

from __future__ import annotations

import re

from local_host.testing import AppHost

LINK = re.compile(r'href="(/admin/instances/[^"]*)"')
HOSTILE = "\"'><script>x</script>"


async def instance_page(app_host: AppHost, instance_id: str) -> str:
    await app_host.run_until_idle()
    page = await app_host.http.get(f"/admin/instances/{instance_id}")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    return page.text
