"""The request object, as published wallets accept it."""

import base64
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp.dcql import CredentialQuery, DcqlQuery
from openid4vp.errors import (
    InvalidRequestError,
    RequestSigningError,
    SignatureInvalidError,
    TransactionExpiredError,
)
from openid4vp.jws import verify_raw
from openid4vp.profile import Profile
from openid4vp.request import (
    RequestSigner,
    Transaction,
    authorization_link,
    sign_request_object,
    x509_hash_client_id,
)
from tests.openid4vp import wallet
from tests.openid4vp.either import MDOC_QUERY
from tests.openid4vp.scene import APPROVAL, IDENTIFY, PASS_QUERY, PID_QUERY, SIGN
from tests.openid4vp.wallet import NOW


@dataclass
class Signer:
    """An access certificate's key in memory."""

    certificate_chain: tuple[x509.Certificate, ...] = (wallet.ACCESS_LEAF,)
    key_name: str = "TEST access"

    def sign(self, signing_input: bytes) -> bytes:
        return wallet.es256(wallet.key(self.key_name), signing_input.decode())


SIGNER: RequestSigner = Signer()


def signed(
    transaction: Transaction = SIGN,
    signer: RequestSigner = SIGNER,
    wallet_nonce: str | None = None,
) -> str:
    return sign_request_object(transaction, signer, wallet_nonce=wallet_nonce, now=NOW)


def part(text: str, index: int) -> dict[str, Any]:
    encoded = text.split(".")[index]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded + "=="))
    return decoded


def test_the_header_names_type_algorithm_and_chain() -> None:
    intermediate = wallet.authority("TEST access CA", issuer="TEST access root")

    header = part(signed(signer=Signer((wallet.ACCESS_LEAF, intermediate))), 0)

    assert header == {
        "alg": "ES256",
        "typ": "oauth-authz-req+jwt",
        "x5c": wallet.x5c(wallet.ACCESS_LEAF, intermediate),
    }


def test_the_payload_is_exactly_what_wallets_accept() -> None:
    payload = part(signed(), 1)

    assert payload == {
        "client_id": SIGN.client_id,
        "aud": "https://self-issued.me/v2",
        "iat": int(SIGN.created_at.timestamp()),
        "exp": int(SIGN.expires_at.timestamp()),
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "response_uri": SIGN.response_uri,
        "nonce": SIGN.nonce,
        "state": SIGN.state,
        "dcql_query": SIGN.query.to_json(),
        "client_metadata": {
            "jwks": {"keys": [SIGN.public_response_jwk()]},
            "vp_formats_supported": {
                "dc+sd-jwt": {
                    "sd-jwt_alg_values": ["ES256"],
                    "kb-jwt_alg_values": ["ES256"],
                }
            },
            "encrypted_response_enc_values_supported": ["A128GCM", "A256GCM"],
        },
        "transaction_data": [APPROVAL],
    }


SD_JWT = {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}
MDOC = {"issuerauth_alg_values": [-7, -9], "deviceauth_alg_values": [-7, -9]}


@pytest.mark.parametrize(
    ("credentials", "formats"),
    [
        pytest.param((PID_QUERY,), {"dc+sd-jwt": SD_JWT}, id="sd-jwt"),
        pytest.param((MDOC_QUERY,), {"mso_mdoc": MDOC}, id="mdoc"),
        pytest.param(
            (MDOC_QUERY, PID_QUERY, PASS_QUERY),
            {"mso_mdoc": MDOC, "dc+sd-jwt": SD_JWT},
            id="both",
        ),
    ],
)
def test_the_metadata_covers_the_formats_of_the_query_and_no_other(
    credentials: tuple[CredentialQuery, ...], formats: dict[str, object]
) -> None:
    asked = replace(IDENTIFY, query=DcqlQuery(credentials=credentials))

    metadata = part(signed(asked), 1)["client_metadata"]

    assert metadata["vp_formats_supported"] == formats


def test_without_approval_there_is_no_transaction_data() -> None:
    assert "transaction_data" not in part(signed(IDENTIFY), 1)


def test_the_encryption_key_is_public_and_complete() -> None:
    assert SIGN.public_response_jwk() == {
        **wallet.public_jwk(wallet.key("response")),
        "use": "enc",
        "alg": "ECDH-ES",
        "kid": "tx-7f3a",
    }


def test_the_signature_is_the_access_certificate_s() -> None:
    signing_input, _, signature = signed().rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    key = wallet.ACCESS_LEAF.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)

    verify_raw(raw, signing_input.encode(), key)
    with pytest.raises(SignatureInvalidError):
        verify_raw(raw, b"something else", key)


def test_a_request_fetched_twice_is_the_same() -> None:
    """OIDF RequestUriFetchedTwice; also after a restart."""
    again = Transaction.from_json(SIGN.to_json())

    assert signed(again) == signed()


def test_a_wallet_nonce_is_echoed_and_changes_nothing_else() -> None:
    payload = part(signed(wallet_nonce="p9Zk"), 1)

    assert payload.pop("wallet_nonce") == "p9Zk"
    assert payload == part(signed(), 1)


