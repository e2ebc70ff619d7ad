"""Find the link that an approver got, where the mail catcher keeps its mails."""

import re
from pathlib import Path
from typing import Final

_LINK: Final = re.compile(r"/api/decisions\?token=([\w.-]+)")


def decision_token(mails: Path, claim_id: str) -> str | None:
    """Return the token of the link in the mail to a claim's first approver; None before the mail has arrived."""
    # A long Message-ID is folded in the mail, and the blank that it then begins with becomes part of the name.
    for page in mails.glob(f"*{claim_id}.expense_decision_requested.1*.html"):
        if found := _LINK.search(page.read_text(encoding="utf-8")):
            return found[1]
    return None
