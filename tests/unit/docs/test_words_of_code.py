"""Code uses the words of docs/glossary.md: names, comments, docstrings, texts, templates, queries, infrastructure."""

import re
from pathlib import Path

import pytest

from tests.unit.docs.markdown import ROOT, tracked
from tests.unit.docs.test_words import AVOIDED

ALSO_AVOIDED = (
    "everybody",
    "callback",
    "call back",
    "park",
    "parking",
    "sweep",
    "sweeps",
    "swept",
    "let go",
    "lets go",
    "lapse",
    "lapsed",
    "tell",
    "tells",
    "told",
    "hear",
    "hears",
    "heard",
    "news",
    "story",
    "stories",
    "disagree",
    "disagreement",
    "enter once",
    "owed",
)
"""In prose these have other meanings, so that only code is held to them."""

ALLOWED = {
    r"callback_url": "the API's field: callers know it by this name",
    r"(?i)callback_allow_loopback": "the setting that rules `callback_url`",
    r"somebody@example\.com": "an input of the recorded predictions of deployments, which repeat it",
    r"/\.auth/login/aad/callback": "the platform's address, to which Entra sends who has signed in",
    r"add_done_callback|\.callback\(": "asyncio and contextlib have these names",
}
"""What is no use of an avoided word, by pattern, and why."""

PATTERN = re.compile(rf"\b(?:{'|'.join(AVOIDED + ALSO_AVOIDED)})\b", re.IGNORECASE)

SUFFIXES = {
    ".py",
    ".kql",
    ".bicep",
    ".html",
    ".txt",
    ".yml",
    ".yaml",
    ".toml",
    ".sh",
    ".sql",
    ".js",
    ".css",
    ".example",
    ".http",
}
NOT_OURS = re.compile(
    r"requirements.*\.txt|console/static/vendor/.*|.*/real_host/.*|tests/integration/infra/(recorded|snapshots)/.*|tests/unit/docs/test_words.*"
)


CODE = [name for name in tracked() if Path(name).suffix in SUFFIXES and not NOT_OURS.fullmatch(name)]


def words_of(text: str) -> str:
    """Return a text with its identifiers taken apart: `sendOrder_now` is `send Order now`."""
    for pattern in ALLOWED:
        text = re.sub(pattern, "", text)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text.replace("_", " "))


def test_code_has_none_of_the_words_to_avoid() -> None:
    found = [
        f"{name}:{number}: {', '.join(words)}"
        for name in CODE
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
        if (words := PATTERN.findall(words_of(line)))
    ]
    assert found == []


@pytest.mark.parametrize("pattern", ALLOWED)
def test_an_exception_is_still_needed(pattern: str) -> None:
    assert any(re.search(pattern, (ROOT / name).read_text(encoding="utf-8")) for name in CODE)


@pytest.mark.parametrize(
    "line", ["def send_callback(): ...", "class TellsOrders:", "x.putAside()", '"""Nobody waits."""', "LAPSED = 1  # s"]
)
def test_a_word_is_found_in_names_and_in_prose(line: str) -> None:
    assert PATTERN.search(words_of(line))
