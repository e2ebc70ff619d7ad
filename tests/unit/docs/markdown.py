"""Read what the repository's Markdown refers to: links, anchors, paths, modules and make targets."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]

_FENCE: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"`([^`\n]+)`")
_LINK: Final = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_MODULE: Final = re.compile(r"python3? -m ([a-z_]\w*(?:\.[a-z_]\w*)*)")
_TARGET: Final = re.compile(r"`make ([a-z]+)\b")
_COMMAND: Final = re.compile(r"^ *make ([a-z]+)\b", re.MULTILINE)
_SUFFIXES: Final = "py|md|bicep|sql|kql|toml|yml|yaml|http|mjs|sh"
_FILE: Final = re.compile(rf"^[\w.*-]+(?:/[\w.*-]+)+\.(?:{_SUFFIXES})(?:#\S+)?$")
_NAME: Final = re.compile(r"^[A-Za-z]+(?:_[A-Za-z0-9]+)+$")
_SOURCES: Final = (".py", ".example", ".kql", ".bicep", ".json", ".yml", ".toml", ".sql", "Makefile")
_FOLDER: Final = re.compile(r"^[\w.*-]+(?:/[\w.*-]+)*/?$")


@dataclass(frozen=True)
class Page:
    """One Markdown file. name: its path from the root."""

    name: str

    @property
    def text(self) -> str:
        return (ROOT / self.name).read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def links(self) -> Iterator[str]:
        """Yield the targets of links that lead into the repository."""
        for target in _LINK.findall(self.prose):
            if not re.match(r"[a-z]+:", target):
                yield target

    def anchors(self) -> set[str]:
        """Return the anchors of the headings, as GitHub and MkDocs make them."""
        return {_slug(heading) for heading in _HEADING.findall(self.prose)}

    def paths(self) -> Iterator[str]:
        """Yield the words in backticks that name a file or a folder of the repository."""
        for word in _CODE.findall(self.prose):
            first = word.partition("/")[0]
            if _FILE.match(word) or ("/" in word and first in _top_folders() and _FOLDER.match(word)):
                yield word.partition("#")[0]

    def names(self) -> Iterator[str]:
        """Yield the words in backticks that are written as names are in code, with underscores."""
        yield from (word for word in _CODE.findall(self.prose) if _NAME.match(word))

    def modules(self) -> Iterator[str]:
        """Yield the modules that a command of the page runs."""
        yield from _MODULE.findall(self.text)

    def targets(self) -> Iterator[str]:
        """Yield the make targets that the page names."""
        yield from _TARGET.findall(self.prose)
        for block in _FENCE.findall(self.text):
            yield from _COMMAND.findall(block)


@cache
def tracked() -> tuple[str, ...]:
    """Return the path of every file of the repository that is tracked or about to be."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(name for name in listing.stdout.splitlines() if (ROOT / name).exists())


def pages() -> list[Page]:
    return [Page(name) for name in tracked() if name.endswith(".md")]


@cache
def words_of_the_code() -> frozenset[str]:
    """Return every word of the sources; recordings and pages are none."""
    sources = (name for name in tracked() if name.endswith(_SOURCES) and "/recorded/" not in name)
    return frozenset(word for name in sources for word in re.findall(r"\w+", (ROOT / name).read_text(encoding="utf-8")))


@cache
def _top_folders() -> frozenset[str]:
    return frozenset(name.partition("/")[0] for name in tracked() if "/" in name)


def _slug(heading: str) -> str:
    plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "").lower())
    return re.sub(r"\s", "-", plain.strip())
