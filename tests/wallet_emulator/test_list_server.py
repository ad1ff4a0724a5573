"""The published lists, read by libraries that share nothing with the emulator."""

import base64
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from flask.testing import FlaskClient

from tests.wallet_emulator.phones import Clock
from tests.wallet_emulator.relying_party import NOW
from tests.wallet_emulator.test_status_lists import IDENTIFIER_URI, STATUS_URI, URL
from wallet_emulator.list_server import SIGNED_ANEW, SignedLists, create_app
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.status_lists import PLACES, StatusLists

STATUS_JWT = "application/statuslist+jwt"
STATUS_CWT = "application/statuslist+cwt"
IDENTIFIER_CWT = "application/identifierlist+cwt"


@pytest.fixture
def publisher(tmp_path: Path) -> PidProvider:
    return PidProvider.setup(tmp_path / "home", NOW, lists_url=URL)


@pytest.fixture
def lists(publisher: PidProvider) -> StatusLists:
    assert publisher.lists is not None
    return publisher.lists


def idx_of(status: Any) -> int:
    return int(status["status_list"]["idx"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(publisher: PidProvider, lists: StatusLists, clock: Clock) -> FlaskClient:
    return create_app(SignedLists(lists, publisher.list_signer, clock)).test_client()


def fetch(server: FlaskClient, path: str, accept: str | None = None) -> bytes:
    headers = {} if accept is None else {"Accept": accept}
    answer = server.get(path, headers=headers)
    assert answer.status_code == 200
    return bytes(answer.data)


def read_jwt(token: bytes, publisher: PidProvider) -> dict[str, Any]:
    options: Any = {"verify_exp": False, "verify_iat": False}
    key = publisher.signer_key.public_key()
    claims: dict[str, Any] = jwt.decode(token, key, ["ES256"], options=options)
    return claims


def read_cwt(token: bytes, publisher: PidProvider) -> tuple[Any, Any]:
    """Protected header and claims, once the signature was verified (RFC 9052 §4.4)."""
    tagged = cbor2.loads(token)
    protected, _unprotected, payload, raw = tagged.value
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    publisher.signer_key.public_key().verify(
        utils.encode_dss_signature(r, s),
        cbor2.dumps(["Signature1", protected, b"", payload]),
        ec.ECDSA(SHA256()),
    )
    assert tagged.tag == 18
    return cbor2.loads(protected), cbor2.loads(payload)


def bit(compressed: bytes, idx: int) -> int:
    """Token Status List §4.1 with one bit a status."""
    return zlib.decompress(compressed)[idx // 8] >> (idx % 8) & 1


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_jwt_says_who_is_revoked_and_nobody_else(
    publisher: PidProvider, lists: StatusLists, server: FlaskClient
) -> None:
    gone, good = lists.new_place(), lists.new_place()
    lists.revoke(gone)

    token = fetch(server, "/status-lists/1")

    claims = read_jwt(token, publisher)
    compressed = unpadded(claims["status_list"]["lst"])
    assert claims["status_list"]["bits"] == 1
    assert (bit(compressed, idx_of(gone)), bit(compressed, idx_of(good))) == (1, 0)
    assert len(zlib.decompress(compressed)) * 8 == PLACES
    assert sum(byte.bit_count() for byte in zlib.decompress(compressed)) == 1


def test_the_envelope_of_the_jwt_is_that_of_the_draft(
    publisher: PidProvider, server: FlaskClient
) -> None:
    token = fetch(server, "/status-lists/1")

    claims, header = read_jwt(token, publisher), jwt.get_unverified_header(token)
    now = int(NOW.timestamp())
    assert header["typ"] == "statuslist+jwt"
    der = base64.b64decode(header["x5c"][0])
    assert x509.load_der_x509_certificate(der) == publisher.signer
    assert (claims["sub"], claims["iat"], claims["ttl"]) == (STATUS_URI, now, 60)
    assert claims["exp"] == now + 24 * 3600


def test_the_cwt_says_the_same(
    publisher: PidProvider, lists: StatusLists, server: FlaskClient
) -> None:
    gone = lists.new_place()
    lists.revoke(gone)

    header, claims = read_cwt(fetch(server, "/status-lists/1", STATUS_CWT), publisher)

    assert (header[1], header[16]) == (-7, STATUS_CWT)
    assert claims[2] == STATUS_URI
    assert {4, 6, 65534} <= claims.keys()
    assert bit(claims[65533]["lst"], idx_of(gone)) == 1


def test_the_identifier_list_holds_the_names_of_the_revoked(
    publisher: PidProvider, lists: StatusLists, server: FlaskClient
) -> None:
    gone: Any = lists.new_name()
    lists.new_name()
    fetch(server, "/identifier-lists/1")
    lists.revoke(gone)

    header, claims = read_cwt(fetch(server, "/identifier-lists/1"), publisher)

    assert gone["identifier_list"]["uri"] == claims[2] == IDENTIFIER_URI
    assert header[16] == IDENTIFIER_CWT
    assert claims[65530] == {"identifiers": {gone["identifier_list"]["id"]: {}}}


@pytest.mark.parametrize(
    ("path", "accept", "answered"),
    [
        ("/status-lists/1", None, STATUS_JWT),
        ("/status-lists/1", "*/*", STATUS_JWT),
        ("/status-lists/1", STATUS_CWT, STATUS_CWT),
        ("/status-lists/1", f"{STATUS_JWT}, {STATUS_CWT}", STATUS_JWT),
        ("/status-lists/1", f"{STATUS_JWT};q=0.1, {STATUS_CWT}", STATUS_CWT),
        ("/identifier-lists/1", IDENTIFIER_CWT, IDENTIFIER_CWT),
    ],
)
def test_a_reader_gets_the_encoding_it_asks_for(
    server: FlaskClient, path: str, accept: str | None, answered: str
) -> None:
    answer = server.get(path, headers={} if accept is None else {"Accept": accept})

    assert answer.content_type == answered
    assert answer.headers["Cache-Control"] == "max-age=60"


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/status-lists/1", "text/html", 406),
        ("/identifier-lists/1", STATUS_JWT, 406),
        ("/status-lists/2", None, 404),
    ],
)
def test_what_is_not_published_is_not_answered(
    server: FlaskClient, path: str, accept: str | None, status: int
) -> None:
    headers = {} if accept is None else {"Accept": accept}

    assert server.get(path, headers=headers).status_code == status


def test_the_same_list_is_the_same_bytes_while_nothing_changes(
    lists: StatusLists, server: FlaskClient, clock: Clock
) -> None:
    first = fetch(server, "/status-lists/1")
    lists.new_place()
    clock.now += SIGNED_ANEW - timedelta(seconds=1)

    assert fetch(server, "/status-lists/1") == first


def test_an_old_list_is_signed_anew(server: FlaskClient, clock: Clock) -> None:
    first = fetch(server, "/status-lists/1")
    clock.now += SIGNED_ANEW

    assert fetch(server, "/status-lists/1") != first


def test_a_revocation_is_in_the_next_list(
    publisher: PidProvider, lists: StatusLists, server: FlaskClient
) -> None:
    place = lists.new_place()
    fetch(server, "/status-lists/1")
    lists.revoke(place)

    claims = read_jwt(fetch(server, "/status-lists/1"), publisher)

    assert bit(unpadded(claims["status_list"]["lst"]), idx_of(place)) == 1
