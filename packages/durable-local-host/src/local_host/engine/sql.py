"""Reads the named sections of a `.sql` file that lies beside the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent


def load_sections(file_name: str, keyword: str) -> Mapping[str, str]:
    """Return the text between one `-- keyword: x` line and the next, by x; comments stay in it."""
    text = (_FOLDER / file_name).read_text(encoding="utf-8")
    parts = re.split(rf"^-- {keyword}: (\S+)$", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
