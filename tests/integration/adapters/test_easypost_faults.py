"""One parcel, one label, and one refund, whatever happens on the wire and however often the carrier is asked."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.easypost.carrier import EasyPostCarrier
from domain.errors import ProviderUnavailable
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox, running_sandbox
from tests.integration.adapters.examples import (
    WAREHOUSE,
    answer_or_none,
    compensate_shipping,
    label,
    label_as_offered,
    labels,
    shipment,
    until_answered,
)

FAULTS: dict[str, dict[str, Any]] = {
    "dropped before acting": {"kind": "drop_before", "next": 1},
    "dropped after acting": {"kind": "drop_after", "next": 1},
    "rate limit": {"kind": "status", "status": 429, "next": 2},
    "failure": {"kind": "status", "status": 500, "next": 2},
    "outage": {"kind": "status", "status": 503, "next": 2},
    "failure after acting": {"kind": "fail_after", "next": 1},
    "a proxy's page": {"kind": "html", "next": 2},
}
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.create"])
def test_one_parcel_is_announced_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    sandbox.fault(operation=operation, **fault)
    result = until_answered(lambda: carrier.create_shipment(shipment()))
    assert [row["id"] for row in sandbox.parcels()] == [result.reference]


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.buy"])
def test_one_label_is_bought_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    sandbox.fault(operation=operation, **fault)
    result = until_answered(lambda: carrier.buy_label(label(shipment_id)))
    assert [row["tracking_code"] for row in sandbox.parcels()] == [result.reference]
    assert labels(sandbox) == (1, 1)


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.buy"])
def test_one_label_is_bought_as_it_was_offered_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    announced = carrier.create_shipment(shipment())
    sandbox.fault(operation=operation, **fault)
    result = until_answered(lambda: carrier.buy_label(label_as_offered(announced)))
    assert [row["tracking_code"] for row in sandbox.parcels()] == [result.reference]
    assert labels(sandbox) == (1, 1)


@every_fault
def test_a_purchase_given_up_after_one_attempt_is_compensated(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    sandbox.fault(operation="shipments.buy", **fault)
    with pytest.raises(ProviderUnavailable):
        carrier.buy_label(label(shipment_id))
    assert until_answered(lambda: carrier.cancel(compensate_shipping(shipment_id))).outcome is Outcome.DONE
    assert labels(sandbox)[1] == 0


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.refund"])
def test_a_label_is_given_back_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    carrier.buy_label(label(shipment_id))
    sandbox.fault(operation=operation, **fault)
    assert until_answered(lambda: carrier.cancel(compensate_shipping(shipment_id))).message == "label_refunded"
    assert labels(sandbox) == (1, 0)


def test_a_purchase_that_arrives_after_its_compensation_buys_nothing(
    carrier: EasyPostCarrier, sandbox: Sandbox
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    hasty = EasyPostCarrier.connect("EZTK_adapters", sandbox.easypost_url, WAREHOUSE, answer_s=1)
    sandbox.fault(operation="shipments.buy", kind="delay", delay_s=600, next=1)
    with pytest.raises(ProviderUnavailable):
        hasty.buy_label(label(shipment_id))
    assert carrier.cancel(compensate_shipping(shipment_id)).message == "nothing_to_compensate"
    sandbox.clear_faults()
    while not any(call["fault"] == "delay" for call in sandbox.calls(operation="shipments.buy")):
        pass
    assert labels(sandbox) == (0, 0)


def test_one_label_bought_by_many_at_once_is_bought_once(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: carrier.buy_label(label(shipment_id)), range(8)))
    [row] = sandbox.parcels()
    assert {result.reference for result in results} == {row["tracking_code"]}


@given(
    probabilities=st.fixed_dictionaries(
        {kind: st.sampled_from([0.0, 0.1, 0.3]) for kind in ("drop_before", "drop_after", "html", "fail_after")}
    ),
    seed=st.integers(0, 10_000),
    buys=st.booleans(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_sequence_of_faults_leaves_a_label_to_be_paid(
    probabilities: dict[str, float], seed: int, buys: bool
) -> None:
    with running_sandbox() as sandbox:
        carrier = EasyPostCarrier.connect("EZTK_adapters", sandbox.easypost_url, WAREHOUSE)
        for offset, (kind, probability) in enumerate(probabilities.items()):
            sandbox.fault(face="easypost", kind=kind, probability=probability, seed=seed + offset)
        announced = answer_or_none(lambda: carrier.create_shipment(shipment()))
        shipment_id = None if announced is None else announced.reference
        if buys and announced is not None:
            answer_or_none(lambda: carrier.buy_label(label_as_offered(announced)))
        sandbox.clear_faults()
        assert until_answered(lambda: carrier.cancel(compensate_shipping(shipment_id))).outcome is Outcome.DONE
        assert labels(sandbox)[1] == 0
