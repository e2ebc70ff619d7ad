"""The parameters that what-if is given are those that azd would fill in."""

import json
import re

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


def test_everything_that_the_template_takes_can_be_chosen():
    main = (FILE.parent / "main.bicep").read_text(encoding="utf-8")
    assert set(re.findall(r"^param (\w+) ", main, re.M)) - {"today"} == parameters().keys()


def test_lists_are_texts_with_commas_and_empty_ones_are_no_entries():
    one, other = "11111111-2222-3333-4444-555555555555", "66666666-2222-3333-4444-555555555555"
    env = {"APP_ENTRA_CLIENT_ID": one, "APP_ALERT_EMAIL": "a@example.com,b@example.com", "APP_LOG_CAP_GB": "-1"}

    def doors(**more: str) -> list[dict[str, object]]:
        deployment = evaluate(parameters(**env, **more))
        found = [resource for resource in deployment.resources if "authsettingsV2" in str(resource["name"])]
        return [door["properties"]["identityProviders"]["azureActiveDirectory"]["validation"] for door in found]

    (any_caller,), (two_callers,) = doors(), doors(APP_ENTRA_CALLERS=f"{one},{other}")
    assert "defaultAuthorizationPolicy" not in any_caller
    assert two_callers["defaultAuthorizationPolicy"] == {"allowedApplications": [one, other]}
    groups = of_type(evaluate(parameters(**env)), "Microsoft.Insights/actionGroups")
    assert {len(group["properties"]["emailReceivers"]) for group in groups} == {2}


def test_template_takes_them():
    deployment = evaluate(parameters(APP_PLAN="EP1", APP_SLOT="true"))
    assert len(of_type(deployment, "Microsoft.Web/sites/slots")) == 1
