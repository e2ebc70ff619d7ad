"""The faster stand-ins within the SDK give what the SDK's own functions give."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dateutil.parser import parse  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from local_host.app.sdk_replay import (
    _CODEC,
    _CONTEXT,
    _parse_span,
    parse_timestamp,
    quicken_replay,
    settle_typing_mode,
)
from local_host.engine.timestamps import time_text
from local_host_tests.pure_host import PureHost


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_timestamps_of_this_host_read_as_before(moment: datetime) -> None:
    text = time_text(moment)

    assert (parse_timestamp(text), repr(parse_timestamp(text))) == (parse(text), repr(parse(text)))


@pytest.mark.parametrize(
    "text",
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01 00:00:00.000000Z", "2026-01-01T00:00:00"],
)
def test_timestamps_of_other_hosts_read_as_before(text: str) -> None:
    assert repr(parse_timestamp(text)) == repr(parse(text))


@pytest.mark.parametrize("text", ["6.00:00:00", "00:00:30", "-1.02:03:04.5000000"])
def test_limits_of_timers_read_as_before(text: str) -> None:
    quicken_replay()

    assert vars(_CONTEXT)["parse_timespan_attrib"](text) == _parse_span(text)


@pytest.mark.parametrize(("setting", "is_strict"), [("1", True), ("true", True), ("", False), ("no", False)])
def test_typing_is_as_strict_as_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, setting: str, is_strict: bool
) -> None:
    monkeypatch.setattr(_CODEC, "_is_strict_mode", _CODEC._is_strict_mode)  # to be put back afterwards
    monkeypatch.setenv("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", setting)
    settle_typing_mode()

    assert _CODEC._is_strict_mode() is is_strict


def test_an_orchestration_runs_the_same_with_the_stand_ins() -> None:
    def orchestrator(context):
        first = yield context.call_activity("A", {"label": "x", "failures": 0})
        return [first, str(context.current_utc_datetime), str(context.new_guid())]

    def output() -> object:
        host = PureHost(orchestrator)
        host.step(host.complete(0))
        return host.output

    before = output()
    quicken_replay()

    assert output() == before
