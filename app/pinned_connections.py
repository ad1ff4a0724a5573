"""Connections to addresses that were looked at before, under one deadline.

A name may resolve to something else a moment later (DNS rebinding), so it is not
resolved again; and a server that sends a byte now and then gains no time by it.
"""

import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpcore

CONNECT_SECONDS: Final = 2.0


class Pinned(httpcore.NetworkBackend):
    """Connects to one of ``addresses``, the first that answers.

    ``deadline`` is a ``time.monotonic`` value.
    """

    def __init__(self, addresses: Sequence[str], deadline: float) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        for address in self._addresses[:-1]:
            try:
                return self._connected(address, port)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connected(self._addresses[-1], port)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("no Unix sockets")

    def _connected(self, address: str, port: int) -> httpcore.NetworkStream:
        timeout = min(CONNECT_SECONDS, remaining(self._deadline))
        stream = self._sockets.connect_tcp(address, port, timeout)
        return _UntilDeadline(stream, self._deadline)


class _UntilDeadline(httpcore.NetworkStream):
    """One deadline for everything: a byte now and then does not prolong it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, remaining(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, remaining(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(
            ssl_context, server_hostname, remaining(self._deadline)
        )
        return _UntilDeadline(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def remaining(deadline: float) -> float:
    """Seconds until the deadline; ``httpcore.ReadTimeout`` once it is over."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("the time for one file is over")
    return seconds
