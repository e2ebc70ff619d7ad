import azure.functions as func
import pytest

from triggers.http.support.links import order_links, resource, serving


def at(url: str) -> func.HttpRequest:
    return func.HttpRequest("POST", url, body=b"")


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("https://shop.example/api/orders", "orders"),
        ("https://shop.example/api/orders/", "orders"),
        ("https://shop.example/api/orders?code=sec/ret==", "orders"),
        ("https://shop.example/api/orders/a/approval", "orders/{order_id}/approval"),
    ],
)
def test_links_point_at_our_resources_and_carry_no_key(url, route):
    with serving(at(url), route):
        links = order_links("a-1")
    assert links.to_wire() == {
        "id": "a-1",
        "order_id": "a-1",
        "statusQueryGetUri": "https://shop.example/api/orders/a-1",
        "approvalPostUri": "https://shop.example/api/orders/a-1/approval",
        "cancellationPostUri": "https://shop.example/api/orders/a-1/cancellation",
        "sendEventPostUri": "https://shop.example/runtime/webhooks/durabletask/instances/a-1/raiseEvent/{eventName}",
    }


@pytest.mark.parametrize("prefix", ["http://127.0.0.1:7071", "https://host.example/shop/v1"])
def test_links_follow_the_route_prefix(prefix):
    with serving(at(f"{prefix}/orders/a"), "orders/{order_id}"):
        assert resource("inventory", "mug") == f"{prefix}/inventory/mug"


@pytest.mark.parametrize("known", ["PUBLIC_URL", "WEBSITE_HOSTNAME"])
def test_links_begin_with_the_public_address_and_never_with_the_host_header(
    monkeypatch: pytest.MonkeyPatch, known: str
):
    monkeypatch.setenv(known, {"PUBLIC_URL": "https://shop.example/", "WEBSITE_HOSTNAME": "shop.example"}[known])
    with serving(at("http://evil.example/api/orders"), "orders"):
        links = order_links("a-1")
    assert not any("evil" in link for link in links.to_wire().values())
    assert links.statusQueryGetUri == "https://shop.example/api/orders/a-1"
    assert links.sendEventPostUri.startswith("https://shop.example/runtime/")
