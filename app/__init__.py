"""The web tier of the signing service.

``create_app`` is its only door. What it wires is imported when it is called: the
documents child and the trust services live in sub-packages of this one and must not
carry a web framework with them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import WebConfig
    from app.wiring import Peers


def create_app(config: "WebConfig", peers: "Peers | None" = None) -> "Flask":
    """The WSGI application; ``peers`` are the real ones of ``config`` unless given."""
    from app.wiring import build, peers_of  # noqa: PLC0415 — see above

    return build(config, peers or peers_of(config))
