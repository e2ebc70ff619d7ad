"""A link that gives its holder one blob for a while."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class BlobLink:
    """A signed address of one blob. url: secret until expires_at."""

    url: str
    expires_at: datetime
