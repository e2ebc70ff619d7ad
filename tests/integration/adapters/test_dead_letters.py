"""Dead letters on the real storage emulator: kept once, announced, changed by one at a time, closed once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.dead_letters import DeadLetters
from domain.ids import PROCESS_ORDER
from domain.page import InvalidCursor
from domain.workflows.commands import Command
from domain.workflows.dead_letter import (
    CloseDeadLetter,
    DeadLetter,
    DeadLetterChanged,
    DeadLetterEnvelope,
    DeadLetterState,
    Resolution,
)
from tests.integration.adapters.examples import CUSTOMER, ORDER
from tests.support.orders import NOON


@pytest.fixture
def dead_letters(storage: Storage) -> DeadLetters:
    return DeadLetters(storage)


def dead_letter(step: str = "cancel_payment", order_id: str = ORDER) -> DeadLetter:
    command = Command(operation=step, request={"ship_to": CUSTOMER.to_wire()})
    return DeadLetter(
        dead_letter_id=f"{order_id}.{step}",
        workflow=PROCESS_ORDER,
        key=order_id,
        step=step,
        commands=(command,),
        run_end="failed",
        reason_code="no_answer",
        dead_lettered_at=NOON,
    )


def closing(step: str = "cancel_payment", state: DeadLetterState = DeadLetterState.REPLAYED) -> CloseDeadLetter:
    return CloseDeadLetter(dead_letter_id=f"{ORDER}.{step}", state=state, at=NOON)


def announced(storage: Storage) -> list[DeadLetterEnvelope]:
    messages = storage.queue("dead-letters").receive_messages(max_messages=32)
    return [DeadLetterEnvelope.model_validate_json(message.content) for message in messages]


def test_a_dead_letter_is_stored_whole_and_announced_without_private_data(
    dead_letters: DeadLetters, storage: Storage
) -> None:
    dead_letters.store(dead_letter())
    stored = dead_letters.get(dead_letter().dead_letter_id)
    assert stored is not None
    assert stored.dead_letter == dead_letter()
    [message] = storage.queue("dead-letters").receive_messages()
    assert CUSTOMER.name not in message.content
    assert message.expires_on.year > 9000, "it must not vanish after a week"
    assert DeadLetterEnvelope.model_validate_json(message.content).dead_letter_id == dead_letter().dead_letter_id


def test_dead_lettering_twice_keeps_the_first_record(dead_letters: DeadLetters) -> None:
    dead_letters.store(dead_letter())
    dead_letters.store(dead_letter().model_copy(update={"reason_code": "another"}))
    assert [kept.reason_code for kept in dead_letters.list().items] == ["no_answer"]


def test_a_dead_letter_whose_announcement_failed_is_announced_by_the_repeat(
    dead_letters: DeadLetters, storage: Storage
) -> None:
    dead_letters.store(dead_letter())
    storage.queue("dead-letters").clear_messages()
    dead_letters.store(dead_letter())
    assert [envelope.dead_letter_id for envelope in announced(storage)] == [dead_letter().dead_letter_id]


def test_a_closed_record_is_neither_reopened_nor_announced(dead_letters: DeadLetters, storage: Storage) -> None:
    dead_letters.store(dead_letter())
    dead_letters.close(closing())
    storage.queue("dead-letters").clear_messages()
    dead_letters.store(dead_letter())
    assert announced(storage) == []
    assert [kept.state for kept in dead_letters.list().items] == [DeadLetterState.REPLAYED]


def test_a_step_that_was_not_dead_lettered_has_no_dead_letter(dead_letters: DeadLetters) -> None:
    assert dead_letters.get("order-9.cancel_payment") is None
    assert list(dead_letters.list().items) == []


def test_records_are_found_by_state_page_by_page(dead_letters: DeadLetters) -> None:
    steps = [f"step_{number}" for number in range(7)]
    for step in steps:
        dead_letters.store(dead_letter(step))
    for step in steps[:5]:
        dead_letters.close(closing(step))
    found: list[str] = []
    cursor = None
    while True:
        page = dead_letters.list(state=DeadLetterState.OPEN, cursor=cursor, limit=2)
        found += [kept.step for kept in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == steps[5:]
    assert len(dead_letters.list(state=DeadLetterState.REPLAYED).items) == 5


def test_the_open_records_are_read_without_those_that_were_closed(dead_letters: DeadLetters, storage: Storage) -> None:
    steps = [f"step_{number}" for number in range(4)]
    for step in steps:
        dead_letters.store(dead_letter(step))
    for step in steps[:3]:
        dead_letters.close(closing(step))
    dead_letters.store(dead_letter("step_0"))
    assert [kept.step for kept in dead_letters.list(state=DeadLetterState.OPEN).items] == ["step_3"]
    assert open_names(storage) == [f"{ORDER}.step_3"], "a list deletes what the repeat of a closed one has stored"


def test_a_record_whose_process_died_over_it_is_listed_by_its_state(
    dead_letters: DeadLetters, storage: Storage
) -> None:
    dead_letters.store(dead_letter("closed"))
    dead_letters.close(closing("closed"))
    for step in ("closed", "not_stored"):  # died after the record was closed, and before it was stored
        storage.container("open-dead-letters").upload_blob(f"{ORDER}.{step}", b"", overwrite=True)
    assert list(dead_letters.list(state=DeadLetterState.OPEN).items) == []
    assert open_names(storage) == [f"{ORDER}.not_stored"]
    dead_letters.store(dead_letter("not_stored"))
    assert [kept.step for kept in dead_letters.list(state=DeadLetterState.OPEN).items] == ["not_stored"]


def open_names(storage: Storage) -> list[str]:
    return [blob.name for blob in storage.container("open-dead-letters").list_blobs()]


def test_a_runs_open_records_are_found_its_mails_included(dead_letters: DeadLetters) -> None:
    mail = dead_letter().model_copy(update={"dead_letter_id": f"mail.{ORDER}.order_failed", "step": "mail"})
    claims = mail.model_copy(
        update={"dead_letter_id": f"mail.{ORDER}.expense_paid", "workflow": "expense_approval", "run_end": None}
    )
    others = [dead_letter(order_id=f"{ORDER}0"), dead_letter(order_id=ORDER[:-1]), claims]
    for each in (dead_letter(), dead_letter("cancel_shipping"), mail, *others):
        dead_letters.store(each)
    dead_letters.close(closing("cancel_shipping"))
    assert dead_letters.open_of("process_order", ORDER) == [dead_letter(), mail]
    assert dead_letters.open_of("expense_approval", ORDER) == [claims]
    assert dead_letters.open_of("process_order", "none") == []


@pytest.mark.parametrize("cursor", ["", "?", "MQ", "eyJhIjoxfQ"])
def test_a_cursor_that_was_never_given_out_is_refused(dead_letters: DeadLetters, cursor: str) -> None:
    dead_letters.store(dead_letter())
    with pytest.raises(InvalidCursor):
        dead_letters.list(cursor=cursor)


def test_two_operators_cannot_overwrite_each_other(dead_letters: DeadLetters) -> None:
    dead_letters.store(dead_letter())
    stored = dead_letters.get(dead_letter().dead_letter_id)
    assert stored is not None
    once = stored.dead_letter.model_copy(update={"replays": 1})
    etag = dead_letters.update(once, stored.etag)
    with pytest.raises(DeadLetterChanged):
        dead_letters.update(once, stored.etag)
    dead_letters.update(once.model_copy(update={"replays": 2}), etag)
    assert [kept.replays for kept in dead_letters.list().items] == [2]


def test_a_record_that_does_not_exist_cannot_be_changed(dead_letters: DeadLetters) -> None:
    dead_letters.store(dead_letter())
    stored = dead_letters.get(dead_letter().dead_letter_id)
    assert stored is not None
    with pytest.raises(DeadLetterChanged):
        dead_letters.update(dead_letter("unknown"), stored.etag)


def test_a_record_is_closed_once(dead_letters: DeadLetters) -> None:
    dead_letters.store(dead_letter())
    dead_letters.close(closing())
    resolution = Resolution(resolved_by="Grace", reason="refunded by hand")
    late = closing(state=DeadLetterState.RESOLVED).model_copy(update={"resolution": resolution})
    dead_letters.close(late)
    stored = dead_letters.get(dead_letter().dead_letter_id)
    assert stored is not None
    assert (stored.dead_letter.state, stored.dead_letter.resolution) == (DeadLetterState.REPLAYED, None)
    assert stored.dead_letter.closed_at == NOON


def test_of_many_closing_at_once_none_fails(dead_letters: DeadLetters) -> None:
    dead_letters.store(dead_letter())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: dead_letters.close(closing()), range(4)))
    assert [kept.state for kept in dead_letters.list().items] == [DeadLetterState.REPLAYED]
