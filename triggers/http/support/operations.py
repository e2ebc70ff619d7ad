"""The one table of what the HTTP API offers: what each operation takes and answers. The OpenAPI document is made from it."""

from typing import Final

from domain.catalogue.product import Product, ProductDetails
from domain.inventory.reconciliation import ReconciliationReport
from domain.orders.approval import ApprovalDecision, CancellationRequest
from domain.orders.order import OrderRequest
from domain.workflows.dead_letter import DeadLetter, Resolution
from triggers.http.approval import APPROVAL
from triggers.http.cancellation import CANCELLATION
from triggers.http.dead_letters import (
    DEAD_LETTER,
    DEAD_LETTERS,
    REPLAY,
    RESOLVE,
    DeadLetterAnswer,
    DeadLetterList,
    DeadLetterQuery,
    ReplayAnswer,
)
from triggers.http.health import HEALTH, HealthAnswer
from triggers.http.inventory import ADJUSTMENT, INVENTORY, RESTOCK, Correction, Delivery, MovementAnswer, StockAnswer
from triggers.http.openapi import OPENAPI
from triggers.http.orders import ORDER, ORDERS, OrderList, OrderQuery
from triggers.http.products import PRODUCT, PRODUCTS, ProductList
from triggers.http.reconciliation import RECONCILIATION
from triggers.http.support.expense_operations import EXPENSE_OPERATIONS
from triggers.http.support.links import OrderLinks
from triggers.http.support.operation import BODY, Operation
from triggers.http.support.order_view import OrderAnswer
from triggers.http.support.paging import PageQuery
from triggers.http.support.workflow_operations import WORKFLOW_OPERATIONS

OPERATIONS: Final = (
    Operation(
        method="POST",
        route=ORDERS,
        name="place_order",
        summary="Place an order. Repeating it under its order_id or Idempotency-Key changes nothing.",
        body=OrderRequest,
        takes_idempotency_key=True,
        answers={202: OrderLinks},
        problems=(*BODY, 409),
    ),
    Operation(
        method="GET",
        route=ORDERS,
        name="list_orders",
        summary="List orders.",
        query=OrderQuery,
        answers={200: OrderList},
        problems=(422,),
    ),
    Operation(
        method="GET",
        route=ORDER,
        name="get_order",
        summary="Where an order stands: 202 while it is processed, 200 when it has ended.",
        answers={200: OrderAnswer, 202: OrderAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=APPROVAL,
        name="decide_approval",
        summary="Approve or reject an order that waits for it. The first decision counts.",
        body=ApprovalDecision,
        answers={202: OrderLinks},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="POST",
        route=CANCELLATION,
        name="cancel_order",
        summary="Cancel an order that is not paid yet.",
        body=CancellationRequest,
        answers={202: OrderLinks},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="GET",
        route=PRODUCTS,
        name="list_products",
        summary="List the catalogue.",
        query=PageQuery,
        answers={200: ProductList},
        problems=(422,),
    ),
    Operation(
        method="GET",
        route=PRODUCT,
        name="get_product",
        summary="One product.",
        answers={200: Product},
        problems=(404, 422),
    ),
    Operation(
        method="PUT",
        route=PRODUCT,
        name="put_product",
        summary="Enter a product or replace it. Orders keep the price they were placed at.",
        body=ProductDetails,
        answers={200: Product, 201: Product},
        problems=BODY,
    ),
    Operation(
        method="GET",
        route=INVENTORY,
        name="get_inventory",
        summary="The stock of a product.",
        answers={200: StockAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=RESTOCK,
        name="restock_inventory",
        summary="Add goods that arrived.",
        body=Delivery,
        takes_idempotency_key=True,
        answers={202: MovementAnswer},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="POST",
        route=ADJUSTMENT,
        name="adjust_inventory",
        summary="Correct the count of a product.",
        body=Correction,
        takes_idempotency_key=True,
        answers={202: MovementAnswer},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="GET",
        route=RECONCILIATION,
        name="get_reconciliation",
        summary="Compare the inventory with the orders that hold it, now.",
        answers={200: ReconciliationReport},
    ),
    Operation(
        method="GET",
        route=DEAD_LETTERS,
        name="list_dead_letters",
        summary="List what could not be done automatically.",
        query=DeadLetterQuery,
        answers={200: DeadLetterList},
        problems=(422,),
    ),
    Operation(
        method="GET",
        route=DEAD_LETTER,
        name="get_dead_letter",
        summary="One dead letter, with its latest replay.",
        answers={200: DeadLetterAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=REPLAY,
        name="start_replay",
        summary="Try the dead-lettered step again, and close its order when nothing of it is open any more.",
        answers={202: ReplayAnswer},
        problems=(404, 409, 422),
    ),
    Operation(
        method="POST",
        route=RESOLVE,
        name="resolve_dead_letter",
        summary="Close a dead letter that was dealt with by hand.",
        body=Resolution,
        answers={200: DeadLetter},
        problems=(*BODY, 404, 409),
    ),
    *WORKFLOW_OPERATIONS,
    *EXPENSE_OPERATIONS,
    Operation(
        method="GET",
        route=HEALTH,
        name="get_health",
        summary="Whether the app can do its work.",
        answers={200: HealthAnswer, 503: HealthAnswer},
        needs_key=False,
    ),
    Operation(
        method="GET",
        route=OPENAPI,
        name="get_openapi",
        summary="This document.",
        answers={200: None},
    ),
)
