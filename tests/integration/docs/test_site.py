"""The documentation builds as a site without a warning, and its pages load nothing from elsewhere."""

import re

from tests.unit.docs.markdown import ROOT


def test_every_page_of_the_repository_is_in_it(site):
    assert (site / "index.html").is_file()
    missing = [
        page
        for page in (ROOT / "docs").rglob("[a-z0-9]*.md")
        if not (site / page.relative_to(ROOT)).with_suffix(".html").is_file()
    ]
    assert missing == []


def test_its_pages_load_nothing_from_elsewhere(site):
    loaded = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^\s\">]*")
    found = {tag for page in site.rglob("*.html") for tag in loaded.findall(page.read_text(encoding="utf-8"))}
    assert found == set()
    assert (site / "assets" / "mermaid.js").is_file()


def test_the_reference_documents_public_names(site):
    assert "domain.money" in (site / "reference" / "domain.html").read_text(encoding="utf-8")
