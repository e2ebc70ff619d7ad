"""Every page and every action of the console, as every role."""

import re

import console.pages  # noqa: F401 - declares them
from console.web.page import Page, declared_pages
from domain.identity import Role
from tests.integration.console.pages import send, visit
from tests.integration.console.test_order_page import has_text
from tests.support.shop import Shop

# In any page a path may name what there is not: whether a role may ask is decided before it is looked up.
UNKNOWN = "dl-1"


def address_of(page: Page) -> str:
    return re.sub(r"{\w+}", UNKNOWN, page.path)


async def test_every_page_is_for_its_roles_and_for_no_other(shop: Shop):
    refused = set()
    for page in declared_pages():
        for role in Role:
            ask = visit if page.method == "GET" else send
            answer = await ask(shop, address_of(page), roles=role)
            is_refused = answer.status == 403 and has_text(answer, "This needs the role")
            assert is_refused is (role not in page.roles), (page.method, page.path, role, answer.status)
            assert answer.status < 500, (page.method, page.path, role)
            refused |= {role} if is_refused else set()
    assert Role.STOREFRONT in refused


async def test_the_menu_leads_only_where_its_reader_may_go(shop: Shop):
    for role in (Role.APPROVER, Role.OPERATOR, Role.CATALOGUE_MANAGER, Role.AUDITOR):
        entry = (await visit(shop, "", roles=role)).headers["Location"]
        home = await visit(shop, entry.removeprefix("/console/"), roles=role)
        assert home.status == 200, role
        (menu,) = re.findall(r'<nav aria-label="Console">(.*?)</nav>', home.text, re.DOTALL)
        for path in re.findall(r'href="/console/([^"]+)"', menu):
            assert (await visit(shop, path, roles=role)).status == 200, (role, path)


async def test_who_reads_no_orders_over_the_api_reads_none_here(shop: Shop):
    for role in set(Role) - {Role.STOREFRONT}:
        headers = {"X-Local-Caller": "grace", "X-Local-Roles": role}
        read = (await shop.host.http.request("GET", "/api/orders", headers=headers)).status
        for path in ("orders", "orders.csv", "order-counts", "approvals"):
            assert (await visit(shop, path, roles=role)).status == read, (role, path)
