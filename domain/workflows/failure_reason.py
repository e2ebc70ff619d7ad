"""Why an attempt failed, in one line that customers and operators may read and that is stored and logged.

An exception reaches the orchestrator as text. Only the words of the shop's own two faults are kept, because the shop writes them
itself; of any other exception, whose text may hold whatever its caller was handling, the name of its class is kept.
"""

import re
from typing import Final

from domain.cards import looks_like_card_number
from domain.errors import EndNotKnown, ProviderUnavailable, StorageUnavailable

MAX_REASON: Final = 200
_MAX_READ: Final = 10 * MAX_REASON  # the patterns below take the square of a text's length

_OWN_FAULTS: Final = frozenset(each.__name__ for each in (ProviderUnavailable, StorageUnavailable, EndNotKnown))
_UNKNOWN: Final = "the attempt failed"

# Patterns are compiled by their first use, which keeps cold starts short. What the host says of a call (its recordings):
# `Activity function 'NAME' failed: CLASS: words`, and around that once more for each orchestration it went through.
_WRAPPING: Final = r"^.* function '[^']*' failed: "
_RAISED: Final = r"([A-Z][A-Za-z0-9_]*)(?:: (.*))?"
_EXITED: Final = r"exited with code (-?[0-9]+)"
_TIMED_OUT: Final = r"Timeout value of ([0-9:.]+) was exceeded"
# The second line of defence: what none of our own texts holds.
_PRIVATE: Final = (
    r"[^\s<>()'\"]+@[^\s<>()'\"]+"  # an e-mail address
    r"|(?i:\b(?:sk|rk|pk|whsec|seti|pi)_\w{8,}|\bEZ[AT]K\w{8,})"  # a provider's key, or a payment's secret
    r"|(?i:\b(?:bearer|basic) +\S+)"
    r"|(?i:\b(?:account_?key|sig|signature|code|token|password|secret|api_?key)=[^\s;&]+)"
)


def failure_reason(error: str) -> str:
    """Return why an attempt failed. error: the text with which its task failed."""
    line = re.sub(_WRAPPING, "", error.strip()[:_MAX_READ].partition("\n")[0].strip())
    if exited := re.search(_EXITED, line):
        return f"the worker process ended (code {exited[1]})"
    if timed_out := re.search(_TIMED_OUT, line):
        return f"the function ran longer than {timed_out[1]}"
    raised = re.fullmatch(_RAISED, line)
    if raised is None:
        return _UNKNOWN
    name, words = raised[1], raised[2]
    return _shown(words) if name in _OWN_FAULTS and words else name[:MAX_REASON]


def _shown(words: str) -> str:
    line = re.sub(_PRIVATE, "[hidden]", " ".join(words.split()))
    return _UNKNOWN if looks_like_card_number(line) else line[:MAX_REASON]
