"""Ask EasyPost where a parcel is, and recognise forged webhooks."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.easypost.client import new_client
from adapters.easypost.errors import easypost_errors
from domain.errors import ProviderRefused, ProviderUnavailable, SignatureInvalid
from domain.shipping.parcels import MAX_POLLED, ParcelReport
from domain.shipping.tracking import ParcelStatus

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

ANSWER_TIMEOUT_S: Final = 20
# Their words for ours, where they differ. `error` is the tracker's own failure, and nothing about the parcel.
_STATUSES: Final = {
    "return_to_sender": ParcelStatus.RETURNED,
    "failure": ParcelStatus.LOST,
    "error": ParcelStatus.UNKNOWN,
}


class EasyPostTrackers:
    """A `domain.ports.ParcelTracker`."""

    def __init__(self, client: "EasyPostClient", webhook_secret: str | None = None) -> None:
        self._client = client
        self._webhook_secret = webhook_secret

    @classmethod
    def connect(
        cls, api_key: str, api_base: str | None, webhook_secret: str | None = None, answer_s: int = ANSWER_TIMEOUT_S
    ) -> Self:
        """Connect to EasyPost.

        Args:
            api_key: The account's.
            api_base: None for EasyPost's own.
            webhook_secret: The key of its webhooks; without one they are all refused.
            answer_s: How long to wait for an answer.
        """
        return cls(new_client(api_key, api_base, answer_s), webhook_secret)

    def report(self, code: str) -> ParcelReport:
        """Return where a parcel is. Its tracker came with its label; where there is none, one is made."""
        with easypost_errors():
            found: Any = self._client.tracker.all(tracking_code=code, page_size=MAX_POLLED)["trackers"]
            known = _own(tracker for tracker in found if tracker.tracking_code == code)
            tracker = known or self._client.tracker.create(tracking_code=code)
            if tracker.tracking_code != code:
                raise ProviderUnavailable("the carrier's answer is about another parcel")
            report = _parcel_report(tracker)
        if report is None:
            raise ProviderRefused("the carrier's answer about the parcel was not understood")
        return report

    def reports(self, codes: Sequence[str]) -> dict[str, ParcelReport]:
        """Return where parcels are, by tracking code, in one request. What is not known, or not understood, is left out."""
        with easypost_errors():
            answer: Any = self._client.tracker.retrieve_batch(tracking_codes=list(codes))
            found = list(answer["trackers"])
            trackers = {code: _own(each for each in found if each.get("tracking_code") == code) for code in codes}
            reports = {code: _parcel_report(tracker) for code, tracker in trackers.items() if tracker is not None}
        return {code: report for code, report in reports.items() if report is not None}

    def webhook_report(self, body: bytes, signature: str | None) -> ParcelReport | None:
        """Return what a webhook reports; None when it is about something else.

        Raises:
            SignatureInvalid: EasyPost did not sign it with the shared secret.
        """
        from easypost.errors.general.signature_verification_error import SignatureVerificationError
        from easypost.util import validate_webhook

        secret = self._webhook_secret
        if secret is None or signature is None or not signature.isascii():
            raise SignatureInvalid("the request is not signed, or no secret is set")
        try:
            event = validate_webhook(body, {"X-Hmac-Signature": signature}, secret)
        except (SignatureVerificationError, ValueError, RecursionError):  # the last two: it is no JSON that can be read
            raise SignatureInvalid("the signature is not EasyPost's") from None
        return _reported(event)


def _own(trackers: Iterable[Any]) -> Any:
    """Return the tracker of the newest label that was bought here, or else the newest of all; None when there is none.

    Several carriers may use one number, and each uses its numbers again (https://docs.easypost.com/docs/trackers).
    """
    return max(
        trackers, key=lambda each: (bool(each.get("shipment_id")), str(each.get("created_at") or "")), default=None
    )


def _reported(event: Any) -> ParcelReport | None:
    if not isinstance(event, dict) or not str(event.get("description")).startswith("tracker."):
        return None
    result = event.get("result")
    return _parcel_report(result) if isinstance(result, dict) else None


def _parcel_report(tracker: Any) -> ParcelReport | None:
    """Return what a tracker says; None when it is not understood: a status that is not known yet, or a code of another form."""
    status = str(tracker.get("status"))
    try:
        return ParcelReport(
            code=tracker.get("tracking_code"),
            status=_STATUSES.get(status) or ParcelStatus(status),
            updated_at=tracker.get("updated_at"),
            tracker_id=tracker.get("id"),
            shipment_id=tracker.get("shipment_id"),
        )
    except ValueError:
        return None
