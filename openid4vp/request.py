"""Ask a wallet: the signed request object and the link to it (OpenID4VP 1.0 §5).

``sign_request_object`` may be called as often as wallets fetch (they fetch twice):
nonce, key, query, data and times are those of the transaction, and only
``wallet_nonce``, the signature and, if the profile lets the wallet say it, ``aud``
differ.

What is in the request, and what is left out, is what published wallets accept:
no ``nbf`` and an ``exp`` well ahead (some allow no clock skew), no ``redirect_uri``
(§8.2), and no client metadata beyond three members (others make some wallets take
the request for a draft of the protocol).
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import quote, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp import base64url, jws, policy_floor
from openid4vp.dcql import MSO_MDOC, SD_JWT_VC
from openid4vp.errors import (
    InvalidRequestError,
    RequestSigningError,
    SignatureInvalidError,
    TransactionExpiredError,
)
from openid4vp.transaction import (
    X509_HASH,
    X509_SAN_DNS,
    Transaction,
    begin,
    check_url,
)
from openid4vp.wallet_metadata import WalletMetadata

__all__ = [
    "RequestSigner",
    "Transaction",
    "authorization_link",
    "begin",
    "sign_request_object",
    "x509_hash_client_id",
]

TYP: Final = "oauth-authz-req+jwt"
AUD: Final = "https://self-issued.me/v2"
RESPONSE_MODE: Final = "direct_post.jwt"
DC_API_RESPONSE_MODE: Final = "dc_api.jwt"
# B.3.4, B.2.2; COSE: -7 is ES256, -9 the same curve fully specified (ESP256). No MAC
# is listed, so that an mdoc is bound by a signature.
VP_FORMATS: Final[Mapping[str, Mapping[str, list[str] | list[int]]]] = MappingProxyType(
    {
        SD_JWT_VC: {"sd-jwt_alg_values": [jws.ALG], "kb-jwt_alg_values": [jws.ALG]},
        MSO_MDOC: {
            "issuerauth_alg_values": [-7, -9],
            "deviceauth_alg_values": [-7, -9],
        },
    }
)
_WALLET_NONCE = re.compile(r"[\x21-\x7e]{1,512}")


class RequestSigner(Protocol):
    """Holds the access certificate's key; ES256."""

    @property
    def certificate_chain(self) -> tuple[x509.Certificate, ...]:
        """Leaf first, without the anchor (HAIP 1.0 §5)."""
        ...

    def sign(self, signing_input: bytes) -> bytes:
        """Return r||s, 64 bytes, over SHA-256 of ``signing_input``."""
        ...


def sign_request_object(
    transaction: Transaction,
    signer: RequestSigner,
    *,
    wallet_nonce: str | None,
    now: datetime,
    wallet_metadata: WalletMetadata | None = None,
) -> str:
    """Return the request object as compact JWS (RFC 9101, OpenID4VP 1.0 §5.8).

    ``wallet_nonce`` is echoed if the wallet sent one and absent otherwise: wallets
    refuse one they did not send. ``wallet_metadata`` chooses among what the profile
    allows, and widens nothing. Raises ``TransactionExpiredError``,
    ``InvalidRequestError`` and, when certificate and client_id no longer fit,
    ``RequestSigningError``.
    """
    if now >= transaction.expires_at:
        raise TransactionExpiredError("the request has expired")
    chain = signer.certificate_chain
    _check_chain(chain)
    _check_client_id(transaction, chain[0])
    claims = _claims(transaction, wallet_nonce)
    claims["aud"] = _audience(transaction, wallet_metadata)
    policy_floor.check_request(claims)
    text = jws.signing_input(_header(transaction, chain), claims)
    signature = signer.sign(text.encode("ascii"))
    try:  # a wrong key or a faulty device must not show as a wallet's refusal
        jws.verify_raw(signature, text.encode("ascii"), _leaf_key(chain[0]))
    except SignatureInvalidError:
        raise RequestSigningError("the key is not the certificate's") from None
    return f"{text}.{base64url.encode(signature)}"


def x509_hash_client_id(leaf: x509.Certificate) -> str:
    """``x509_hash:`` and the unpadded base64url SHA-256 of the leaf (§5.9.3)."""
    digest = hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()
    return X509_HASH + base64url.encode(digest)


