"""What may be asked of batches of files, over HTTP."""

from typing import Any

import pytest

from tests.support.files import put_files
from tests.support.shop import Shop


def body(**changes: Any) -> dict[str, Any]:
    return {"id": "fb-1", "container": "incoming", "prefix": "", **changes}


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"container": "azure-webjobs-secrets"}, "container", "container_not_open"),
        ({"container": "../x"}, "container", "string_pattern_mismatch"),
        ({"blobs": ["a"]}, "prefix", "two_forms"),
        ({"prefix": None}, "prefix", "two_forms"),
        ({"prefix": None, "blobs": []}, "blobs", "too_short"),
        ({"prefix": None, "blobs": ["a", ""]}, "blobs[1]", "string_too_short"),
    ],
)
async def test_a_request_that_breaks_a_rule_names_it_and_starts_nothing(shop: Shop, changes, field, rule):
    answer = await shop.post("file-batches", body(**changes))
    assert answer.status == 422
    assert [(error["field"], error["rule"]) for error in answer.json()["errors"]] == [(field, rule)]
    assert (await shop.get("file-batches/fb-1")).status == 404


async def test_the_same_request_again_is_the_same_batch_and_another_one_is_refused(shop: Shop):
    put_files("incoming", {"a.csv": b"a\n"})
    first = await shop.post("file-batches", body())
    again = await shop.post("file-batches", body())
    assert (first.status, again.status, again.json()) == (202, 202, first.json())
    assert (await shop.post("file-batches", body(prefix="b"))).status == 409


async def test_only_a_running_batch_can_be_cancelled(shop: Shop):
    assert (await shop.post("file-batches/fb-1/cancellation")).status == 409
    put_files("incoming", {})
    await shop.post("file-batches", body())
    await shop.host.run_until_idle()
    assert (await shop.post("file-batches/fb-1/cancellation")).status == 409
