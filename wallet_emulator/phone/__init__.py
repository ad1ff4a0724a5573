"""A phone with the emulated wallet on it, as web pages. TEST ONLY, loopback only.

``create_app`` is the only wiring place. Open ``/`` for the wallet; a service links to
``/scan?uri=<the link of its QR code>``.
"""

from pathlib import Path

from flask import Flask

from wallet_emulator.consent import harmless
from wallet_emulator.phone.guard import Guard
from wallet_emulator.phone.phone import Phone
from wallet_emulator.phone.views import pages

MAX_FORM_BYTES = 64_000


def create_app(phone: Phone, service_url: str | None = None) -> Flask:
    """``service_url``: where "Open the signing service" leads."""
    app = Flask(__name__, root_path=str(Path(__file__).parent))
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES, MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES
    )
    # Every text in a page may come from a stranger: none may hide or turn others.
    app.jinja_options = {"finalize": _shown}
    app.jinja_env.globals["service_url"] = service_url
    app.extensions["phone"] = phone
    Guard().init_app(app)
    app.register_blueprint(pages)
    return app


def _shown(value: object) -> object:
    return harmless(value) if type(value) is str else value
