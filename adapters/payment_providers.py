"""Send each payment to the provider that it names."""

from collections.abc import Callable, Mapping
from threading import Lock

from domain.errors import ProviderRefused
from domain.page import Page
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.ports import PaymentProvider
from domain.workflows.steps import StepResult

Connect = Callable[[], PaymentProvider]


class PaymentProviders:
    """All providers that the app knows, as one. Which of them new orders may use is decided when orders are taken in.

    A payment whose provider is not known here is faulted, so that its compensation is dead-lettered and not lost.
    """

    def __init__(self, known: Mapping[str, Connect]) -> None:
        """Take the providers by name, each with what connects to it: none is loaded before it is needed."""
        self._known = known
        self._connected: dict[str, PaymentProvider] = {}
        self._connecting = Lock()

    def authorise(self, request: PaymentRequest) -> StepResult:
        """Secure the money at the provider that the request names."""
        provider = self._find(request.provider)
        return _unknown(request.provider) if provider is None else provider.authorise(request)

    def capture(self, request: CaptureRequest) -> StepResult:
        """Take the money at the provider where it was authorised."""
        provider = self._find(request.provider)
        return _unknown(request.provider) if provider is None else provider.capture(request)

    def cancel(self, request: CancelPaymentRequest) -> StepResult:
        """Leave the customer's money as it was, at the provider where it was charged."""
        provider = self._find(request.payment.provider)
        return _unknown(request.payment.provider) if provider is None else provider.cancel(request)

    def list_payments(self, wanted: ListPayments) -> Page[ProviderPayment]:
        """Return a page of one provider's payments."""
        return self._known_one(wanted.provider).list_payments(wanted)

    def find_payment(self, wanted: FindPayment) -> ProviderPayment | None:
        """Return one payment of a provider."""
        return self._known_one(wanted.provider).find_payment(wanted)

    def _known_one(self, name: str) -> PaymentProvider:
        provider = self._find(name)
        if provider is None:
            raise ProviderRefused(_unknown_text(name))
        return provider

    def _find(self, name: str) -> PaymentProvider | None:
        with self._connecting:
            if name not in self._connected and name in self._known:
                self._connected[name] = self._known[name]()
            return self._connected.get(name)


def _unknown(name: str) -> StepResult:
    return StepResult.faulted("payment_provider_unknown", _unknown_text(name))


def _unknown_text(name: str) -> str:
    return f"this app knows no payment provider named {name}"
