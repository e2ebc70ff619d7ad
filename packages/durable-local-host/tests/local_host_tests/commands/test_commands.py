"""The commands beside `start`, against a running host."""

from __future__ import annotations

import asyncio
import json

import pytest

from local_host.commands.cli import main
from local_host.testing import AppHost
from local_host_tests.conformance.support import on_conformance_app

pytestmark = on_conformance_app
Captured = pytest.CaptureFixture[str]


async def run(app_host: AppHost, *arguments: str) -> int:
    """Return the exit code of a command that talks to the host."""
    return await asyncio.to_thread(main, [*arguments, "--url", app_host.origin])


async def test_list_shows_instances_with_their_status(app_host: AppHost, capsys: Captured) -> None:
    await app_host.start("return_at_once", instance_id="done-1")
    await app_host.start("wait_for_event", instance_id="waiting-1")
    await app_host.run_until_idle()
    assert await run(app_host, "list") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [line[:3] for line in lines] == [
        ["done-1", "return_at_once", "Completed"],
        ["waiting-1", "wait_for_event", "Running"],
    ]
    assert await run(app_host, "list", "--status", "Running", "--json") == 0
    assert [each["instanceId"] for each in json.loads(capsys.readouterr().out)] == ["waiting-1"]


async def test_list_goes_through_all_pages_up_to_the_wanted_number(app_host: AppHost, capsys: Captured) -> None:
    for number in range(205):
        await app_host.start("return_at_once", instance_id=f"i-{number:03}")
    await app_host.run_until_idle()
    assert await run(app_host, "list", "--top", "203", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (len(found), found[-1]["instanceId"]) == (203, "i-202")


async def test_show_shows_one_instance(app_host: AppHost, capsys: Captured) -> None:
    await app_host.start("give_input", {"a": "[bold]x"}, instance_id="one")
    await app_host.run_until_idle()
    assert await run(app_host, "show", "one") == 0
    shown = capsys.readouterr().out
    assert "Completed" in shown
    # What an instance holds is shown as it is, never taken for markup.
    assert '{"a": "[bold]x"}' in shown
    assert await run(app_host, "show", "one", "--json") == 0
    assert json.loads(capsys.readouterr().out)["instanceId"] == "one"


async def test_history_is_a_timeline_for_people_and_the_status_querys_events_for_programs(
    app_host: AppHost, capsys: Captured
) -> None:
    await app_host.start("timer_for", 90, instance_id="one")
    await app_host.advance(seconds=90)
    await app_host.run_until_idle()
    assert await run(app_host, "history", "one") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=3) == ["+0.000", "s", "▶", 'timer_for started: "90"']
    assert "timer of 2026-01-01T00:01:30" in lines[2]
    assert lines[2].split()[0] == "+90.000"
    assert await run(app_host, "history", "one", "--json") == 0
    events = json.loads(capsys.readouterr().out)
    assert [event["EventType"] for event in events][1:3] == ["TimerCreated", "TimerFired"]


async def test_raise_brings_an_event_with_its_value(app_host: AppHost, capsys: Captured) -> None:
    await app_host.start("wait_for_event", instance_id="one")
    await app_host.run_until_idle()
    assert await run(app_host, "raise", "one", "E", '{"a": 1}') == 0
    assert (await app_host.wait("one")).output["got"] == {"a": 1}
    assert await run(app_host, "raise", "one", "E", "no json") == 1
    assert "must be JSON" in capsys.readouterr().err


async def test_instances_are_held_resumed_ended_and_purged(app_host: AppHost, capsys: Captured) -> None:
    await app_host.start("wait_for_event", instance_id="one")
    await app_host.run_until_idle()
    for command, status in [("suspend", "Suspended"), ("resume", "Running"), ("terminate", "Terminated")]:
        assert await run(app_host, command, "one", "--reason", "because") == 0
        await app_host.run_until_idle()
        assert (await app_host.status("one")).runtime_status == status
    assert await run(app_host, "purge", "one") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "purged 1 instance"
    assert await run(app_host, "purge", "--created-from", "2025-01-01T00:00:00Z") == 0
    assert capsys.readouterr().out == "purged 0 instances\n"


async def test_rewind_lets_a_failed_instance_try_again(app_host: AppHost) -> None:
    await app_host.start("needs_luck", instance_id="one")
    await app_host.wait("one")
    app_host.replace_activity("F", lambda value: value)
    assert await run(app_host, "rewind", "one") == 0
    assert (await app_host.wait("one")).runtime_status == "Completed"


async def test_entities_are_listed_with_their_state(app_host: AppHost, capsys: Captured) -> None:
    await app_host.signal_entity("counter", "k", "add", 3)
    await app_host.run_until_idle()
    assert await run(app_host, "entities", "counter", "k", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == 3
    assert await run(app_host, "entities") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["counter", "k", "2026-01-01", "00:00:00.000000", "3"]


async def test_an_entity_is_found_by_its_key_behind_many_others(app_host: AppHost, capsys: Captured) -> None:
    for number in range(3):
        await app_host.signal_entity("counter", f"k-{number}", "add", number + 1)
    await app_host.run_until_idle()
    assert await run(app_host, "entities", "counter", "k-2", "--top", "1", "--json") == 0
    assert [each["state"] for each in json.loads(capsys.readouterr().out)] == [3]


async def test_what_the_host_refuses_is_said_in_one_line(app_host: AppHost, capsys: Captured) -> None:
    await app_host.start("return_at_once", instance_id="done-1")
    await app_host.start("wait_for_event", instance_id="waiting-1")
    await app_host.run_until_idle()
    for arguments, message in [
        (("show", "missing"), "There is no instance 'missing'."),
        (("terminate", "done-1"), "The instance 'done-1' has ended."),
        (("purge", "waiting-1"), "has not ended"),
        (("rewind", "waiting-1"), "Only a failed instance can be rewound"),
        (("purge",), "Name an instance"),
    ]:
        assert await run(app_host, *arguments) == 1
        error = capsys.readouterr().err
        assert error.startswith("local_host: ")
        assert error.count("\n") == 1
        assert message in error


def test_a_host_that_is_not_there_is_said_in_one_line(capsys: Captured) -> None:
    assert main(["list", "--port", "1"]) == 1
    assert capsys.readouterr().err.startswith("local_host: No host answers at http://127.0.0.1:1")


@pytest.mark.parametrize(
    "command",
    ["start", "list", "show", "history", "raise", "terminate", "suspend", "resume", "rewind", "purge", "entities"],
)
def test_every_command_explains_itself(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"local_host {command}" in capsys.readouterr().out
