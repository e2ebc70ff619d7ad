"""The container builds each collaborator once, when it is first used, and in whichever thread that is."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from services.built_once import built_once
from services.container import Services, services
from setting_values import InvalidSetting
from tests.support.order_requests import ADDRESS
from tests.support.shop import change_settings

THREADS = 8
SETTINGS = {
    "SHOP_STORAGE": "UseDevelopmentStorage=true",
    "STRIPE_API_KEY": "sk_test_1",
    "EASYPOST_API_KEY": "EZTK_1",
    "SHIP_FROM": json.dumps(ADDRESS),
}


class Counted:
    """A container whose part counts how often it was built."""

    def __init__(self) -> None:
        self.builds = 0

    @built_once
    def part(self) -> object:
        self.builds += 1
        return object()


def test_threads_that_ask_at_the_same_time_get_one_object() -> None:
    container, together = Counted(), Barrier(THREADS)

    def ask(_: int) -> object:
        together.wait()
        return container.part

    with ThreadPoolExecutor(THREADS) as threads:
        found = set(threads.map(ask, range(THREADS)))
    assert len(found) == container.builds == 1


def test_two_containers_share_nothing() -> None:
    assert Counted().part is not Counted().part


def test_a_process_has_one_container_of_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, **SETTINGS)
    assert services() is services()
    assert services().settings.stripe_api_key == "sk_test_1"
    assert services().order_repository is services().order_repository
    change_settings(monkeypatch, STRIPE_API_KEY="sk_test_2")
    assert services().settings.stripe_api_key == "sk_test_2"


def test_a_setting_that_is_missing_is_named_by_every_use_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, **SETTINGS)
    change_settings(monkeypatch, SHIP_FROM=None)
    for _ in range(2):
        with pytest.raises(InvalidSetting, match="SHIP_FROM"):
            services()
    change_settings(monkeypatch, **SETTINGS)
    assert services().settings.ship_from.city == ADDRESS["city"]


@pytest.mark.parametrize("name", [name for name, part in vars(Services).items() if isinstance(part, built_once)])
def test_every_part_is_built_of_the_settings_without_calling_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    change_settings(monkeypatch, **SETTINGS)
    assert getattr(services(), name) is getattr(services(), name)
