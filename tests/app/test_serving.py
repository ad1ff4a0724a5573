import logging
import os
import signal
from collections.abc import Iterator

import pytest

from app.config import WebConfig
from app.serving import WebServer, run_worker


@pytest.fixture
def handlers() -> Iterator[None]:
    kept = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_a_round_that_fails_does_not_stop_the_worker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rounds = []

    def round_of_work() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("disk full")
        os.kill(os.getpid(), signal.SIGTERM)

    with caplog.at_level(logging.ERROR):
        run_worker(round_of_work, pause_seconds=0.001)

    assert len(rounds) == 2
    assert "disk full" in caplog.text


@pytest.fixture
def server(config: WebConfig, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    monkeypatch.setattr("sys.argv", ["qes"])
    return WebServer(config)


def test_no_access_log_is_written_for_it_would_hold_response_codes(
    server: WebServer,
) -> None:
    assert server.cfg.settings["accesslog"].get() is None


def test_every_worker_makes_its_own_application(server: WebServer) -> None:
    assert server.cfg.settings["preload_app"].get() is False
    assert server.cfg.settings["worker_class"].get() == "gthread"
