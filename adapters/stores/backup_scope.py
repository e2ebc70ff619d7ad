"""What of the shop's storage a backup copies, and why the rest is not copied. A test holds this against the template."""

from collections.abc import Mapping
from typing import Final

from adapters.stores.archive import ARCHIVE
from adapters.stores.customer_exports import EXPORTS
from adapters.stores.dead_letters import DEAD_LETTERS, OPEN_DEAD_LETTERS
from adapters.stores.run_files import CONTAINERS as RUN_CONTAINERS
from domain.queues import FILE_MANIFESTS, MANIFESTS, NOTIFICATIONS, ORDERS_IN

TABLES: Final = (
    "paymentreconciliation",
    "orders",
    "workflows",
    "approvals",
    "invoices",
    "expensepayments",
    "parcels",
    "products",
    "users",
    "sentmessages",
    "erasures",
    "audit",
)
CONTAINERS: Final = tuple(
    dict.fromkeys(
        name
        for name in (MANIFESTS, *RUN_CONTAINERS.values(), ARCHIVE, DEAD_LETTERS, OPEN_DEAD_LETTERS)
        if name != EXPORTS
    )
)

NOT_COPIED: Final[Mapping[str, str]] = {
    NOTIFICATIONS: "A mail waits there for seconds. Open orders send theirs anew; an operator resends that of an ended order.",
    f"{NOTIFICATIONS}-poison": "Each of its messages becomes a dead letter at once, and those are copied.",
    DEAD_LETTERS: "Announces dead letters to other programs. The dead letters themselves are in containers, which are copied.",
    ORDERS_IN: "The sender of an order sends it again when its order is not known; an order that is known is not taken twice.",
    FILE_MANIFESTS: "Announces manifests, which are copied. A manifest whose batch is not known is uploaded again.",
    EXPORTS: "An export of a customer's data is made anew when it is asked for again.",
    "deploymentpackage": "The package of each release is in the repository's releases.",
    "linkattempts": "Counts links that failed within the last five minutes.",
    "undelivered-events": "Says why Event Grid gave an event up. Its manifest is copied.",
}
"""What is not copied (a queue cannot be, without taking its messages out), and why nothing is lost."""
