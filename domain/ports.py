"""What the app needs from providers, as contracts that any adapter can fulfil.

Every adapter of a port passes the port's suite in `tests/integration/contracts`. What all of them promise:

- A business refusal or a lasting fault is *returned* as a `StepResult` with a stable reason code. Only what is worth sending
  again is *raised*, as `ProviderUnavailable`.
- `ProviderUnavailable` means unknown: the request may or may not have taken effect. The same request may be sent again at any
  time, by any process, also long after it took effect, and has one effect all the same.
- No text that leaves an adapter repeats what the provider said or was sent: no names, addresses, tokens or keys.
- Adapters may be called from several threads at once.
"""

from collections.abc import Sequence
from typing import Protocol

from domain.identity import Caller, Evidence
from domain.mail.message import Mail
from domain.onboarding.user import FindRegion, Region
from domain.page import Page
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.shipping.labels import CarrierLabel, FindLabel, ListLabels
from domain.shipping.parcels import ParcelReport
from domain.shipping.shipment import BuyLabelRequest, CancelShippingRequest, ShipmentRequest
from domain.workflows.steps import StepResult
from domain.workflows.webhook import Webhook


class PaymentProvider(Protocol):
    """Charges a customer for one order: at most once, and never without a way back.

    The idempotency key of every operation comes from the order (`domain.ids.payment_key`), never from the attempt. Whether a
    payment that was found is the order's own is decided by the request's fingerprint, its amount and its currency: a payment of
    another program, or of an earlier order with the same id, is never captured, voided or refunded.

    Every method raises ProviderUnavailable when the same request is worth sending again.
    """

    def authorise(self, request: PaymentRequest) -> StepResult:
        """Secure the money: hold it, or take it where `request.capture` is immediate.

        A repeat returns the same reference and holds nothing more. After `cancel` it is refused and stays so.

        Returns:
            Done with the provider's payment id as reference. Refused: payment_declined, action_required,
            payment_method_invalid, amount_not_chargeable, payment_cancelled. Faulted: the id is in use by another payment,
            or the provider cannot process the request.
        """

    def capture(self, request: CaptureRequest) -> StepResult:
        """Take the money that is held. A repeat takes nothing more.

        Returns:
            Done with the payment id as reference. Refused: authorisation_expired, payment_cancelled, payment_declined.
            Faulted: there is no such authorised payment, or its amount differs.
        """

    def cancel(self, request: CancelPaymentRequest) -> StepResult:
        """Leave the customer's money as it was before the order, whatever had happened until then.

        Without a payment id, the payment is looked up. Where there is none, an authorisation that arrives later is prevented.

        Returns:
            Done, and the message says how: voided, refunded or nothing_to_compensate. Faulted: the payment found belongs to
            another order, or the provider refuses to give the money back.
        """

    def list_payments(self, wanted: ListPayments) -> Page[ProviderPayment]:
        """Return a page of the shop's payments that were made, or paid back, in a span of time; each as it is now.

        A page costs a bounded number of calls and may be empty without being the last. A payment may be on several pages, and
        one that was made or paid back is on a page from the moment on at which the provider answered. Payments without the
        shop's mark are on none.

        Raises:
            ProviderUnavailable: The same request is worth sending again.
            ProviderRefused: The provider does not list payments for this key, or does not know the cursor.
        """

    def find_payment(self, wanted: FindPayment) -> ProviderPayment | None:
        """Return one payment as it is now; None when there is none of this id, or it lacks the shop's mark.

        Raises:
            ProviderUnavailable: The same request is worth sending again.
            ProviderRefused: The provider does not answer for this key.
        """


