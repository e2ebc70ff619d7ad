"""Sign links that let their holder read one blob for a while, and do nothing else.

They are made on request and are never stored: a link in a history or a status would be a key in clear text. With an
identity they are signed by a user delegation key, so that the account's own keys may be switched off; with a connection
string by the account's key.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.files.blob_link import BlobLink

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient, UserDelegationKey

LINK_LIFETIME: Final = timedelta(minutes=15)
_KEY_LIFETIME: Final = timedelta(hours=4)
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)


class BlobLinks:
    """Signs links. Methods raise the blob library's errors."""

    def __init__(self, service: "BlobServiceClient") -> None:
        self._service = service
        self._delegated: tuple[UserDelegationKey, datetime] | None = None

    def to(self, container: str, name: str) -> BlobLink:
        """Return a link to one blob, valid from now on."""
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        now = datetime.now(UTC)
        blob = self._service.get_blob_client(container, name)
        token = generate_blob_sas(
            str(self._service.account_name),
            container,
            name,
            **self._key(now),
            permission=BlobSasPermissions(read=True),
            start=now - _CLOCK_TOLERANCE,
            expiry=now + LINK_LIFETIME,
            # Only the emulator speaks plain http.
            protocol="https" if blob.url.startswith("https:") else "https,http",
        )
        return BlobLink(f"{blob.url}?{token}", now + LINK_LIFETIME)

    def _key(self, now: datetime) -> dict[str, Any]:
        account_key = getattr(self._service.credential, "account_key", None)
        if account_key is not None:
            return {"account_key": account_key}
        if self._delegated is None or self._delegated[1] < now + LINK_LIFETIME:
            until = now + _KEY_LIFETIME
            self._delegated = self._service.get_user_delegation_key(now - _CLOCK_TOLERANCE, until), until
        return {"user_delegation_key": self._delegated[0]}
