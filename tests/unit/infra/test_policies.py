"""Every policy holds for every plan, back end and network; illegal combinations are refused with a sentence."""

import pytest

from scripts.bicep.values import Refused
from tests.support.templates.bicep import Given, evaluate
from tests.support.templates.combinations import ACCEPTED, ID, LEGAL, REFUSED, described
from tests.unit.infra import policies_of_connections
from tests.unit.infra.all_policies import POLICIES


@pytest.mark.parametrize("name", POLICIES)
def test_policy_holds_for_every_plan_back_end_and_network(name):
    broken = [f"{described(given)}: {what}" for given in LEGAL for what in POLICIES[name](evaluate(given), given)]
    assert broken == []


@pytest.mark.parametrize(("given", "because"), REFUSED, ids=[str(given) for given, _ in REFUSED])
def test_what_azure_would_refuse_late_is_refused_at_once_and_says_why(given: Given, because: str):
    with pytest.raises(Refused, match=because):
        evaluate(given)


@pytest.mark.parametrize("given", ACCEPTED, ids=str)
def test_what_azure_takes_is_not_refused(given: Given):
    assert evaluate(given).resources


@pytest.mark.parametrize("given", LEGAL, ids=described)
def test_no_resource_is_made_twice_though_one_principal_deploys_both(given: Given):
    both = {"deployerPrincipalId": ID, "codeDeployerPrincipalId": ID.upper()}
    ids = [one["_id"] for one in evaluate(given | both).resources]
    assert len(ids) == len(set(ids))


def test_connections_are_those_of_the_app():
    assert policies_of_connections.named_by_functions() == {"SHOP_STORAGE": {"blob", "queue"}}
