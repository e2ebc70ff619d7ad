"""The steps of a report. Each may run twice: it reads the order repository, or writes a blob of its own anew."""

from typing import Any

import azure.durable_functions as df

from domain.reports.report import FetchReportData, GenerateReport
from domain.workflows.steps import StepResult
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def fetch_report_data(request: dict) -> dict[str, Any]:
    """Keep one part of the rows. The answer is a `ReportDataFetched`: the rows themselves are too many for a history."""
    return services().reports.fetch(FetchReportData.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
def generate_report_document(request: dict) -> dict[str, Any]:
    """Make the document of all parts; the reference is its blob."""
    return StepResult(reference=services().reports.generate(GenerateReport.model_validate(request))).to_wire()
