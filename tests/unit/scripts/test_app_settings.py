"""Where the app's settings come from when it runs on this machine."""

import json
from pathlib import Path

import pytest

from scripts.app_settings import app_environment
from scripts.errors import LaunchFailed

STORAGE = "DefaultEndpointsProtocol=http;here"
SANDBOX = "http://127.0.0.1:4242"
CATCHER = "smtp://127.0.0.1:2525"


def write(folder: Path, name: str, **values: str | None) -> None:
    (folder / name).write_text(json.dumps({"Values": values}))


def environment(folder: Path, **given: str) -> dict[str, str]:
    return app_environment(
        folder, given, storage=STORAGE, sandbox_url=SANDBOX, mail_url=CATCHER, base_url="http://127.0.0.1:1234"
    )


def test_a_set_variable_wins_over_the_local_file_and_that_over_the_example(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.json.example", A="example", B="example", C="example")
    write(tmp_path, "local.settings.json", B="local", C="local")

    settings = environment(tmp_path, C="set")

    assert (settings["A"], settings["B"], settings["C"]) == ("example", "local", "set")


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.json", TASKHUB_NAME="Orders")

    assert environment(tmp_path, TASKHUB_NAME="")["TASKHUB_NAME"] == "Orders"


def test_a_null_in_a_settings_file_is_no_setting(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.json", SHOP_CURRENCY=None)

    assert "SHOP_CURRENCY" not in environment(tmp_path)


def test_storage_is_this_copys_own_whatever_else_is_set(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.json", SHOP_STORAGE="UseDevelopmentStorage=true")

    settings = environment(tmp_path, AzureWebJobsStorage="DefaultEndpointsProtocol=https;somewhere")

    assert settings["SHOP_STORAGE"] == STORAGE
    assert settings["AzureWebJobsStorage"] == STORAGE


def test_a_real_key_never_goes_to_the_sandbox(tmp_path: Path) -> None:
    settings = environment(tmp_path, STRIPE_API_KEY="sk_live_of_another_project")

    assert settings["STRIPE_API_KEY"] == "sk_test_sandbox"
    assert settings["STRIPE_API_BASE"] == SANDBOX
    assert settings["EASYPOST_API_BASE"] == f"{SANDBOX}/v2"


def test_a_provider_whose_address_is_set_gets_the_key_that_is_set(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.json.example", STRIPE_API_KEY="sk_test_sandbox")

    settings = environment(tmp_path, STRIPE_API_BASE="https://provider.example", STRIPE_API_KEY="sk_test_mine")

    assert settings["STRIPE_API_BASE"] == "https://provider.example"
    assert settings["STRIPE_API_KEY"] == "sk_test_mine"
    assert settings["EASYPOST_API_KEY"] == "EZTK_sandbox"


def test_mails_go_to_the_catcher_unless_another_server_is_named_when_it_is_typed(tmp_path: Path) -> None:
    write(tmp_path, "local.settings.json", MAIL_ENDPOINT="https://x.communication.azure.com", SMTP_URL="smtp://a:1")

    caught = environment(tmp_path)
    assert (caught["SMTP_URL"], caught["MAIL_ENDPOINT"]) == (CATCHER, "")
    assert environment(tmp_path, SMTP_URL="smtp://mail.example:587")["SMTP_URL"] == "smtp://mail.example:587"


def test_links_in_mails_lead_to_this_copy(tmp_path: Path) -> None:
    assert environment(tmp_path)["PUBLIC_URL"] == "http://127.0.0.1:1234"
    assert environment(tmp_path, PUBLIC_URL="https://shop.example")["PUBLIC_URL"] == "https://shop.example"


@pytest.mark.parametrize("text", ["", "[]", '{"Values": 1}', "{"])
def test_a_settings_file_of_another_form_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "local.settings.json").write_text(text)

    with pytest.raises(LaunchFailed, match=r"local\.settings\.json must be a JSON object"):
        environment(tmp_path)
