"""The hook after provisioning: the vault gets its secrets, and the app comes to read them."""

import io
import re
import sys

import pytest

from infra.hooks import postprovision
from infra.hooks.azure_cli import HookFailed
from infra.hooks.postprovision import fill
from infra.hooks.references import await_resolved
from infra.hooks.secret_forms import FORMS
from setting_values import webhook_secret
from tests.support.templates.bicep import app_settings, evaluate

STRIPE = "sk_test_51HzAbCdEfGhIjKl"
EASYPOST = "EZTK" + "a1" * 27
NAMES = ["stripe-api-key", "easypost-api-key", "link-secret", "webhook-secret", "easypost-webhook-secret"]
EMPTY_VAULT: tuple[str, object] = ("az keyvault secret list", [])
FORBIDDEN = "(Forbidden) Caller is not authorized to perform action on resource. Inner error: ForbiddenByRbac"
REFERENCES = "/config/configreferences/appsettings"
READ = f"az rest --method get --url /sites/func-x{REFERENCES}?api-version="
REFRESH = f"az rest --method post --url /sites/func-x{REFERENCES}/refresh?api-version="


@pytest.fixture(autouse=True)
def no_secrets_around(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name.upper().replace("-", "_"), raising=False)


def stored(cli) -> dict[str, str]:
    """Return what was put into the vault, by name."""
    calls = [call.split(" <- ") for call in cli.calls_of("az keyvault secret set")]
    return {arguments.split("--name ")[1].split()[0]: value for arguments, value in calls}


def references(**statuses: str) -> dict[str, object]:
    """Return the answer of App Service: one reference for each setting, to the secret of the same name."""
    return {
        "value": [
            {"name": name, "properties": {"status": status, "secretName": name.lower().replace("_", "-")}}
            for name, status in statuses.items()
        ]
    }


def no_pause(seconds: float) -> None:
    raise AssertionError("nothing to wait for")


def never(question: str) -> str:
    raise AssertionError(f"asked: {question}")


def test_our_own_secrets_are_generated_in_a_form_that_the_app_takes(cli):
    cli.answers(EMPTY_VAULT)
    assert fill("kv-x", ["link-secret", "webhook-secret", "easypost-webhook-secret"], None, no_pause) == {}
    found = stored(cli)
    assert len(set(found.values())) == 3
    assert all(FORMS[name].takes(value) for name, value in found.items())
    assert webhook_secret({"WEBHOOK_SECRET": found["webhook-secret"]}, "WEBHOOK_SECRET") == found["webhook-secret"]


def test_secret_that_is_in_the_vault_is_neither_replaced_nor_asked_for(cli):
    cli.answers(("az keyvault secret list", [{"name": name} for name in NAMES]))
    assert fill("kv-x", NAMES, never, no_pause) == {}
    assert stored(cli) == {}


def test_secrets_are_taken_from_the_environment_and_never_stand_in_an_argument(cli, monkeypatch):
    monkeypatch.setenv("STRIPE_API_KEY", STRIPE)
    cli.answers(EMPTY_VAULT)
    assert fill("kv-x", ["stripe-api-key"], never, no_pause) == {}
    assert stored(cli) == {"stripe-api-key": STRIPE}
    assert not any(STRIPE in call.split(" <- ")[0] for call in cli.calls)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stripe-api-key", "pk_live_51HzAbCdEfGhIjKl"),
        ("stripe-api-key", "whsec_51HzAbCdEfGhIjKl"),
        ("stripe-api-key", EASYPOST),
        ("stripe-test-api-key", "sk_live_51HzAbCdEfGhIjKl"),
        ("easypost-api-key", STRIPE),
        ("easypost-test-api-key", "EZAK" + "a1" * 27),
        ("webhook-secret", "whsec_short"),
        ("link-secret", "guessed"),
        ("link-secret", "a secret with blanks that is long enough"),
    ],
)
def test_malformed_secret_is_refused_in_words_that_do_not_repeat_it(cli, monkeypatch, name, value):
    monkeypatch.setenv(name.upper().replace("-", "_"), value)
    cli.answers(EMPTY_VAULT)
    missing = fill("kv-x", [name], never, no_pause)
    assert FORMS[name].words in missing[name]
    assert value not in missing[name]
    assert stored(cli) == {}


@pytest.mark.parametrize("name", ["stripe-api-key", "easypost-api-key"])
def test_key_is_asked_for_by_its_form_until_it_has_it(cli, name):
    right = {"stripe-api-key": STRIPE, "easypost-api-key": EASYPOST}[name]
    answers, questions = ["wrong", f" {right} "], []

    def ask(question: str) -> str:
        questions.append(question)
        return answers.pop(0)

    cli.answers(EMPTY_VAULT)
    assert fill("kv-x", [name], ask, no_pause) == {}
    assert stored(cli) == {name: right}
    assert all(FORMS[name].words in question for question in questions)


def test_key_may_be_left_for_later(cli):
    cli.answers(EMPTY_VAULT)
    assert fill("kv-x", ["stripe-api-key"], lambda question: "", no_pause) == {"stripe-api-key": "left for later"}


