"""What a signature is made with, in the policy's words: hash, family, curve or size."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import SignatureAlgorithmOID

from hsm.algorithms import SCHEMES, Algorithm, Padding, Scheme


class Family(StrEnum):
    ECDSA = "ecdsa"
    RSA_PSS = "rsa-pss"
    RSA_PKCS1 = "rsa-pkcs1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One way to sign. ``curve`` with ECDSA, ``bits`` (of the modulus) with RSA."""

    hash: str
    family: Family
    curve: str | None = None
    bits: int | None = None

    def __str__(self) -> str:
        return f"{self.family} {self.curve or self.bits} with {self.hash}"


class UnknownMechanismError(ValueError):
    """A certificate is signed in a way that the policy has no words for."""


ECDSA_P256_SHA256: Final = Mechanism(hash="sha-256", family=Family.ECDSA, curve="P-256")
"""One-time keys sign so, and ES256 is the same."""

_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_ALGORITHM_CURVES: Final = {Algorithm.P256: "P-256", Algorithm.P384: "P-384"}
_BITS: Final = {Algorithm.RSA3072: 3072, Algorithm.RSA4096: 4096}
_FAMILIES: Final = {
    Padding.NONE: Family.ECDSA,
    Padding.PSS: Family.RSA_PSS,
    Padding.PKCS1: Family.RSA_PKCS1,
}


def of_scheme(algorithm: Algorithm, scheme: Scheme) -> Mechanism:
    """What a wrapped key of that kind does when it signs by ``scheme``."""
    facts = SCHEMES[scheme]
    return Mechanism(
        hash=policy_name(facts.hash_name),
        family=_FAMILIES[facts.padding],
        curve=_ALGORITHM_CURVES.get(algorithm),
        bits=_BITS.get(algorithm),
    )


def of_certificate(
    certificate: x509.Certificate, issuer_key: PublicKeyTypes
) -> Mechanism:
    """How ``certificate`` was signed by the owner of ``issuer_key``.

    Raises ``UnknownMechanismError``.
    """
    try:
        digest = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm as error:
        raise UnknownMechanismError("an unknown hash") from error
    if digest is None:
        raise UnknownMechanismError("a signature without a hash of its own")
    name = policy_name(digest.name)
    match issuer_key:
        case ec.EllipticCurvePublicKey(curve=curve):
            shown = _CURVES.get(curve.name, curve.name)
            return Mechanism(hash=name, family=Family.ECDSA, curve=shown)
        case rsa.RSAPublicKey(key_size=bits):
            pss = (
                certificate.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS
            )
            family = Family.RSA_PSS if pss else Family.RSA_PKCS1
            return Mechanism(hash=name, family=family, bits=bits)
    raise UnknownMechanismError(f"a key of kind {type(issuer_key).__name__}")


def policy_name(hash_name: str) -> str:
    """``sha256``, as ``hashlib`` spells it, is ``sha-256``; ``sha3-256`` stays."""
    plain = hash_name.lower()
    if plain.startswith("sha") and plain[3:].isdigit():
        return f"sha-{plain[3:]}"
    return plain
