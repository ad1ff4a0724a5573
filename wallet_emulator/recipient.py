"""To whom the answer is encrypted: the key and algorithms of ``client_metadata``.

OpenID4VP 1.0 §5.1, §8.3 and HAIP §5: ECDH-ES on P-256, A128GCM or A256GCM. The key
comes from the signed request and from nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wallet_emulator.encoding import text_member
from wallet_emulator.errors import MalformedError, RequestRefusedError
from wallet_emulator.keys import public_key_from_jwk

ENC_VALUES: Final = ("A128GCM", "A256GCM")
DEFAULT_ENC: Final = "A128GCM"  # §5.1, when the verifier lists none
_ES256_COSE: Final = frozenset({"-7", "-9"})
OUR_ALGORITHMS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "dc+sd-jwt": {
        "sd-jwt_alg_values": frozenset({"ES256"}),
        "kb-jwt_alg_values": frozenset({"ES256"}),
    },
    "mso_mdoc": {
        "issuerauth_alg_values": _ES256_COSE,
        "deviceauth_alg_values": _ES256_COSE,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A public JWK (with ``kid``) and the content encryption to use with it."""

    jwk: Mapping[str, str]
    enc: str

    @property
    def kid(self) -> str:
        return self.jwk["kid"]


def choose_recipient(metadata: object, formats: frozenset[str]) -> Recipient:
    """The first usable key, and the verifier's first ``enc`` that we know.

    Raises:
        RequestRefusedError: ``invalid_request``, or ``vp_formats_not_supported`` when
            the metadata does not cover the formats that the query asks for.
    """
    if not isinstance(metadata, Mapping):
        raise RequestRefusedError(
            "invalid_request", "client_metadata must be an object"
        )
    _require_formats(metadata, formats)
    return Recipient(jwk=_first_usable_key(metadata.get("jwks")), enc=_enc(metadata))


def _require_formats(metadata: Mapping[str, object], formats: frozenset[str]) -> None:
    if "vp_formats" in metadata:  # a member of drafts: wallets guess a version from it
        raise RequestRefusedError("invalid_request", "vp_formats is not OpenID4VP 1.0")
    supported = metadata.get("vp_formats_supported")
    if not isinstance(supported, Mapping) or not formats <= set(supported):
        raise RequestRefusedError(
            "vp_formats_not_supported", "vp_formats_supported must cover the query"
        )
    for name in formats & set(OUR_ALGORITHMS):
        _require_algorithms(name, supported[name])


def _require_algorithms(name: str, parameters: object) -> None:
    """B.2.2, B.3.4: what a format's parameters leave out is not restricted."""
    if not isinstance(parameters, Mapping):
        raise RequestRefusedError("invalid_request", f"{name} must be an object")
    for parameter, ours in OUR_ALGORITHMS[name].items():
        listed = parameters.get(parameter)
        if listed is None:
            continue
        if not isinstance(listed, list) or not ours & set(map(str, listed)):
            raise RequestRefusedError(
                "vp_formats_not_supported", f"{parameter} lists no algorithm of ours"
            )


def _first_usable_key(jwks: object) -> Mapping[str, str]:
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list):
        raise RequestRefusedError(
            "invalid_request", "client_metadata.jwks.keys missing"
        )
    for jwk in keys:
        if isinstance(jwk, Mapping) and _usable(jwk):
            names = ("kty", "crv", "x", "y", "kid")
            return {name: text_member(jwk, name) for name in names}
    raise RequestRefusedError("invalid_request", "no usable encryption key")


def _usable(jwk: Mapping[str, object]) -> bool:
    try:
        public_key_from_jwk(jwk)
        text_member(jwk, "kid")
    except MalformedError:
        return False
    return jwk.get("alg") == "ECDH-ES" and jwk.get("use", "enc") == "enc"


def _enc(metadata: Mapping[str, object]) -> str:
    offered = metadata.get("encrypted_response_enc_values_supported", [DEFAULT_ENC])
    if not isinstance(offered, list):
        raise RequestRefusedError("invalid_request", "enc values must be an array")
    for enc in offered:
        if enc in ENC_VALUES:
            return str(enc)
    raise RequestRefusedError("invalid_request", "no content encryption in common")
