"""The documentation uses the words of docs/glossary.md."""

import re

import pytest

from tests.unit.docs.markdown import Page, pages

AVOIDED = (
    "undo",
    "undone",
    "parked",
    "sweeper",
    "order book",
    "intake book",
    "put aside",
    "somebody",
    "nobody",
    "anybody",
    "whoever",
    "knock",
)
OURS = [page for page in pages() if page.name.startswith(("docs/", ".github/")) or "/" not in page.name]


@pytest.mark.parametrize("page", [page for page in OURS if page.name != "docs/glossary.md"], ids=lambda page: page.name)
def test_a_page_has_none_of_the_words_to_avoid(page: Page) -> None:
    words = re.findall(rf"\b(?:{'|'.join(AVOIDED)})\b", page.prose, re.IGNORECASE)
    assert words == []


def test_every_word_to_avoid_is_in_the_glossary_or_a_pronoun_without_an_actor() -> None:
    glossary = Page("docs/glossary.md").text.lower()
    assert [word for word in AVOIDED if word not in glossary] == []
