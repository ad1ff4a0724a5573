"""The forger's tools: what an attacker would write, not what a library would allow."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wallet_emulator import jws
from wallet_emulator.answer import Draft, Presentation, Shown
from wallet_emulator.certificates import x5c
from wallet_emulator.encoding import b64url
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.keys import COORDINATE_BYTES
from wallet_emulator.pid_provider import PID_VCT, PidProvider
from wallet_emulator.sd_jwt import SdJwt

_REGISTERED: Final = frozenset({"iss", "vct", "iat", "nbf", "exp", "cnf"})


def flip_signature(token: str) -> str:
    """The same JWS with one bit of its signature changed, still canonical base64url."""
    signed, _, signature = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[0] ^= 1
    return f"{signed}.{b64url(bytes(raw))}"


def unsigned(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """``alg: none`` with an empty signature (RFC 7519 §6)."""
    return jws.signing_input({**header, "alg": "none"}, claims) + "."


def keyed(
    header: Mapping[str, object], claims: Mapping[str, object], secret: bytes
) -> str:
    """HS256 with a public key as secret: the classic algorithm confusion."""
    text = jws.signing_input({**header, "alg": "HS256"}, claims)
    mac = hmac.new(secret, text.encode("ascii"), hashlib.sha256).digest()
    return f"{text}.{b64url(mac)}"


def public_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def resign(
    issuer_jwt: str,
    key: ec.EllipticCurvePrivateKey,
    chain: list[x509.Certificate],
    **header: object,
) -> str:
    """The same credential payload under another issuer's key and certificates.

    A header of None is left out.
    """
    parsed = jws.parse(issuer_jwt)
    headers = {**parsed.header, "x5c": x5c(chain), **header}
    return jws.sign(without_none(headers), parsed.claims(), key)


def without_none(members: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not None}


def resealed(draft: Draft, presentation: Presentation, **claims: object) -> None:
    """Show the same PID with other claims in the open; None leaves a claim out."""
    parsed = jws.parse(presentation.issuer_jwt)
    payload = without_none({**parsed.claims(), **claims})
    key = require_provider(draft).signer_key
    presentation.issuer_jwt = jws.sign(parsed.header, payload, key)


def signed_payload(draft: Draft, presentation: Presentation, payload: bytes) -> None:
    """Show an issuer JWT over exactly these bytes."""
    header = presentation.issuer_jwt.split(".")[0]
    text = f"{header}.{b64url(payload)}"
    key = require_provider(draft).signer_key
    signature = b64url(jws.raw_signature(text.encode("ascii"), key))
    presentation.issuer_jwt = f"{text}.{signature}"


def resignatured(token: str, signature: bytes) -> str:
    """The same JWS with other bytes as signature."""
    return f"{token.rpartition('.')[0]}.{b64url(signature)}"


def der_signature(token: str) -> bytes:
    """The signature of a JWS as ASN.1, as X.509 writes it and JOSE must not."""
    return der_of(jws.parse(token).signature)


def der_of(raw: bytes) -> bytes:
    """r and s as ASN.1."""
    return encode_dss_signature(
        int.from_bytes(raw[:COORDINATE_BYTES]), int.from_bytes(raw[COORDINATE_BYTES:])
    )


def require_provider(draft: Draft) -> PidProvider:
    if draft.provider is None:
        raise DeviationNotPossibleError("this deviation needs the test PID provider")
    return draft.provider


def personal_claims(presentation: Presentation) -> dict[str, object]:
    revealed = presentation.held.sd_jwt.reveal()
    return {name: v for name, v in revealed.items() if name not in _REGISTERED}


def holder_of(presentation: Presentation) -> dict[str, object]:
    """The ``cnf.jwk`` of the held credential."""
    cnf = presentation.held.sd_jwt.payload["cnf"]
    if not isinstance(cnf, dict) or not isinstance(cnf.get("jwk"), dict):
        raise DeviationNotPossibleError("the held credential has no cnf.jwk")
    return dict(cnf["jwk"])


def reissued(
    draft: Draft,
    presentation: Presentation,
    *,
    extra: Mapping[str, object] | None = None,
    vct: str = PID_VCT,
    days: float = 0,
) -> SdJwt:
    """The same person's PID, genuinely signed, with something wrong inside.

    ``days`` moves its validity into the past (negative) or the future.
    """
    return require_provider(draft).issue(
        {**personal_claims(presentation), **(extra or {})},
        holder_of(presentation),
        draft.now,
        vct=vct,
        valid_from=draft.now + timedelta(days=days) if days else None,
    )


def put(draft: Draft, presentation: Shown, *texts: str) -> None:
    """Replace the finished presentations of this query."""
    draft.vp_token[presentation.query_id] = list(texts)


def with_key_binding(presentation: Presentation, kb_jwt: str) -> str:
    """The finished presentation with another key-binding JWT."""
    return presentation.text().rpartition("~")[0] + "~" + kb_jwt
