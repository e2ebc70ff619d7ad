"""The decisions of approval waits on the real storage emulator: the first one of a wait holds."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.approvals import Approvals
from domain.ids import PROCESS_ORDER
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from tests.integration.adapters.examples import ORDER


@pytest.fixture
def approvals(storage: Storage) -> Approvals:
    return Approvals(storage)


def test_of_many_decisions_at_once_one_holds_for_all(approvals: Approvals) -> None:
    def settle(number: int) -> str:
        decision = ApprovalDecision(decision="approved" if number % 2 else "rejected", approver=f"approver {number}")
        request = SettleApprovalRequest(
            workflow=PROCESS_ORDER, key=ORDER, wait_id=f"{ORDER}.approval", decision=decision
        )
        return approvals.settle(request).decision.approver

    with ThreadPoolExecutor(8) as pool:
        winners = set(pool.map(settle, range(16)))
    assert len(winners) == 1
    assert {settle(16)} == winners, "a later one does not win either"


def test_a_decision_is_kept_word_for_word(approvals: Approvals) -> None:
    decision = ApprovalDecision(decision="rejected", approver="Grace", comment="too large; ask again in “May”")
    request = SettleApprovalRequest(
        workflow=PROCESS_ORDER, key=ORDER, wait_id=f"{ORDER}.approval", decision=decision, timed_out=True
    )
    settled = approvals.settle(request)
    other = request.model_copy(update={"decision": ApprovalDecision(decision="approved", approver="Alan")})
    assert approvals.settle(other) == settled
    assert (settled.decision, settled.timed_out) == (decision, True)


def test_every_wait_has_a_decision_of_its_own(approvals: Approvals) -> None:
    for wait, decision in (("first", "approved"), ("second", "rejected")):
        said = ApprovalDecision.model_validate({"decision": decision, "approver": "Grace"})
        request = SettleApprovalRequest(workflow=PROCESS_ORDER, key=ORDER, wait_id=wait, decision=said)
        assert approvals.settle(request).decision == said
