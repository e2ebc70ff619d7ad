"""Checks 41 to 45: external events."""

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import MANAGEMENT, ClientError, on_conformance_app, raise_raw, sdk

pytestmark = on_conformance_app


@pytest.mark.check(41)
async def test_an_event_of_the_sdk_arrives_as_text_of_json(app_host: AppHost) -> None:
    instance = await app_host.start("wait_for_event")
    await sdk(app_host, "raise_event", instance, "E", {"a": 1})
    assert (await app_host.wait(instance)).output == {"got": '{"a": 1}', "type": "str"}


@pytest.mark.check(41)
async def test_a_raw_event_arrives_as_its_value(app_host: AppHost) -> None:
    instance = await app_host.start("wait_for_event")
    assert await raise_raw(app_host, instance, "E", '{"a":1}') == 202
    assert (await app_host.wait(instance)).output == {"got": {"a": 1}, "type": "dict"}


@pytest.mark.check(42)
async def test_an_event_raised_before_the_wait_is_kept_for_it(app_host: AppHost) -> None:
    instance = await app_host.start("work_then_wait")
    await app_host.raise_event(instance, "E", 7)
    assert (await app_host.wait(instance)).output == "7"


@pytest.mark.check(43)
async def test_of_two_waits_for_one_name_the_later_gets_the_first_event(app_host: AppHost) -> None:
    instance = await app_host.start("two_waits")
    await app_host.run_until_idle()
    await app_host.raise_event(instance, "E", 1)
    await app_host.run_until_idle()
    await app_host.raise_event(instance, "E", 2)
    assert (await app_host.wait(instance)).output == {"first": "later", "values": ["1", "2"]}


@pytest.mark.check(44)
async def test_events_for_a_missing_or_ended_instance_or_of_another_type_are_refused(app_host: AppHost) -> None:
    assert await raise_raw(app_host, "unknown", "E", "1") == 404
    ended = await app_host.start("return_at_once")
    await app_host.wait(ended)
    assert await raise_raw(app_host, ended, "E", "1") == 410
    waiting = await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    path = f"{MANAGEMENT}/instances/{waiting}/raiseEvent/E"
    plain = await app_host.http.post(path, data="1", headers={"Content-Type": "text/plain"})
    assert (plain.status, plain.json()) == (400, {"Message": "Only application/json request content is supported"})
    assert await raise_raw(app_host, waiting, "E", "{bad") == 400


@pytest.mark.check(44)
async def test_the_sdk_raises_for_events_that_are_refused(app_host: AppHost) -> None:
    with pytest.raises(ClientError, match="No instance with ID unknown found"):
        await sdk(app_host, "raise_event", "unknown", "E", 1)


@pytest.mark.check(45)
async def test_an_event_in_another_case_does_not_resume_the_code(app_host: AppHost) -> None:
    instance = await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    await app_host.raise_event(instance, "e", 1)
    await app_host.run_until_idle()
    assert (await app_host.status(instance)).runtime_status == "Running"
    await app_host.raise_event(instance, "E", 2)
    assert (await app_host.wait(instance)).output["got"] == "2"
