"""The style sheet and the scripts, under names that change with their content: a browser may keep each for good.

What is vendored keeps its package and version in its name, and its licence beside it.
"""

import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

import azure.functions as func

_FOLDER: Final = Path(__file__).parents[1] / "static"
_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_DIGEST_CHARS: Final = 12
_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class _StaticFile(NamedTuple):
    content: bytes
    media_type: str


def file_address(name: str) -> str:
    """Return the address of a file. name: its own, without the folder, such as `console.css`."""
    return f"/console/static/{_served_names()[name]}"


def file_answer(served_name: str) -> func.HttpResponse:
    """Return the file behind the last part of an address, or a 404."""
    found = _files().get(served_name)
    if found is None:
        return func.HttpResponse(status_code=HTTPStatus.NOT_FOUND, headers={"Cache-Control": "no-store"})
    return func.HttpResponse(found.content, mimetype=found.media_type, charset="utf-8", headers=_HEADERS)


@cache
def _files() -> dict[str, _StaticFile]:
    """Return the files by the name under which they are served."""
    served = _served_names()
    return {
        served[path.name]: _StaticFile(path.read_bytes(), _MEDIA_TYPES[path.suffix])
        for path in _FOLDER.rglob("*")
        if path.suffix in _MEDIA_TYPES
    }


@cache
def _served_names() -> dict[str, str]:
    paths = [path for path in _FOLDER.rglob("*") if path.suffix in _MEDIA_TYPES]
    return {path.name: f"{path.stem}.{_digest(path)}{path.suffix}" for path in paths}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_DIGEST_CHARS]
