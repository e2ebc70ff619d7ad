"""When each provider last answered, and last did not, as the newest orders have recorded it. No provider is called for it.

The steps of orders run in other processes than the one that is asked, so nothing is remembered of the calls themselves.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from domain.orders import steps as names
from domain.orders.listing import EVERY_ORDER
from domain.payments.providers import INVOICE
from domain.workflows.steps import Outcome
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.orders.status import OrderView, find_order

SAMPLE_SIZE: Final = 20

_CARRIER: Final = "easypost"
_OF_PAYMENT: Final = frozenset({names.AUTHORISE_PAYMENT, names.CAPTURE_PAYMENT, names.CANCEL_PAYMENT})
_OF_CARRIER: Final = frozenset({names.CREATE_SHIPMENT, names.BUY_LABEL, names.CANCEL_SHIPPING})
# A refusal is an answer, too.
_ANSWERED: Final = frozenset({Outcome.DONE, Outcome.REFUSED})


class Answer(NamedTuple):
    """What an order recorded of one step at a provider. problem: None where the provider answered."""

    provider: str
    order_id: str
    at: datetime
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class ProviderStatus:
    """What is known of one provider. A field is None where none of the newest orders has recorded such a step."""

    provider: str
    success: Answer | None
    failure: Answer | None

    @property
    def has_failed_last(self) -> bool:
        """Whether nothing has succeeded since the last failure."""
        return self.failure is not None and (self.success is None or self.success.at < self.failure.at)


async def provider_statuses(client: DurableClient) -> tuple[ProviderStatus, ...]:
    """Return the status of each payment provider that is offered and of the carrier, as it was read lately.

    Raises:
        StorageUnavailable: The newest orders could not be read.
    """
    return await services().recent_results.get("providers", lambda: _read(client))


async def _read(client: DurableClient) -> tuple[ProviderStatus, ...]:
    async def view(order_id: str) -> OrderView:
        return await find_order(client, order_id)

    newest = await asyncio.to_thread(services().order_repository.list, EVERY_ORDER, limit=SAMPLE_SIZE)
    views = await gather_bounded(view, [order.order_id for order in newest.items])
    answers = tuple(answer for each in reversed(views) for answer in _answers_in(each))
    # Invoices are kept by the shop itself.
    offered = [each for each in services().settings.payment_providers if each != INVOICE]
    return tuple(_status(provider, answers) for provider in (*offered, _CARRIER))


def _answers_in(view: OrderView) -> Iterator[Answer]:
    paid_at = None if view.row is None or view.row.order is None else view.row.order.payment_provider
    asked: Mapping[str, str] = {
        **dict.fromkeys(_OF_CARRIER, _CARRIER),
        **({} if paid_at is None else dict.fromkeys(_OF_PAYMENT, paid_at)),
    }
    for entry in view.progress.steps:
        if entry.step in asked:
            problem = None if entry.outcome in _ANSWERED else entry.message or str(entry.outcome)
            yield Answer(asked[entry.step], view.order_id, entry.at, problem)
    step = view.progress.step
    if step is not None and step.name in asked and step.last_error is not None:
        yield Answer(asked[step.name], view.order_id, view.changed_at, step.last_error)


def _status(provider: str, answers: Iterable[Answer]) -> ProviderStatus:
    of_provider = sorted((each for each in answers if each.provider == provider), key=lambda each: each.at)
    return ProviderStatus(
        provider=provider,
        success=next((each for each in reversed(of_provider) if each.problem is None), None),
        failure=next((each for each in reversed(of_provider) if each.problem is not None), None),
    )
