"""Address blobs whose names come from outside, and refuse names that would lead to another blob."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from domain.errors import ShopError

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient


class NameLeavesContainer(ShopError):
    """The address that HTTP makes of a blob's name is that of another blob."""

    def __init__(self) -> None:
        super().__init__("a blob's name must not have . or .. between its slashes")


def blob_within(container: "ContainerClient", name: str) -> "BlobClient":
    """Return the client of a blob.

    The transport resolves dot segments before it sends a request, and the service may take a backslash for a slash. So what is
    compared is the final path: by urllib3, which is the transport's, of the address with every such sign.

    Raises:
        NameLeavesContainer: The final path is not the blob's own.
    """
    from urllib3.util import parse_url

    blob = container.get_blob_client(name)
    path = urlsplit(blob.url).path.replace("%5C", "/").replace("%2F", "/")
    if parse_url(f"https://storage{path}").path != path:
        raise NameLeavesContainer
    return blob
