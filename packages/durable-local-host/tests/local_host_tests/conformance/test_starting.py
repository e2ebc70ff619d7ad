"""Checks 14 to 22: the durable client, and how instances are started."""

import re

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import (
    APP,
    MANAGEMENT,
    ClientError,
    events_of,
    on_conformance_app,
    raw_start,
    sdk,
    status_of,
    types,
)

pytestmark = on_conformance_app


@pytest.mark.check(14)
async def test_the_client_makes_a_check_status_response_with_our_urls(app_host: AppHost) -> None:
    answer = await app_host.http.get("/api/check_status/abc")
    links = answer.json()
    assert (answer.status, answer.headers["Retry-After"]) == (202, "10")
    assert answer.headers["Location"] == links["statusQueryGetUri"]
    assert links["id"] == "abc"
    assert set(links) == {
        "id",
        "statusQueryGetUri",
        "sendEventPostUri",
        "terminatePostUri",
        "rewindPostUri",
        "purgeHistoryDeleteUri",
        "restartPostUri",
        "suspendPostUri",
        "resumePostUri",
    }
    assert all(
        url.startswith(f"{app_host.origin}{MANAGEMENT}/instances/abc") for key, url in links.items() if key != "id"
    )


@pytest.mark.app_host(
    app=APP, settings={"AzureFunctionsJobHost__extensions__durableTask__httpSettings__useForwardedHost": "true"}
)
async def test_links_lead_through_the_proxy_when_the_settings_trust_it(app_host: AppHost) -> None:
    forwarded = {"X-Forwarded-Host": "shop.example", "X-Forwarded-Proto": "https"}
    answer = await app_host.http.post(f"{MANAGEMENT}/orchestrators/give_input", headers=forwarded)
    assert answer.headers["Location"].startswith(f"https://shop.example{MANAGEMENT}/instances/")


async def test_links_lead_to_the_host_itself_whatever_a_caller_says(app_host: AppHost) -> None:
    forwarded = {"X-Forwarded-Host": "shop.example"}
    answer = await app_host.http.post(f"{MANAGEMENT}/orchestrators/give_input", headers=forwarded)
    assert answer.headers["Location"].startswith(f"{app_host.origin}{MANAGEMENT}/instances/")


@pytest.mark.check(14)
async def test_an_activity_gets_a_client_too(app_host: AppHost) -> None:
    instance = await app_host.start("call_by_name", "start_another")
    started = (await app_host.wait(instance)).output
    assert (await status_of(app_host, started))["output"] == {"input": "x"}


@pytest.mark.check(15)
async def test_an_input_of_the_sdk_is_shown_as_the_text_that_it_sent(app_host: AppHost) -> None:
    instance = await sdk(app_host, "start_new", "give_input", None, {"a": 1})
    assert re.fullmatch("[0-9a-f]{32}", instance)
    status = await status_of(app_host, instance)
    assert status["output"] == {"input": {"a": 1}}
    assert status["input"] == '{"a": 1}'


@pytest.mark.check(16)
async def test_without_input_there_is_none(app_host: AppHost) -> None:
    status = await status_of(app_host, await sdk(app_host, "start_new", "give_input"))
    assert (status["output"], status["input"]) == ({"input": None}, None)


@pytest.mark.check(17)
async def test_a_raw_object_arrives_as_an_object(app_host: AppHost) -> None:
    status = await status_of(app_host, await raw_start(app_host, "give_input", '{"a":1}'))
    assert (status["output"], status["input"]) == ({"input": {"a": 1}}, {"a": 1})


@pytest.mark.check(17)
async def test_a_raw_number_is_no_input_that_the_sdk_can_read(app_host: AppHost) -> None:
    status = await status_of(app_host, await raw_start(app_host, "give_input", "5"))
    assert status["runtimeStatus"] == "Failed"
    assert "the JSON object must be str, bytes or bytearray, not int" in status["output"]


@pytest.mark.check(18)
async def test_a_body_that_is_not_json_is_refused(app_host: AppHost) -> None:
    answer = await app_host.http.post(f"{MANAGEMENT}/orchestrators/give_input", data="{bad")
    assert answer.status == 400
    assert "JSON" in answer.json()["Message"]
    assert (await app_host.http.get(f"{MANAGEMENT}/instances")).json() == []


@pytest.mark.check(19)
async def test_the_id_of_a_running_instance_cannot_be_started_again(app_host: AppHost) -> None:
    await sdk(app_host, "start_new", "wait_for_event", "order-1")
    await app_host.run_until_idle()
    answer = await app_host.http.post(f"{MANAGEMENT}/orchestrators/two_steps/order-1")
    assert (answer.status, answer.json()["Message"]) == (
        409,
        "An Orchestration instance with the status Running already exists.",
    )
    with pytest.raises(ClientError, match="already exists"):
        await sdk(app_host, "start_new", "two_steps", "order-1")
    status = await status_of(app_host, "order-1")
    assert (status["name"], status["runtimeStatus"]) == ("wait_for_event", "Running")


@pytest.mark.check(20)
async def test_the_id_of_an_ended_instance_starts_afresh(app_host: AppHost) -> None:
    await sdk(app_host, "start_new", "two_steps", "order-1")
    await app_host.run_until_idle()
    assert await raw_start(app_host, "return_at_once", "", "order-1") == "order-1"
    status = await status_of(app_host, "order-1")
    assert (status["name"], status["output"]) == ("return_at_once", 3)
    assert types(await events_of(app_host, "order-1")) == [12, 0, 1, 13]


@pytest.mark.check(21)
@pytest.mark.parametrize(
    ("instance_id", "status"), [("@x", 202), ("a/b", 404), ("a%2Fb", 404), ("a%3Fb", 202), ("x" * 264, 202)]
)
async def test_an_id_may_hold_anything_but_a_slash(app_host: AppHost, instance_id: str, status: int) -> None:
    answer = await app_host.http.post(f"{MANAGEMENT}/orchestrators/two_steps/{instance_id}")
    assert answer.status == status
    if status == 202:
        assert (await app_host.http.get(answer.headers["Location"].removeprefix(app_host.origin))).json()[
            "name"
        ] == "two_steps"


@pytest.mark.check(22)
async def test_an_unknown_orchestrator_is_refused_with_the_names_of_the_known_ones(app_host: AppHost) -> None:
    answer = await app_host.http.post(f"{MANAGEMENT}/orchestrators/missing")
    assert answer.status == 400
    assert "The function 'missing' doesn't exist, is disabled, or is not an orchestrator function." in answer.text
    with pytest.raises(ClientError, match=r"known orchestrator functions: .*'two_steps'"):
        await sdk(app_host, "start_new", "missing")


@pytest.mark.check(14, 15)
async def test_the_client_waits_for_the_end_and_answers_with_the_output(app_host: AppHost) -> None:
    path = f"{MANAGEMENT}/orchestrators/two_steps?timeout=30&pollingInterval=1"
    answer = await app_host.http.post(path)
    assert (answer.status, answer.json()) == (200, [1, 2])


@pytest.mark.check(14, 15)
async def test_a_start_that_waits_in_vain_answers_202(app_host: AppHost) -> None:
    path = f"{MANAGEMENT}/orchestrators/wait_for_event?timeout=0&pollingInterval=0"
    answer = await app_host.http.post(path)
    assert (answer.status, answer.headers["Retry-After"]) == (202, "10")
    assert "rewindPostUri" not in answer.json()