def test_without_a_terminal_the_list_of_what_is_missing_is_an_error(cli, monkeypatch, capsys):
    monkeypatch.setenv("APP_VAULT", "kv-x")
    monkeypatch.setenv("APP_SECRETS", ",".join(NAMES))
    monkeypatch.setenv("EASYPOST_API_KEY", "not one")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    cli.answers(EMPTY_VAULT, (READ, references(LINK_SECRET="Resolved", STRIPE_API_KEY="SecretNotFound")))
    assert postprovision.main() == 1
    said = capsys.readouterr().err
    assert "stripe-api-key is missing" in said
    assert "set STRIPE_API_KEY to a secret or restricted key of Stripe: sk_live_" in said
    assert "easypost-api-key is missing" in said
    assert "EASYPOST_API_KEY has another form than an API key of EasyPost" in said
    assert "not one" not in said
    assert stored(cli).keys() == {"link-secret", "webhook-secret", "easypost-webhook-secret"}


def test_with_every_secret_there_the_hook_is_quiet(cli, monkeypatch, capsys):
    monkeypatch.setenv("APP_VAULT", "kv-x")
    monkeypatch.setenv("APP_SECRETS", ",".join(NAMES))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    cli.answers(
        ("az keyvault secret list", [{"name": name} for name in NAMES]), (READ, references(LINK_SECRET="Resolved"))
    )
    assert postprovision.main() == 0
    assert capsys.readouterr() == ("", "")


def test_preview_before_the_first_provisioning_finds_no_vault_and_no_fault(cli, monkeypatch, capsys):
    monkeypatch.delenv("APP_VAULT", raising=False)
    assert postprovision.main() == 0
    assert "no vault" in capsys.readouterr().out
    assert cli.calls == []


def test_role_that_was_just_given_is_waited_for(cli):
    cli.answers(("az keyvault secret list", FORBIDDEN))
    pauses: list[float] = []

    def answer_after_two(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            cli.answers(("az keyvault secret list", [{"name": "stripe-api-key"}]))

    assert fill("kv-x", ["stripe-api-key"], None, answer_after_two) == {}
    assert len(pauses) == 2


def test_closed_network_is_not_waited_for(cli):
    cli.answers(
        (
            "az keyvault secret list",
            "(Forbidden) Public network access is disabled and request is not from a trusted service nor via an approved "
            "private link. Inner error: ForbiddenByConnection",
        )
    )
    with pytest.raises(HookFailed, match="kv-x is closed to this network"):
        fill("kv-x", ["stripe-api-key"], None, no_pause)


def test_references_that_were_made_before_their_secrets_are_refreshed_and_waited_for(cli):
    cli.answers((READ, references(LINK_SECRET="SecretNotFound", STRIPE_API_KEY="AccessToKeyVaultDenied")))
    pauses: list[float] = []

    def resolve_after_two(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            cli.answers((READ, references(LINK_SECRET="Resolved", STRIPE_API_KEY="Resolved")))

    await_resolved("/sites/func-x", [], resolve_after_two)
    assert len(cli.calls_of(REFRESH)) == len(pauses) == 2


def test_reference_to_a_secret_that_is_left_for_later_is_not_waited_for(cli):
    cli.answers((READ, references(LINK_SECRET="Resolved", STRIPE_API_KEY="SecretNotFound")))
    await_resolved("/sites/func-x", ["stripe-api-key"], no_pause)
    assert cli.calls_of(REFRESH) == []


def test_reference_that_stays_broken_is_named_with_its_status(cli):
    cli.answers((READ, references(LINK_SECRET="VaultNotFound", STRIPE_API_KEY="Resolved")))
    with pytest.raises(HookFailed, match=r"func-x does not resolve .*: LINK_SECRET \(VaultNotFound\)$"):
        await_resolved("/sites/func-x", [], lambda seconds: None)


def test_slot_has_its_own_vault_filled_and_its_own_references_waited_for(cli, monkeypatch):
    for name, value in {
        "APP_VAULT": "kv-x",
        "APP_SECRETS": "link-secret",
        "APP_STAGING_URL": "https://staging.example",
        "APP_STAGING_VAULT": "kvs-x",
        "APP_STAGING_SECRETS": "stripe-test-api-key,link-test-secret",
        "STRIPE_TEST_API_KEY": STRIPE,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    cli.answers(EMPTY_VAULT, ("az rest --method get", references(LINK_SECRET="Resolved")))
    assert postprovision.main() == 0
    vaults = [call.split("--vault-name ")[1].split()[0] for call in cli.calls_of("az keyvault secret set")]
    assert vaults == ["kv-x", "kvs-x", "kvs-x"]
    assert [call.split("/config/")[0].rpartition(" ")[2] for call in cli.calls_of("az rest")] == [
        "/sites/func-x",
        "/sites/func-x/slots/staging",
    ]


def test_every_secret_that_the_app_refers_to_has_a_form():
    deployment = evaluate({"plan": "EP1", "enableStagingSlot": True})
    named = {name for side in ("APP", "APP_STAGING") for name in deployment.outputs[f"{side}_SECRETS"].split(",")}
    referred = {
        name
        for settings in app_settings(deployment)
        for value in settings.values()
        if "@Microsoft.KeyVault(" in value
        for name in re.findall(r"[a-z]+(?:-[a-z]+)*-(?:key|secret)\b", value)
    }
    assert named == referred == FORMS.keys()
