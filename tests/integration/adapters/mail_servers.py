"""A mail server that hangs up, refuses or says nothing where a test wants it to, and keeps what was said to it."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """What it does, and what came.

    replies: to a command, in place of its own; an empty one hangs up without a word; to no command: its greeting.
    replies_in_turn: the next ones to a command, before all others. replies_to_known: the same, on connections
    over which a mail has come. content_reply: to the content of a mail. connections: the commands of each, the oldest first. mails:
    as they came.
    """

    url: str = ""
    replies: dict[str, str] = field(default_factory=dict)
    replies_to_known: dict[str, str] = field(default_factory=dict)
    replies_in_turn: dict[str, list[str]] = field(default_factory=dict)
    content_reply: str = "250 ok"
    connections: list[list[str]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    @property
    def said(self) -> list[str]:
        """Return what was said over all connections."""
        return [command for commands in self.connections for command in commands]


_REPLIES = {"EHLO": "250 here", "DATA": "354 go on", "QUIT": "221 bye"}


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """Yield a server in threads, on a free port, for the length of the block."""
    server = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            commands: list[str] = []
            server.connections.append(commands)
            has_mail = False
            self._say(server.replies.get("", "220 here"))
            for line in self.rfile:
                command = line.decode().strip().upper().split(" ", 1)[0]
                commands.append(command)
                in_turn = server.replies_in_turn.get(command)
                reply = (
                    in_turn.pop(0)
                    if in_turn
                    else (server.replies_to_known if has_mail else server.replies).get(command)
                )
                if not self._say(_REPLIES.get(command, "250 ok") if reply is None else reply):
                    return
                if command == "QUIT":
                    return
                if command == "DATA" and reply is None:
                    server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                    has_mail = True
                    if not self._say(server.content_reply):
                        return

        def _say(self, reply: str) -> bool:
            if reply:
                self.wfile.write(f"{reply}\r\n".encode())
            return bool(reply)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        server.url = f"smtp://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
