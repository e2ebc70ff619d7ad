"""What the settings of mails, links, webhooks and expenses may say, and how a wrong one is named."""

import base64
import json
from typing import Any

import pytest

from mail_settings import mail_takes_utf8
from setting_values import InvalidSetting, manifest_events
from settings import Settings
from tests.support.order_requests import ADDRESS
from tests.support.shop import ROOT

NEEDED = {
    "SHOP_STORAGE": "UseDevelopmentStorage=true",
    "STRIPE_API_KEY": "sk_test_x",
    "EASYPOST_API_KEY": "EZTK_x",
    "SHIP_FROM": json.dumps(ADDRESS),
}
EXAMPLE: dict[str, dict[str, str]] = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))
OF_THE_PLATFORM = {"WEBSITE_HOSTNAME", "WEBSITE_SITE_NAME", "APPLICATIONINSIGHTS_CONNECTION_STRING"}
KEY = "whsec_" + base64.b64encode(b"x" * 24).decode()


def read(**values: str) -> Settings:
    return Settings.from_env({**NEEDED, **values})


def test_without_them_nothing_is_sent_signed_or_paid() -> None:
    settings = read()
    assert (settings.mail.endpoint, settings.mail.smtp_url) == (None, None)
    assert (settings.link_secret, settings.webhook_secret, settings.easypost_webhook_secret) == (None, None, None)
    assert (settings.approver_emails, settings.expenses.limits, settings.callback_allow_loopback) == ((), {}, False)


