"""Compensations of a workflow other than the order's: whenever its worker dies, each is done, or waits as a dead letter.

No workflow of the shop but the order's has any today. So these tests give one to the registration of users: the mail that takes
the welcome back, should the user not be stored.
"""

from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from activities.notification import send_notification
from domain.mail.notification import Notification, NotificationKind
from domain.onboarding.user import USER_ONBOARDING, OnboardingRequest, user_id
from domain.queues import NOTIFICATIONS
from domain.workflows.commands import Command, Compensation, step_of
from orchestrators import user_onboarding
from orchestrators.kernel.commands import activity
from orchestrators.kernel.workflow_run import WorkflowRun
from services.container import services
from tests.invariants.worker_deaths import recover, recover_at_once, spare_worker
from tests.support.books import open_dead_letters
from tests.support.messages import waiting_messages
from tests.support.shop import Shop, running_shop, use_settings

ENDED = ("rejected", "already_registered")
MAX_DEATHS = 20


def mail(message_id: str, key: str) -> Command:
    kind = NotificationKind.USER_WELCOME
    message = Notification(
        message_id=message_id,
        workflow=USER_ONBOARDING,
        key=key,
        kind=kind,
        email="ada@example.com",
        data={"name": "Ada"},
    )
    return activity(send_notification, message)


def welcomed_first(run: WorkflowRun, request: OnboardingRequest) -> Generator[Any, Any, Any]:
    """Send the welcome before the user is stored, with a compensation, and another one for a step that never happens."""
    user = yield from user_onboarding.check(run, request)
    for name in ("first", "second"):
        taken_back = Compensation(name=f"take_back_{name}", commands=(mail(f"{run.key}.{name}_taken_back", run.key),))
        step = step_of(mail(f"{run.key}.{name}", run.key)).model_copy(update={"name": f"send_{name}"})
        yield from run.do(step, compensation=taken_back)
    yield from user_onboarding.store(run, user, None)
    return run.end("completed", "Done.")


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        await register(running, "first-ada")
        await running.host.advance(minutes=1)
        monkeypatch.setattr(user_onboarding, "register", welcomed_first)
        yield running


async def register(shop: Shop, key: str) -> None:
    body = {"id": key, "name": "Ada", "email": "ada@example.com", "country": "US", "postal_code": "94107"}
    details = {**body, "birth_date": "1990-12-10", "accepts_terms": True}
    assert (await shop.post_until_answered("onboarding", details)).status == 202
    await shop.host.run_until_idle()


async def end_of(shop: Shop, key: str) -> tuple[str, str]:
    run = (await shop.get(f"onboarding/{key}")).json()
    return run["status"], run["reason_code"]


def mails(key: str) -> set[str]:
    return {message["message_id"] for message in waiting_messages() if message["key"] == key}


def all_mails(key: str) -> set[str]:
    return {f"{key}.{name}{suffix}" for name in ("first", "second") for suffix in ("", "_taken_back")}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("during", ["episode", "activity"])
async def test_a_stopped_run_is_compensated_whenever_its_worker_dies(shop: Shop, during: Any):
    for nth in count(1):
        key, deaths = f"ada-{nth}", shop.host.worker_deaths
        shop.host.kill_worker(during=during, nth=nth, when="before")
        await register(shop, key)
        await recover(shop)
        await shop.host.advance(minutes=2)
        await recover(shop)
        assert await end_of(shop, key) == ENDED
        assert mails(key) == all_mails(key), "every step was compensated"
        services().storage.queue(NOTIFICATIONS).clear_messages()  # no more than 32 of them can be seen
        if shop.host.worker_deaths == deaths:
            break
        assert nth < MAX_DEATHS
    assert nth > 5, "the worker has died again and again"
    spare_worker(shop)
    assert await open_dead_letters(shop) == []


@contextmanager
def not_taking_back(shop: Shop, *names: str) -> Iterator[None]:
    """Let these compensations fail for the length of the block."""

    async def act(value: Any, call: Any) -> Any:
        if any(f"{name}_taken_back" in str(value) for name in names):
            raise ConnectionError
        return await call(value)

    shop.host.wrap_activity("send_notification", act)
    yield
    shop.host.restore_activity("send_notification")


async def test_what_cannot_be_compensated_waits_as_a_dead_letter_whose_replay_ends_the_run(shop: Shop):
    with not_taking_back(shop, "second"):
        await register(shop, "ada-1")
        await shop.host.advance(hours=8)
    assert await end_of(shop, "ada-1") == ("needs_attention", "already_registered")
    assert mails("ada-1") == all_mails("ada-1") - {"ada-1.second_taken_back"}, "the others were compensated"
    (dead_letter,) = await open_dead_letters(shop)
    assert (dead_letter["step"], dead_letter["run_end"]) == ("take_back_second", "rejected")
    assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    await shop.host.run_until_idle()
    assert await end_of(shop, "ada-1") == ENDED
    assert (await open_dead_letters(shop), mails("ada-1")) == ([], all_mails("ada-1"))


async def test_a_run_that_is_terminated_while_it_compensates_leaves_the_rest_to_an_operator(shop: Shop):
    with not_taking_back(shop, "first", "second"):
        await register(shop, "ada-1")
        await shop.host.operations.terminate("user_onboarding.ada-1")
        await shop.host.run_until_idle()
    await shop.host.run("recover_runs")
    assert await end_of(shop, "ada-1") == ("needs_attention", "processing_stopped")
    first, second = sorted((await open_dead_letters(shop)), key=lambda each: str(each["step"]))
    assert (first["step"], second["step"]) == ("take_back_first", "take_back_second")
    resolution = {"resolved_by": "ann", "reason": "by telephone"}
    assert (await shop.post(f"dead-letters/{first['dead_letter_id']}/resolve", resolution)).status == 200
    assert (await end_of(shop, "ada-1"))[0] == "needs_attention", "one is open"
    assert (await shop.post(f"dead-letters/{second['dead_letter_id']}/replay")).status == 202
    await shop.host.run_until_idle()
    assert (await end_of(shop, "ada-1"))[0] == "rejected"
    assert await open_dead_letters(shop) == []


async def test_a_run_that_began_to_compensate_never_goes_forward_again(shop: Shop):
    answers = ("the input", "validate_user_input", "send_first", "send_second", "persist_user", "settle_course")
    shop.host.kill_worker(during="episode", nth=len(answers) + 1)  # that which gets a compensation's answer
    await register(shop, "ada-1")
    assert (await shop.host.status("user_onboarding.ada-1")).runtime_status == "Failed"
    services().storage.table("users").delete_entity("user", user_id("ada@example.com"))  # the user could be stored now
    await recover(shop)
    assert await end_of(shop, "ada-1") == ENDED
    assert mails("ada-1") == all_mails("ada-1")
