"""The documentation builds as a site without a warning, and its pages load nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.docs.markdown import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    made: Path = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "scripts.docs", "build", "--strict", "--site-dir", str(made)]
    staged = {"DOCS_STAGED": str(tmp_path_factory.mktemp("staged"))}
    built = subprocess.run(command, cwd=ROOT, env=os.environ | staged, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return made


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
    assert "domain.payments.money" in (site / "reference" / "domain.html").read_text(encoding="utf-8")
