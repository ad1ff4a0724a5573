"""A server that says exactly the bytes a test wants, and counts who came."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[[socket.socket, bytes], None]


def says(content: bytes) -> Talk:
    return lambda connection, _request: connection.sendall(content)


def response(
    body: bytes = b"list",
    *,
    status: str = "200 OK",
    media_type: str = "application/statuslist+jwt",
    **headers: str,
) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"Content-Type: {media_type}"] if media_type else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class RawServer:
    """``talk`` gets each connection and the head of its request."""

    listener: socket.socket
    talk: Talk
    tls: ssl.SSLContext | None = None
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def run(self) -> None:
        while not self.stopping.is_set():
            with suppress(TimeoutError):
                connection, _ = self.listener.accept()
                self.connections += 1
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(2)
        with connection, suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (block := connection.recv(4096)):
                    head += block
                self.heads.append(head)
                self.talk(connection, head)


@contextmanager
def raw_server(
    talk: Talk, *, address: str = "127.0.0.1", port: int = 0, tls: object = None
) -> Iterator[RawServer]:
    with socket.create_server((address, port)) as listener:
        listener.settimeout(0.02)
        server = RawServer(listener, talk, tls)  # type: ignore[arg-type]
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            thread.join()
