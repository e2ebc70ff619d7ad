"""The host dies at every single commit of a run of every other pattern, and the run ends as if nothing had been."""

from itertools import count

import pytest

from services.recovery import runs
from tests.invariants.patterns import PATTERNS, SETTINGS
from tests.invariants.process_crashes import crashes_during
from tests.support.shop import running_shop, use_settings

MIN_COMMITS = 2
"""Of any of these runs; fewer would mean that the store was not asked."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", PATTERNS)
async def test_a_run_survives_a_crash_at_any_commit(
    monkeypatch, storage_connection, sandbox, tmp_path, name: str, after: bool
):
    use_settings(monkeypatch, storage_connection, sandbox, **SETTINGS)
    # What a dead process entered and never started counts as lost at once, so that no test has to wait for it.
    monkeypatch.setattr(runs, "ORPHANED_AFTER", runs.ORPHANED_AFTER * 0)
    pattern, keys = PATTERNS[name], list[str]()
    async with running_shop(sandbox, state=tmp_path / "hub.db", redelivers_late=True) as shop:
        for commit in count(1):
            keys.append(f"k-{commit}")
            if pattern.prepare is not None:
                await pattern.prepare(shop, keys[-1])
            died = await crashes_during(shop, commit, pattern.ask(shop, keys[-1]), after=after)
            await shop.host.run("recover_runs")
            await pattern.ask(shop, keys[-1])
            await shop.host.run("recover_runs")
            if not died:
                break
        await shop.host.advance(hours=2)
        for key in keys:
            await pattern.ended(shop, key)
    assert len(keys) > MIN_COMMITS
