"""Answers as servers send them, and what becomes of them in a session."""

from typing import Any

import requests

from tests.support.scripted_server import ScriptedServer

PATIENCE_S = 60
JSON = "Content-Type: application/json"
TEXT = b'{"name": "Zo\xc3\xab"}'


def with_length(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def in_chunks(body: bytes, *headers: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", *headers, "Transfer-Encoding: chunked"]).encode()
    return head + b"\r\n\r\n" + body


def kept(session: requests.Session, server: ScriptedServer) -> requests.Session:
    """Return a session with an open connection to a server."""
    assert session.get(f"{server.url}/", timeout=PATIENCE_S).content == b"ok"
    return session


def outcome(session: requests.Session, method: str, server: ScriptedServer) -> Any:
    """Return what the caller sees of an answer or of a failure."""
    try:
        response = session.request(method, f"{server.url}/", timeout=PATIENCE_S)
    except requests.RequestException as error:
        return type(error), type(error.args[0])
    return (
        response.status_code,
        response.reason,
        dict(response.headers.lower_items()),
        response.content,
        response.encoding,
    )
