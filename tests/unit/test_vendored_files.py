"""What is vendored for the console is what package.json pins, byte for byte, with its licence."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "console" / "static" / "vendor"


def test_htmx_is_the_pinned_version_with_its_licence() -> None:
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["htmx.org"]
    name = f"htmx.org-{pinned}"
    assert {path.name for path in VENDOR.iterdir()} == {f"{name}.min.js", f"{name}.LICENSE.txt"}
    assert f"file_address('{name}.min.js')" in (ROOT / "console/templates/layout.html").read_text(encoding="utf-8")


def test_htmx_is_as_it_was_published() -> None:
    package = ROOT / "node_modules" / "htmx.org"
    if not package.exists():
        pytest.skip("there is no htmx.org in node_modules: npm ci, as `make test` does")
    (script,) = VENDOR.glob("htmx.org-*.min.js")
    assert script.read_bytes() == (package / "dist" / "htmx.min.js").read_bytes()
    (licence,) = VENDOR.glob("htmx.org-*.LICENSE.txt")
    assert licence.read_bytes() == (package / "LICENSE").read_bytes()
