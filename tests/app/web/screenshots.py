"""Every scene as a picture: ``python -m tests.app.web.screenshots DIRECTORY [SCENE…]``.

Narrow and wide, light and dark, with the real policy on content. What the browser's
console says is printed: there should be nothing.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from tests.app.web.scenes import application, scenes, serve_scenes

CHROMIUM: Final = "/usr/bin/chromium"
WIDTHS: Final = (320, 1280)


@contextmanager
def served() -> Iterator[str]:
    """The scenes on a free port of this machine: the address."""
    app = application()
    serve_scenes(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            browser.close()


def shoot(directory: Path, wanted: list[str]) -> None:
    names = [scene.name for scene in scenes() if not wanted or scene.name in wanted]
    with served() as address, chromium() as browser:
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": width, "height": 800},
                    color_scheme=scheme,
                )
                page.on("console", lambda message: print(message.text))
                for name in names:
                    page.goto(f"{address}/scenes/{name}")
                    page.screenshot(
                        path=directory / f"{name}-{width}-{scheme}.png", full_page=True
                    )
                page.close()


if __name__ == "__main__":
    shoot(Path(sys.argv[1]), sys.argv[2:])
