"""The part of the table of operations that belongs to the workflows other than the order's."""

from typing import Final

from domain.file_batch import FileBatchRequest
from domain.onboarding import OnboardingRequest
from domain.report import ReportRequest
from http_api.file_batches import FILE_BATCH_CANCELLATION, FILE_BATCH_RUN, FILE_BATCHES
from http_api.onboarding import ONBOARDING, ONBOARDINGS
from http_api.operation import BODY, Operation
from http_api.reports import REPORT_RUN, REPORTS
from http_api.workflows import WorkflowAnswer, WorkflowLinks

WORKFLOW_OPERATIONS: Final = (
    Operation(
        method="POST",
        route=ONBOARDINGS,
        name="onboard_user",
        summary="Take in a new user. Repeating it under its id or Idempotency-Key changes nothing.",
        body=OnboardingRequest,
        takes_idempotency_key=True,
        answers={202: WorkflowLinks},
        problems=(*BODY, 409),
    ),
    Operation(
        method="POST",
        route=FILE_BATCHES,
        name="start_file_batch",
        summary="Look at many files. Repeating it under its id or Idempotency-Key changes nothing.",
        body=FileBatchRequest,
        takes_idempotency_key=True,
        answers={202: WorkflowLinks},
        problems=(*BODY, 409),
    ),
    Operation(
        method="GET",
        route=FILE_BATCH_RUN,
        name="get_file_batch",
        summary="How far a batch has got: 202 on the way, 200 at the end, with a link to the summary in detail.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=FILE_BATCH_CANCELLATION,
        name="cancel_file_batch",
        summary="Stop a batch after the files that are being looked at.",
        answers={202: WorkflowLinks},
        problems=(404, 409, 422),
    ),
    Operation(
        method="POST",
        route=REPORTS,
        name="request_report",
        summary="Ask for a report. Repeating it under its id or Idempotency-Key changes nothing.",
        body=ReportRequest,
        takes_idempotency_key=True,
        answers={202: WorkflowLinks},
        problems=(*BODY, 409),
    ),
    Operation(
        method="GET",
        route=REPORT_RUN,
        name="get_report",
        summary="How far a report has got: 202 on the way, 200 at the end, with a link to the document in detail.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="GET",
        route=ONBOARDING,
        name="get_onboarding",
        summary="How far a new user has got: 202 on the way, 200 at the end.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
)
