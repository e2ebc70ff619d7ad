"""The steps of an export or an erasure of a customer's data. Each may run twice, and none answers with anything of the customer."""

from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from domain.personal.run import DataPage, FinishErasure, FinishExport
from domain.workflows.steps import StepResult
from services.personal.checking import check_page
from services.personal.erasing import erase_page
from services.personal.exporting import assemble, export_page
from services.personal.requests import finish

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def check_customer_page(request: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """Return what is open on one page. The answer is a `DataPageDone`."""
    return (await check_page(client, DataPage.model_validate(request))).to_wire()


@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def erase_customer_page(request: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """Erase what is settled of one page. The answer is a `DataPageDone`."""
    return (await erase_page(client, DataPage.model_validate(request))).to_wire()


@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def export_customer_page(request: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """Keep one page of an export. The answer is a `DataPageDone`."""
    return (await export_page(client, DataPage.model_validate(request))).to_wire()


@bp.activity_trigger(input_name="request")
async def finish_erasure(request: dict) -> dict[str, Any]:
    """Record how an erasure has ended."""
    await finish(FinishErasure.model_validate(request), datetime.now(UTC))
    return StepResult().to_wire()


@bp.activity_trigger(input_name="request")
def finish_export(request: dict) -> dict[str, Any]:
    """Make one document of all pages; the reference is its blob."""
    return StepResult(reference=assemble(FinishExport.model_validate(request))).to_wire()
