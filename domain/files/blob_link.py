"""A link that gives its holder one blob for a while."""

from datetime import datetime
from typing import NamedTuple


class BlobLink(NamedTuple):
    """A signed address of one blob. url: secret until expires_at."""

    url: str
    expires_at: datetime
