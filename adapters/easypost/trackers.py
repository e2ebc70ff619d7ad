"""Ask EasyPost where a parcel is, and recognise forged webhooks."""

import json
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import TypeAdapter, ValidationError

from adapters.easypost.errors import easypost_errors
from domain.errors import ProviderUnavailable, SignatureInvalid
from domain.shipping.tracking import ParcelStatus, TrackingCode

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

ANSWER_TIMEOUT_S: Final = 20
_PAGE_SIZE: Final = 100
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
        from easypost.easypost_client import EasyPostClient

        options = {"api_base": api_base} if api_base else {}
        return cls(EasyPostClient(api_key, timeout=answer_s, **options), webhook_secret)

    def status(self, code: str) -> ParcelStatus:
        """Return where a parcel is. Its tracker came with its label; where there is none, one is made."""
        with easypost_errors():
            found: Any = self._client.tracker.all(tracking_code=code, page_size=_PAGE_SIZE)["trackers"]
            known = [tracker for tracker in found if tracker.tracking_code == code]
            # Of several carriers' parcels with one number, it is the one whose label was bought here.
            own = next((tracker for tracker in known if tracker.get("shipment_id")), None)
            tracker = own or (known[0] if known else self._client.tracker.create(tracking_code=code))
            if tracker.tracking_code != code:
                raise ProviderUnavailable("the carrier's answer is about another parcel")
            return _status(str(tracker.status))

    def tracking_code(self, body: bytes, signature: str | None) -> str | None:
        """Return the tracking code that a webhook reports on; None when it is about something else.

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
        except (SignatureVerificationError, json.JSONDecodeError):
            raise SignatureInvalid("the signature is not EasyPost's") from None
        return _tracking_code(event)


def _tracking_code(event: Any) -> str | None:
    if not isinstance(event, dict) or not str(event.get("description")).startswith("tracker."):
        return None
    result = event.get("result")
    try:
        return TypeAdapter(TrackingCode).validate_python(
            result.get("tracking_code") if isinstance(result, dict) else None
        )
    except ValidationError:
        return None


def _status(theirs: str) -> ParcelStatus:
    try:
        return _STATUSES.get(theirs) or ParcelStatus(theirs)
    except ValueError:
        raise ProviderUnavailable("the carrier's answer was not understood") from None