@pytest.mark.parametrize(
    ("values", "currency", "threshold"),
    [
        ({}, "usd", 100_000),
        ({}, "jpy", 200_000),
        ({"SHOP_CURRENCY": "jpy"}, "jpy", 200_000),
        ({"APPROVAL_THRESHOLD_CENTS": "5000"}, "usd", 5_000),
        ({"APPROVAL_THRESHOLD_CENTS": "5000", "SHOP_CURRENCY": "jpy"}, "jpy", 5_000),
        ({"APPROVAL_THRESHOLD_CENTS": '{"usd": 5000, "idr": 7000}'}, "idr", 7_000),
        ({"APPROVAL_THRESHOLD_CENTS": '{"usd": 5000, "idr": 7000}'}, "eur", 5_000),
        ({"APPROVAL_THRESHOLD_CENTS": '{"idr": 7000}'}, "usd", 100_000),
        ({"APPROVAL_THRESHOLD_CENTS": "0"}, "eur", 0),
    ],
)
def test_a_limit_is_a_number_or_one_per_currency(values: dict[str, str], currency: str, threshold: int) -> None:
    assert read(**values).approval_threshold.for_currency(currency).amount == threshold


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APPROVAL_THRESHOLD_CENTS", "plenty"),
        ("APPROVAL_THRESHOLD_CENTS", "1,000"),
        ("APPROVAL_THRESHOLD_CENTS", '{"zzz": 1}'),
        ("MAX_ORDER_CENTS", '{"usd": "1"}'),
        ("MAX_ORDER_CENTS", "-1"),
        ("SHIP_FROM", json.dumps(ADDRESS | {"postal_code": "9410"})),
        ("SHIP_FROM", json.dumps(ADDRESS | {"country": "XX"})),
        ("SHIP_FROM", json.dumps(ADDRESS | {"planet": "Mars"})),
        ("SHOP_CURRENCY", "zzz"),
        ("SHOP_CURRENCY", "USD"),
        ("SHOP_ID", "my shop"),
        ("STEP_PATIENCE_S", "0"),
        ("STEP_PATIENCE_S", "7201"),
        ("INTAKE_MAX_WAIT_S", "14401"),
        ("CARRIERS", "USPS,Hermes"),
        ("LABEL_MAX_PERCENT", "100%"),
        ("CUSTOMS_HS_CODE", "69"),
        ("CUSTOMS_ORIGIN_COUNTRY", "usa"),
        ("CUSTOMS_CONTENTS", "other"),
        ("SMTP_URL", "mail.example:25"),
        ("SMTP_URL", "http://mail.example"),
        ("SMTP_URL", "smtp://mail.example:port"),
        ("MAIL_ENDPOINT", "http://x.communication.azure.com"),
        ("PUBLIC_URL", "shop.example"),
        ("PUBLIC_URL", "ftp://shop.example"),
        ("APPROVER_EMAILS", "ann"),
        ("APPROVER_EMAILS", "ann@example.com;bob@example.com"),
        ("EXPENSE_TIMEOUT_S", "0"),
        ("EXPENSE_TIMEOUT_S", "432001"),
        ("EXPENSE_LIMITS", "{"),
        ("EXPENSE_LIMITS", '{"usd": {"yachts": 1}}'),
        ("EXPENSE_LIMITS", '{"usd": {"meals": -1}}'),
        ("EXPENSE_LIMITS", '{"USD": {"meals": 1}}'),
        ("WEBHOOK_SECRET", "secret"),
        ("WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("WEBHOOK_SECRET", KEY.removeprefix("whsec_")),
        ("CALLBACK_ALLOW_LOOPBACK", "yes"),
        ("FILE_BATCH_WIDTH", "0"),
        ("FILE_BATCH_WIDTH", "101"),
        ("FILE_BATCH_CONTAINERS", "Incoming"),
        ("FILE_BATCH_CONTAINERS", "incoming;other"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_not_repeated(name: str, value: str) -> None:
    signed = {"CUSTOMS_SIGNER": "Jane Doe"}
    with pytest.raises(InvalidSetting, match=f"setting {name}: ") as refused:
        read(**{**signed, name: value})
    assert refused.value.name == name


def test_manifests_are_polled_unless_their_events_come_through_a_queue() -> None:
    assert [manifest_events(env) for env in ({}, {"MANIFEST_EVENTS": ""}, {"MANIFEST_EVENTS": "queue"})] == [
        "blob",
        "blob",
        "queue",
    ]
    with pytest.raises(InvalidSetting, match="MANIFEST_EVENTS: must be one of blob, queue"):
        manifest_events({"MANIFEST_EVENTS": "eventgrid"})


def test_a_secret_is_not_repeated_when_it_is_wrong_or_settings_are_printed() -> None:
    with pytest.raises(InvalidSetting) as refused:
        read(WEBHOOK_SECRET="whsec_hush")
    assert "hush" not in str(refused.value)
    settings = read(WEBHOOK_SECRET=KEY, LINK_SECRET="hush", SMTP_URL="smtp://me:hush@mail.example")
    assert "hush" not in repr(settings)
    assert KEY not in repr(settings)


def test_two_ways_to_send_mails_are_one_too_many() -> None:
    with pytest.raises(InvalidSetting, match="SMTP_URL"):
        read(MAIL_ENDPOINT="https://x.communication.azure.com", SMTP_URL="smtp://mail.example")


def test_a_secret_that_the_vault_does_not_hold_counts_as_not_set() -> None:
    unresolved = "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/link-secret/)"
    settings = read(LINK_SECRET=unresolved, WEBHOOK_SECRET=unresolved, EASYPOST_WEBHOOK_SECRET=unresolved)
    assert (settings.link_secret, settings.webhook_secret, settings.easypost_webhook_secret) == (None, None, None)


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "http://localhost:7071"),
        ({"WEBSITE_HOSTNAME": "func-x.azurewebsites.net"}, "https://func-x.azurewebsites.net"),
        (
            {"WEBSITE_HOSTNAME": "func-x.azurewebsites.net", "PUBLIC_URL": "https://shop.example/"},
            "https://shop.example",
        ),
    ],
)
def test_links_lead_where_people_reach_the_app(values: dict[str, str], url: str) -> None:
    assert read(**values).public_url == url


class Environment(dict[str, str]):
    """Variables that remember which of them were asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def test_every_setting_that_is_read_stands_in_the_example() -> None:
    """The templates of Azure are held against the example: what only the code knows could never be set there."""
    env = Environment(
        {**EXAMPLE["Values"], "CUSTOMS_SIGNER": "Jane Doe", "CUSTOMS_HS_CODE": "691200", "INSIGHTS_SPANS": "true"}
    )
    env |= {"CUSTOMS_ORIGIN_COUNTRY": "US", "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=x"}
    Settings.from_env(env)
    mail_takes_utf8(env)
    names = {name.partition("__")[0] for name in env.asked}
    assert names - OF_THE_PLATFORM <= set(EXAMPLE["Values"])


def test_the_example_describes_every_setting_of_the_app() -> None:
    assert set(EXAMPLE["About"]) == set(EXAMPLE["Values"])
