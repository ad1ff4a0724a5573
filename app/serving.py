"""Long-running processes: gunicorn for the pages, a plain loop for the worker."""

import logging
import signal
import ssl
import threading
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from app import create_app
from app.config import WebConfig

log = logging.getLogger(__name__)

MAX_REQUEST_LINE = 4094
GRACE_SECONDS = 30


class WebServer(BaseApplication):
    """gthread workers; each makes its own application after the fork.

    The access log stays off: it would hold response codes.
    """

    def __init__(self, config: WebConfig) -> None:
        self._web = config
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, object] = {
            "bind": self._web.web_bind,
            "worker_class": "gthread",
            "workers": self._web.web_workers,
            "threads": self._web.web_threads,
            "timeout": 60,
            "graceful_timeout": GRACE_SECONDS,
            "limit_request_line": MAX_REQUEST_LINE,
            "accesslog": None,
            "preload_app": False,
            "control_socket_disable": True,
            **_tls(self._web),
        }
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self._web)


def _tls(config: WebConfig) -> dict[str, object]:
    if config.tls_certificate is None or config.tls_key is None:
        return {}
    return {
        "certfile": str(config.tls_certificate),
        "keyfile": str(config.tls_key),
        "ssl_context": _tls_1_2_or_later,
    }


def _tls_1_2_or_later(
    _config: object, default: Callable[[], ssl.SSLContext]
) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def run_worker(round_of_work: Callable[[], None], pause_seconds: float) -> None:
    """Round after round until SIGTERM or SIGINT; a failing round is logged and over."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    while not stopping.is_set():
        try:
            round_of_work()
        except Exception:  # process top: the next round starts afresh
            log.exception("a round of the worker failed")
        stopping.wait(pause_seconds)
