"""Run the SAM under gunicorn: one single-threaded worker on a Unix socket.

The worker opens device and database after the fork, never before. A worker that hangs
in the HSM past ``TIMEOUT`` is killed and started anew; what it was signing then ends as
FAILED (``sam.finish``).
"""

import logging
import os
from typing import Any

from gunicorn.app.base import BaseApplication

from sam.config import SamConfig
from sam.server import Server
from sam.start import open_sam

TIMEOUT = 60  # seconds
SOCKET_UMASK = 0o117  # rw for the SAM's user and its group, which the web tier joins


def serve(config: SamConfig) -> None:
    """Returns when told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    _Application(config).run()


class _Application(BaseApplication):
    def __init__(self, config: SamConfig) -> None:
        self._config = config
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"unix:{self._config.socket.absolute()}",
            "umask": SOCKET_UMASK,
            "workers": 1,
            "worker_class": "sync",
            "timeout": TIMEOUT,
            "graceful_timeout": TIMEOUT,
            "proc_name": "sam",
            "preload_app": False,
            "control_socket_disable": True,  # gunicorn's own door, open by default
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        os.umask(0o077)  # the socket is open to the group, the database is not
        return Server(open_sam(self._config))
