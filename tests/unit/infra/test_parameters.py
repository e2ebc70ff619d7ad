"""The parameters that what-if is given are those that azd would fill in."""

import json

import pytest

from infra.hooks.azure_cli import HookFailed
from infra.hooks.parameters import FILE, filled_in
from tests.support.templates.bicep import evaluate, of_type

ENV = {"AZURE_ENV_NAME": "test", "AZURE_LOCATION": "westeurope", "APP_ALERT_EMAIL": "ops@example.com"}


def parameters(**env: str) -> dict[str, object]:
    file = json.loads(FILE.read_text())["parameters"]
    return {name: one["value"] for name, one in filled_in(file, ENV | env).items()}


def test_unset_and_empty_variables_take_their_defaults():
    assert parameters(APP_PLAN="") == parameters()
    assert (parameters()["plan"], parameters()["usePrivateNetworking"], parameters()["budgetAmount"]) == (
        "FC1",
        False,
        0,
    )


def test_set_variables_win_and_keep_their_kind():
    chosen = parameters(APP_PLAN="EP2", APP_SLOT="true", APP_BUDGET="50", APP_PYTHON="3.13")
    wanted = {"plan": "EP2", "enableStagingSlot": True, "budgetAmount": 50, "pythonVersion": "3.13"}
    assert wanted.items() <= chosen.items()
    assert chosen["alertEmails"] == ["ops@example.com"]


def test_variable_that_has_no_default_is_asked_for_by_name():
    with pytest.raises(HookFailed, match="APP_ALERT_EMAIL"):
        parameters(APP_ALERT_EMAIL="")


def test_template_takes_them():
    deployment = evaluate(parameters(APP_PLAN="EP1", APP_SLOT="true"))
    assert len(of_type(deployment, "Microsoft.Web/sites/slots")) == 1
