"""The part of the table of operations that belongs to the workflows other than the order's."""

from typing import Final

from domain.carts.cart import CheckoutRequest
from domain.files.batch import FileBatchRequest
from domain.onboarding.user import OnboardingRequest
from domain.orders.batch import LineResult
from domain.orders.order import OrderRequest
from domain.reports.report import ReportRequest
from triggers.http.carts import (
    CART,
    CART_CHECKOUT,
    CART_CHECKOUT_RUN,
    CART_ITEM,
    CART_ITEMS,
    CartAddition,
    CartAnswer,
    CartChange,
    ItemQuantity,
)
from triggers.http.file_batches import FILE_BATCH_CANCELLATION, FILE_BATCH_RUN, FILE_BATCHES
from triggers.http.onboarding import ONBOARDING, ONBOARDINGS
from triggers.http.order_batches import (
    ORDER_BATCH_CANCELLATION,
    ORDER_BATCH_RESULTS,
    ORDER_BATCH_RUN,
    ORDERS_BATCH,
    ORDERS_TEMPLATE,
)
from triggers.http.reports import REPORT_RUN, REPORTS
from triggers.http.support.operation import BODY, Operation
from triggers.http.support.order_lines import CSV, JSON_LINES
from triggers.http.support.workflows import WorkflowAnswer, WorkflowLinks

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
    Operation(
        method="GET",
        route=CART,
        name="get_cart",
        summary="What is in a customer's cart.",
        answers={200: CartAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="DELETE",
        route=CART,
        name="clear_cart",
        summary="Take everything out of a cart.",
        takes_idempotency_key=True,
        answers={202: CartChange},
        problems=(404, 409, 422),
    ),
    Operation(
        method="POST",
        route=CART_ITEMS,
        name="add_cart_item",
        summary="Put units of a product into a cart. Repeating it under its key or Idempotency-Key changes nothing.",
        body=CartAddition,
        takes_idempotency_key=True,
        answers={202: CartChange},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="PUT",
        route=CART_ITEM,
        name="change_cart_item",
        summary="Set how many units of a product are in a cart.",
        body=ItemQuantity,
        takes_idempotency_key=True,
        answers={202: CartChange},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="DELETE",
        route=CART_ITEM,
        name="remove_cart_item",
        summary="Take a product out of a cart.",
        takes_idempotency_key=True,
        answers={202: CartChange},
        problems=(404, 409, 422),
    ),
    Operation(
        method="POST",
        route=CART_CHECKOUT,
        name="check_out_cart",
        summary="Order what is in a cart, once however often it is pressed.",
        body=CheckoutRequest,
        answers={202: WorkflowLinks},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="GET",
        route=CART_CHECKOUT_RUN,
        name="get_cart_checkout",
        summary="How far a checkout has got: 202 on the way, 200 at the end. Its id is also its order's.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=ORDERS_BATCH,
        name="place_order_batch",
        summary="Place many orders: JSON Lines, or CSV (text/csv). A file sent twice is one batch.",
        body=OrderRequest,
        body_type=JSON_LINES,
        takes_idempotency_key=True,
        answers={202: WorkflowLinks},
        problems=(*BODY, 409),
    ),
    Operation(
        method="GET",
        route=ORDERS_TEMPLATE,
        name="get_order_template",
        summary="A CSV with the columns of an order, to be filled in.",
        answers={200: None},
        answer_type=CSV,
    ),
    Operation(
        method="GET",
        route=ORDER_BATCH_RUN,
        name="get_order_batch",
        summary="How many lines of a batch were accepted: 202 on the way, 200 at the end.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="GET",
        route=ORDER_BATCH_RESULTS,
        name="get_order_batch_results",
        summary="What became of each line of a batch, as JSON Lines.",
        answers={200: LineResult},
        answer_type=JSON_LINES,
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=ORDER_BATCH_CANCELLATION,
        name="cancel_order_batch",
        summary="Stop a batch after the lines that are under way. What is accepted stays.",
        answers={202: WorkflowLinks},
        problems=(409, 422),
    ),
)
