"""The capacity model finds the part that is full first, and host.json lets an instance do what its processors take."""

from dataclasses import replace

import pytest

from scripts.cost import limits, processor
from scripts.cost.capacity import of_deployment, of_instance, shared_parts
from scripts.cost.capacity_tables import choice_table
from scripts.cost.workload import VERSION_1_0, Workload
from scripts.host_json import ROOT

AT_A_TIME = {"activities at a time", "orchestrators at a time"}


@pytest.mark.parametrize("plan", [plan for plan in limits.MAX_INSTANCES if plan != "Y1"])
def test_concurrency_of_a_plan_leaves_no_processor_idle(plan):
    assert of_instance(plan).part not in AT_A_TIME


def test_an_order_of_version_1_0_takes_what_was_recorded_of_it_on_the_host():
    worker = processor.RECORDED_IN_WORKER.seconds
    to_its_first_poll = {"carrier_polls": 1, "tracking_changes": 1}
    assert replace(VERSION_1_0, **to_its_first_poll).worker_cpu_s == pytest.approx(worker)
    assert replace(VERSION_1_0, **to_its_first_poll).cpu_s == pytest.approx(worker + processor.RECORDED_IN_HOST.seconds)


def test_an_order_takes_of_a_vcpu_what_was_measured_of_it_and_of_its_reports():
    load = Workload()
    measured = processor.ORDER_IN_WORKER.seconds + load.reports * processor.REPORT_IN_WORKER.seconds
    assert load.worker_cpu_s == pytest.approx(measured)
    assert of_instance("EP1").orders_per_s == pytest.approx(0.7 / load.cpu_s)


def test_a_second_processor_counts_and_a_third_does_not_as_the_worker_is_one_process():
    one, two, four = (of_instance(plan).orders_per_s for plan in ("EP1", "EP2", "EP3"))
    assert one < two <= 2 * one
    assert four == pytest.approx(0.7 / Workload().worker_cpu_s)
    assert of_instance("EP3").part == "the Python worker"


def test_more_partitions_help_until_something_else_is_full():
    few, many, all_of_them = (of_deployment("P1v3", "AzureStorage", partitions=count) for count in (1, 4, 16))
    assert many.orders_per_s == pytest.approx(4 * few.orders_per_s)
    assert few.part == "orchestrators on 1 instances"
    assert all_of_them.part == "order repository"


def test_a_scheduler_takes_its_actions_and_has_no_queues():
    parts = {each.part: each.orders_per_s for each in shared_parts("DurableTaskScheduler", units=2)}
    assert parts["the scheduler"] == 4_000 / Workload().scheduler_actions
    assert not {"control queues", "work-item queue"} & set(parts)


def test_a_peak_that_a_plan_does_not_take_is_left_to_cells():
    (row,) = [row for row in choice_table().splitlines() if row.startswith("| 150 |")]
    assert row.split(" | ")[1] == "cells"


def test_numbers_in_the_text_of_the_page_are_those_of_the_model():
    page = " ".join((ROOT / "docs" / "capacity.md").read_text(encoding="utf-8").split())
    for said in (
        f"{Workload().life_requests.number:.0f} storage requests with its parcel",
        *(f"{limit.number:,}" for limit in limits.MAX_INSTANCES.values()),
    ):
        assert said in page