def authorization_link(transaction: Transaction, request_uri: str) -> str:
    """The link behind the button and in the QR code: three parameters, no more.

    ``request_uri_method`` is lower case here and nowhere else (§5.10).
    """
    check_url(request_uri)
    profile = transaction.profile
    parameters = {"client_id": transaction.client_id, "request_uri": request_uri}
    if profile.request_uri_method != "omit":
        parameters["request_uri_method"] = profile.request_uri_method
    scheme = profile.link_scheme
    start = scheme if "://" in scheme else f"{scheme}://"
    return f"{start}?{urlencode(parameters, quote_via=quote, safe='')}"


def _header(
    transaction: Transaction, chain: tuple[x509.Certificate, ...]
) -> dict[str, object]:
    header: dict[str, object] = {
        "alg": jws.ALG,
        "typ": TYP,
        "x5c": [_der_base64(c) for c in chain],
    }
    if transaction.profile.iat_in_header:
        header["iat"] = int(transaction.created_at.timestamp())
    return header


def _audience(transaction: Transaction, wallet: WalletMetadata | None) -> str:
    if transaction.profile.aud == "self_issued" or wallet is None:
        return AUD
    return wallet.issuer or AUD


def echo_of(sent: str | None) -> str | None:
    """The wallet_nonce, if it can be echoed; raises ``InvalidRequestError``."""
    if sent is not None and not _WALLET_NONCE.fullmatch(sent):
        raise InvalidRequestError("wallet_nonce is 1 to 512 visible characters")
    return sent


def _claims(transaction: Transaction, sent_nonce: str | None) -> dict[str, object]:
    claims: dict[str, object] = {
        "client_id": transaction.client_id,
        "aud": AUD,
        "iat": int(transaction.created_at.timestamp()),
        "exp": int(transaction.expires_at.timestamp()),
        "response_type": "vp_token",
        **_return_way(transaction),
        "nonce": transaction.nonce,
        "dcql_query": transaction.query.to_json(),
        "client_metadata": _client_metadata(transaction),
    }
    if transaction.transaction_data:
        claims["transaction_data"] = list(transaction.transaction_data)
    if transaction.verifier_info:
        claims["verifier_info"] = list(transaction.verifier_info)
    if sent_nonce is not None:
        claims["wallet_nonce"] = echo_of(sent_nonce)
    return claims


def _return_way(transaction: Transaction) -> dict[str, object]:
    """How the answer comes: posted to us (§8.2), or by the browser (App. A.2)."""
    if transaction.origin is not None:
        return {
            "response_mode": DC_API_RESPONSE_MODE,
            "expected_origins": [transaction.origin],
        }
    return {
        "response_mode": RESPONSE_MODE,
        "response_uri": transaction.response_uri,
        "state": transaction.state,
    }


def _client_metadata(transaction: Transaction) -> dict[str, object]:
    return {
        "jwks": {"keys": [transaction.public_response_jwk()]},
        "vp_formats_supported": {
            asked: VP_FORMATS[asked] for asked in transaction.query.formats()
        },
        "encrypted_response_enc_values_supported": list(transaction.profile.enc_values),
    }


def _check_chain(chain: tuple[x509.Certificate, ...]) -> None:
    if not chain or any(c.subject == c.issuer for c in chain):
        raise RequestSigningError("x5c holds a leaf and intermediates, never a root")


def _check_client_id(transaction: Transaction, leaf: x509.Certificate) -> None:
    client_id = transaction.client_id
    if client_id.startswith(X509_SAN_DNS):
        name = client_id.removeprefix(X509_SAN_DNS)
        host = urlsplit(transaction.origin or transaction.response_uri).hostname
        if name not in _dns_names(leaf) or name != host:
            raise RequestSigningError(
                "client_id is no dNSName of leaf and response_uri"
            )
    elif client_id != x509_hash_client_id(leaf):
        raise RequestSigningError("client_id is not the hash of the signing leaf")


def _dns_names(leaf: x509.Certificate) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)


def _leaf_key(leaf: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise RequestSigningError("the access certificate's key is not EC")
    return key


def _der_base64(certificate: x509.Certificate) -> str:
    der = certificate.public_bytes(Encoding.DER)
    return base64.b64encode(der).decode("ascii")