@pytest.mark.parametrize("nonce", ["", "x" * 513, "a b", "é", "a\n"])
def test_a_wallet_nonce_that_is_no_nonce_is_refused(nonce: str) -> None:
    with pytest.raises(InvalidRequestError):
        signed(wallet_nonce=nonce)


def test_nothing_is_signed_for_an_expired_transaction() -> None:
    with pytest.raises(TransactionExpiredError):
        sign_request_object(SIGN, SIGNER, wallet_nonce=None, now=SIGN.expires_at)


OTHER_LEAF = wallet.leaf("TEST renewed", issuer="TEST access CA")
P384 = ec.derive_private_key(7, ec.SECP384R1())
P384_LEAF = wallet.certificate(
    "P-384", issuer="TEST access CA", signer=wallet.key("x"), public=P384.public_key()
)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_LEAF = wallet.certificate(
    "RSA", issuer="TEST access CA", signer=wallet.key("x"), public=RSA.public_key()
)
ROOT = wallet.authority("TEST access CA")
HASH = x509_hash_client_id
UNFIT = [
    pytest.param(Signer(()), SIGN, id="no-chain"),
    pytest.param(Signer((wallet.ACCESS_LEAF, ROOT)), SIGN, id="H3-root-in-chain"),
    pytest.param(Signer((OTHER_LEAF,)), SIGN, id="A4-renewed-certificate"),
    pytest.param(
        Signer((OTHER_LEAF,), "TEST renewed"), SIGN, id="A4-renewed-with-its-key"
    ),
    pytest.param(Signer(key_name="other"), SIGN, id="A4-another-key"),
    pytest.param(
        Signer((P384_LEAF,)), replace(SIGN, client_id=HASH(P384_LEAF)), id="A4-p-384"
    ),
    pytest.param(
        Signer((RSA_LEAF,)), replace(SIGN, client_id=HASH(RSA_LEAF)), id="A4-rsa"
    ),
]


@pytest.mark.parametrize(("signer", "transaction"), UNFIT)
def test_a_request_that_every_wallet_refuses_is_not_made(
    signer: Signer, transaction: Transaction
) -> None:
    with pytest.raises(RequestSigningError):
        signed(transaction, signer)


SAN = x509.SubjectAlternativeName([x509.DNSName("sign.example.eu")])
DNS_LEAF = wallet.leaf(
    "TEST access", issuer="TEST access CA", extensions=((SAN, False),)
)


def test_a_dns_client_id_is_that_of_leaf_and_response_uri() -> None:
    transaction = replace(SIGN, client_id="x509_san_dns:sign.example.eu")

    payload = part(signed(transaction, Signer((DNS_LEAF,))), 1)

    assert payload["client_id"] == "x509_san_dns:sign.example.eu"


@pytest.mark.parametrize(
    ("name", "uri", "leaf"),
    [
        pytest.param(
            "sign.example.eu", "https://other.eu/x", DNS_LEAF, id="other-host"
        ),
        pytest.param("other.eu", "https://other.eu/x", DNS_LEAF, id="other-name"),
        pytest.param(
            "sign.example.eu", SIGN.response_uri, wallet.ACCESS_LEAF, id="no-name"
        ),
    ],
)
def test_a_dns_client_id_of_another_is_refused(
    name: str, uri: str, leaf: x509.Certificate
) -> None:
    transaction = replace(SIGN, client_id=f"x509_san_dns:{name}", response_uri=uri)

    with pytest.raises(RequestSigningError):
        signed(transaction, Signer((leaf,)))


def test_the_hash_client_id_is_unpadded_base64url_of_the_der() -> None:
    der = wallet.ACCESS_LEAF.public_bytes(Encoding.DER)

    client_id = x509_hash_client_id(wallet.ACCESS_LEAF)

    assert client_id == "x509_hash:" + wallet.sha256_bytes(der)


def test_the_link_has_three_parameters() -> None:
    link = authorization_link(SIGN, "https://sign.example.eu/oid4vp/requests/k7 ü")

    assert link.startswith("openid4vp://?client_id=x509_hash%3A")
    assert parse_qs(urlsplit(link).query, strict_parsing=True) == {
        "client_id": [SIGN.client_id],
        "request_uri": ["https://sign.example.eu/oid4vp/requests/k7 ü"],
        "request_uri_method": ["post"],
    }


def test_the_link_takes_another_scheme() -> None:
    asked = replace(SIGN, profile=Profile(link_scheme="haip-vp"))

    link = authorization_link(asked, "https://x.eu/r")

    assert link.startswith("haip-vp://?")


BAD_URLS = [
    "",
    "sign.example.eu/x",
    "ftp://x/y",
    "https:///x",
    "https://x/#y",
    "http://[",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_link_to_no_url_is_not_made(url: str) -> None:
    with pytest.raises(InvalidRequestError):
        authorization_link(SIGN, url)


def test_five_minutes_are_left_on_every_clock() -> None:
    payload = part(signed(), 1)

    assert payload["exp"] - payload["iat"] >= timedelta(minutes=5).total_seconds()
    assert "nbf" not in payload
