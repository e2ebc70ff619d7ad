"""The users on the real storage emulator: one row per address, however often it is added."""

from datetime import date
from typing import Any

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.users import Users
from domain.errors import StorageUnavailable
from domain.onboarding.user import PersistUser, Region, User, user_id
from settings import StorageLocation
from tests.support.orders import NOON

ADA = user_id("ada@example.com")


def registration(onboarding_id: str = "ob-1", **changes: Any) -> PersistUser:
    user = {
        "user_id": ADA,
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "country": "US",
        "postal_code": "94107",
        "birth_date": date(1990, 12, 10),
        **changes,
    }
    return PersistUser(
        onboarding_id=onboarding_id,
        user=User.model_validate(user),
        region=Region(code="US-CA", name="California"),
        registered_at=NOON,
    )


def test_a_user_is_stored_unchanged_however_often_the_run_repeats_it(storage: Storage):
    users = Users(storage)
    assert users.add(registration())
    assert users.add(registration())
    assert users.get(ADA) == registration()


def test_another_run_does_not_take_an_address_over(storage: Storage):
    users = Users(storage)
    users.add(registration())
    assert not users.add(registration("ob-2", name="Other Name"))
    assert users.get(ADA) == registration()


def test_there_is_no_user_at_first(storage: Storage):
    assert Users(storage).get(ADA) is None


def test_a_table_that_does_not_answer_is_worth_asking_again():
    gone = Users(
        Storage(
            StorageLocation(
                connection_string=(
                    "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
                )
            )
        )
    )
    with pytest.raises(StorageUnavailable):
        gone.add(registration())
