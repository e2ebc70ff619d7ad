"""`/sandbox` itself: the index, its errors, and independence of two sandboxes."""

import pytest
import requests
import stripe

from sandbox.testing import Sandbox, running_sandbox
from sandbox_tests.builders import payment


def test_the_index_names_what_there_is(sandbox: Sandbox) -> None:
    index = requests.get(f"{sandbox.url}/sandbox", timeout=60).json()
    assert "GET /sandbox/ledger/payments" in index["sandbox"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/payments/pi_missing/authenticate", {}, 404),
        ("/payments/{held}/authenticate", {}, 409),
        ("/payments/{held}/settle", {}, 409),
        ("/payments/{held}/settle", {"succeed": "perhaps"}, 400),
        ("/payments/{held}/expire", {"when": "now"}, 400),
        ("/trackers/missing", {"status": "delivered"}, 404),
        ("/trackers/missing", {}, 400),
        ("/shipments/missing/refund", {"status": "refunded"}, 404),
        ("/shipments/missing/refund", {"status": "perhaps"}, 400),
    ],
)
def test_an_event_that_cannot_happen_is_refused(
    shop: stripe.StripeClient, sandbox: Sandbox, path: str, body: dict[str, object], status: int
) -> None:
    held = shop.v1.payment_intents.create(payment()).id
    response = requests.post(f"{sandbox.url}/sandbox{path.format(held=held)}", json=body, timeout=60)
    assert response.status_code == status
    assert response.json()["error"]["message"]
    assert sandbox.payments()[0]["status"] == "requires_capture"


def test_a_fault_rule_is_removed_by_its_id(sandbox: Sandbox) -> None:
    first, second = sandbox.fault(kind="html"), sandbox.fault(kind="drop_before")
    url = f"{sandbox.url}/sandbox/faults/{first}"
    assert requests.delete(url, timeout=60).status_code == 200
    assert [rule["id"] for rule in sandbox.faults()] == [second]
    assert requests.delete(url, timeout=60).status_code == 404


def test_two_sandboxes_know_nothing_of_each_other(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    shop.v1.payment_intents.create(payment())
    with running_sandbox() as other:
        assert other.payments() == []
    assert len(sandbox.payments()) == 1


def test_a_wrong_order_raises_in_the_test_that_gave_it(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="kind"):
        sandbox.fault(kind="explode")
