"""How each scheme is asked of PKCS#11: mechanism, its parameters, what is signed.

Digests are made outside, so only the mechanisms that hash nothing are used. The
parameters of PSS are always given: a default of SHA-1 is what a module would take.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pkcs11 import MGF, KeyType, Mechanism

from hsm.algorithms import SCHEMES, Algorithm, Padding, Scheme
from hsm.encoding import CURVES, ecdsa_sig_value
from hsm.errors import DeviceRefusedError

KEY_TYPES: Final[Mapping[Algorithm, KeyType]] = {
    Algorithm.P256: KeyType.EC,
    Algorithm.P384: KeyType.EC,
    Algorithm.RSA3072: KeyType.RSA,
    Algorithm.RSA4096: KeyType.RSA,
}
RSA_BITS: Final[Mapping[Algorithm, int]] = {
    Algorithm.RSA3072: 3072,
    Algorithm.RSA4096: 4096,
}
LONGEST_SIGNATURE: Final = 512
_MECHANISMS: Final[Mapping[Padding, Mechanism]] = {
    Padding.NONE: Mechanism.ECDSA,
    Padding.PSS: Mechanism.RSA_PKCS_PSS,
    Padding.PKCS1: Mechanism.RSA_PKCS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hash:
    mechanism: Mechanism
    mgf: MGF
    digest_info: bytes
    """The DER of DigestInfo up to the digest, parameters NULL (RFC 8017 §9.2 note 1)"""


_HASHES: Final[Mapping[str, _Hash]] = {
    "sha256": _Hash(
        mechanism=Mechanism.SHA256,
        mgf=MGF.SHA256,
        digest_info=bytes.fromhex("3031300d060960864801650304020105000420"),
    ),
    "sha384": _Hash(
        mechanism=Mechanism.SHA384,
        mgf=MGF.SHA384,
        digest_info=bytes.fromhex("3041300d060960864801650304020205000430"),
    ),
    "sha512": _Hash(
        mechanism=Mechanism.SHA512,
        mgf=MGF.SHA512,
        digest_info=bytes.fromhex("3051300d060960864801650304020305000440"),
    ),
}


def mechanism_of(scheme: Scheme) -> Mechanism:
    return _MECHANISMS[SCHEMES[scheme].padding]


def parameters_of(scheme: Scheme) -> tuple[Mechanism, MGF, int] | None:
    """For PSS the hash, MGF1 with the same hash, and a salt as long as the digest."""
    facts = SCHEMES[scheme]
    if facts.padding is not Padding.PSS:
        return None
    hashing = _HASHES[facts.hash_name]
    return hashing.mechanism, hashing.mgf, facts.digest_bytes


def signed_bytes(scheme: Scheme, digest: bytes) -> bytes:
    """What C_Sign is given for ``digest``."""
    if SCHEMES[scheme].padding is Padding.PKCS1:
        return _HASHES[SCHEMES[scheme].hash_name].digest_info + digest
    return digest


def signature_value(algorithm: Algorithm, answered: bytes) -> bytes:
    """What certificates and CMS call the signature, of what C_Sign answered.

    Raises ``DeviceRefusedError`` if it has another length.
    """
    if algorithm in CURVES:
        return ecdsa_sig_value(answered, algorithm)
    if len(answered) * 8 != RSA_BITS[algorithm]:
        raise DeviceRefusedError(f"a {algorithm} signature of {len(answered)} bytes")
    return answered
