"""The commands for operators say who calls: an app in Azure admits no operator by a function key."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from scripts import backup, personal_data, recover


@pytest.fixture
def seen() -> Iterator[tuple[str, list[str | None]]]:
    """Yield an address that refuses every request, and the authorisations that it was sent."""
    sent: list[str | None] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(self.headers["Authorization"])
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("token", "sent_as"), [("of-ann", "Bearer of-ann"), ("", None)])
def test_every_command_sends_the_token(seen, monkeypatch, capsys, token, sent_as):
    monkeypatch.setenv("APP_TOKEN", token)
    url, sent = seen
    assert recover.main(["--url", url, "--by", "ann"]) == 2
    assert personal_data.main(["export", "ada", "--url", url]) == 2
    with pytest.raises(backup.Refused):
        backup.stock_of(url)
    assert sent == [sent_as] * 3
    assert "of-ann" not in "".join(capsys.readouterr())