class Carrier(Protocol):
    """Sends the parcel of one order: one label at most is paid.

    A shipment carries the order's reference (`ShipmentRequest.reference`) and costs nothing until its label is bought; only the
    label of a shipment whose id is known is bought. A shipment of another program or an earlier order is never used.

    Every method raises ProviderUnavailable when the same request is worth sending again.
    """

    def create_shipment(self, request: ShipmentRequest) -> StepResult:
        """Announce the parcel. A repeat returns the same shipment.

        Returns:
            Done with the shipment's id as reference; a `LabelOffer` may be handed on to the purchase. Refused:
            undeliverable. Faulted: carrier_request_refused.
        """

    def buy_label(self, request: BuyLabelRequest) -> StepResult:
        """Buy the cheapest label of a shipment, below the cost cap. A repeat buys nothing more.

        Returns:
            Done with the tracking code as reference, and as facts carrier, service and tracking_url, as far as the carrier
            names them. Refused: shipping_cancelled when the label was given back before,
            shipping_too_expensive, undeliverable. Faulted: carrier_request_refused.
        """

    def cancel(self, request: CancelShippingRequest) -> StepResult:
        """Give a bought label back, and prevent a purchase that is still on its way.

        Returns:
            Done, and the message says what there was: label_refunded or nothing_to_compensate. Faulted: refund_rejected,
            carrier_request_refused.
        """

    def list_labels(self, wanted: ListLabels) -> Page[CarrierLabel]:
        """Return a page of the labels of the shop's shipments that were announced in a span of time; each as it is now.

        A page may be empty without being the last. Labels without the shop's mark are on none. What cannot be understood of one
        shipment hides no other.

        Raises:
            ProviderUnavailable: The same request is worth sending again.
            ProviderRefused: The carrier does not list shipments for this key, or does not know the cursor.
        """

    def find_label(self, wanted: FindLabel) -> CarrierLabel | None:
        """Return the label of one shipment as it is now; None when there is no such shipment, or it lacks the shop's mark.

        Raises:
            ProviderUnavailable: The same request is worth sending again.
            ProviderRefused: The carrier does not answer for this key.
        """


class ParcelTracker(Protocol):
    """Knows where parcels are."""

    def report(self, code: str) -> ParcelReport:
        """Return where a parcel is. code: its tracking code.

        Raises:
            ProviderUnavailable: The same request is worth sending again.
            ProviderRefused: The carrier does not answer for this parcel.
        """

    def reports(self, codes: Sequence[str]) -> dict[str, ParcelReport]:
        """Return where parcels are, by tracking code, in one request. What is not known, or not understood, is left out.

        Args:
            codes: Up to MAX_POLLED.

        Raises:
            ProviderUnavailable: The same request is worth sending again.
            ProviderRefused: The carrier does not answer for these parcels.
        """

    def webhook_report(self, body: bytes, signature: str | None) -> ParcelReport | None:
        """Return what a webhook reports; None when it is about something else.

        Raises:
            SignatureInvalid: The webhook is not the carrier's.
        """


class Mailer(Protocol):
    """Sends mails. A repeat carries the same message id, so that it is dropped wherever the receiving side recognises it."""

    def send(self, mail: Mail) -> StepResult:
        """Hand a mail over to the service or server that delivers it.

        Returns:
            Done with the id under which it was handed over. Refused: mail_refused, for good. Faulted: mail_not_set_up.

        Raises:
            ProviderUnavailable: The same mail is worth sending again.
        """


class RegionLookup(Protocol):
    """Knows in which region a postal code lies."""

    def find(self, wanted: FindRegion) -> Region | None:
        """Return the region; None when it is not known, which is an answer and no failure. A repeat answers the same.

        Raises:
            ProviderUnavailable: The same question is worth asking again.
        """


class WebhookSender(Protocol):
    """Delivers signed messages to other people's servers."""

    def problem_with(self, url: str) -> str | None:
        """Return why this address will not be called; None when it may be, as far as is known now."""

    def send(self, webhook: Webhook) -> StepResult:
        """Deliver one message. A repeat carries the same `webhook-id`.

        Returns:
            Done. Refused: webhook_forbidden, webhook_gone, webhook_redirected. Faulted: webhook_not_sendable.

        Raises:
            ProviderUnavailable: The same message is worth sending again.
        """


class Identity(Protocol):
    """Says who calls, by what their request shows."""

    async def caller(self, evidence: Evidence) -> Caller | None:
        """Return who calls; None where the request shows no caller.

        Raises:
            NotAdmitted: What the request shows is not valid, or not for this app.
            IdentityUnavailable: That cannot be checked now.
        """
