"""Serve pages with gunicorn: threads of one process, on loopback only.

One process, because what waits for a decision on the phone is kept in memory. Gunicorn
rather than a development server, because it bounds request lines and headers, drops
silent connections and speaks TLS 1.2 or later with a certificate of its own.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication

THREADS: Final = 8
LONGEST_LINE: Final = 8190  # gunicorn's own limit; longer links are pasted


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCertificate:
    """PEM files: the chain, leaf first, and its key."""

    chain: Path
    key: Path


class LoopbackServer(BaseApplication):
    """``run`` blocks until SIGTERM or SIGINT; ``make_app`` runs in the worker."""

    def __init__(
        self,
        make_app: Callable[[], Flask],
        *,
        bind: str,
        certificate: ServerCertificate | None = None,
    ) -> None:
        self._make_app = make_app
        self._bind = bind
        self._certificate = certificate
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, object] = {
            "bind": self._bind,
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "limit_request_line": LONGEST_LINE,
            "limit_request_fields": 64,
            "graceful_timeout": 5,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        if self._certificate is not None:
            settings["certfile"] = str(self._certificate.chain)
            settings["keyfile"] = str(self._certificate.key)
            settings["ssl_context"] = _tls_1_2_or_later
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._make_app()


def _tls_1_2_or_later(
    _config: object, default: Callable[[], ssl.SSLContext]
) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
