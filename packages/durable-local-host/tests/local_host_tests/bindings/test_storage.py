"""Which storage account a binding's connection means."""

from __future__ import annotations

import pytest

from local_host.bindings.storage import StorageAccounts
from local_host.engine.start_problems import SettingMissing

KEY = "a2V5"


@pytest.mark.parametrize(
    ("environ", "connection", "url"),
    [
        ({"AzureWebJobsStorage": "UseDevelopmentStorage=true;"}, "", "http://127.0.0.1:10001/devstoreaccount1"),
        (
            {"Orders": f"DefaultEndpointsProtocol=https;AccountName=orders;AccountKey={KEY}"},
            "Orders",
            "https://orders.queue.core.windows.net",
        ),
        ({"AzureWebJobsOrders": "UseDevelopmentStorage=true"}, "Orders", "http://127.0.0.1:10001/devstoreaccount1"),
        ({"Orders__queueServiceUri": "https://q.example"}, "Orders", "https://q.example"),
        ({"Orders__accountName": "mine"}, "Orders", "https://mine.queue.core.windows.net"),
    ],
)
async def test_a_connection_names_a_setting_or_the_stem_of_identity_settings(
    environ: dict[str, str], connection: str, url: str
) -> None:
    accounts = StorageAccounts(environ)
    accounts.check(connection, "queue")
    client = await accounts.queues(connection)
    assert client.url.rstrip("/") == url
    assert await accounts.queues(connection) is client
    await accounts.close()


def test_a_connection_that_nothing_defines_is_named() -> None:
    with pytest.raises(SettingMissing, match="The setting 'Orders', which storage bindings name as their connection"):
        StorageAccounts({"Other": "x"}).check("Orders", "blob")
