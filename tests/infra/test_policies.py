"""Every policy holds for every plan, back end and network; illegal combinations are refused with a sentence."""

import pytest

from tests.infra import policies_of_access, policies_of_events  # noqa: F401  register their policies
from tests.infra.bicep import Given, evaluate
from tests.infra.combinations import LEGAL, REFUSED, described
from tests.infra.policies import POLICIES
from tools.bicep.values import Refused


@pytest.mark.parametrize("name", POLICIES)
def test_policy_holds_for_every_plan_back_end_and_network(name):
    broken = [f"{described(given)}: {what}" for given in LEGAL for what in POLICIES[name](evaluate(given), given)]
    assert broken == []


@pytest.mark.parametrize(("given", "because"), REFUSED, ids=[str(given) for given, _ in REFUSED])
def test_illegal_combination_is_refused_and_says_why(given: Given, because: str):
    with pytest.raises(Refused, match=because):
        evaluate(given)
