"""How much, and how long, the wallet listens to one answer."""

from collections.abc import Iterator

import httpx
import pytest

from wallet_emulator.errors import PeerUnavailableError
from wallet_emulator.transport import bounded_body


def response() -> httpx.Response:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    request = httpx.Request("GET", "https://sign.example.test/")
    return httpx.Response(200, request=request, content=pieces())


def test_a_body_within_limits_is_read() -> None:
    assert bounded_body(response(), 6) == b"onetwo"


def test_a_long_body_is_not_read_to_its_end() -> None:
    with pytest.raises(PeerUnavailableError, match="more than 5 bytes"):
        bounded_body(response(), 5)


def test_a_body_that_trickles_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallet_emulator.transport.BODY_SECONDS", -1.0)

    with pytest.raises(PeerUnavailableError, match="too slow"):
        bounded_body(response(), 6)
