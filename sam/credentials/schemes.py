"""Which ways to sign each kind of key has, and how its certificate is asked for.

The hash of a signature is that of its message digest (RFC 5652 §5.4: one algorithm for
both), so a P-384 key signs SHA-384 digests of the files. An RSA key signs by PSS unless
PKCS#1 v1.5 is asked for by name; its certificate is always asked for by the latter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hsm.algorithms import SCHEMES, Algorithm, Scheme
from sam.messages import CredentialAlgorithm, SignatureScheme

ALGORITHMS: Final[Mapping[CredentialAlgorithm, Algorithm]] = {
    algorithm: Algorithm(algorithm.value) for algorithm in CredentialAlgorithm
}
SCHEMES_OF: Final[Mapping[CredentialAlgorithm, tuple[SignatureScheme, ...]]] = {
    CredentialAlgorithm.P256: (SignatureScheme.ECDSA_SHA256,),
    CredentialAlgorithm.P384: (SignatureScheme.ECDSA_SHA384,),
    CredentialAlgorithm.RSA3072: (
        SignatureScheme.RSA_PSS_SHA256,
        SignatureScheme.RSA_PKCS1_SHA256,
    ),
    CredentialAlgorithm.RSA4096: (
        SignatureScheme.RSA_PSS_SHA256,
        SignatureScheme.RSA_PKCS1_SHA256,
    ),
}
"""The first is used where none is asked for."""


@dataclass(frozen=True, slots=True)
class CsrScheme:
    scheme: Scheme
    csr_algorithm: str
    """As asn1crypto spells it."""

    @property
    def hash_name(self) -> str:
        return SCHEMES[self.scheme].hash_name


CSR_SCHEMES: Final[Mapping[CredentialAlgorithm, CsrScheme]] = {
    CredentialAlgorithm.P256: CsrScheme(Scheme.ECDSA_SHA256, "sha256_ecdsa"),
    CredentialAlgorithm.P384: CsrScheme(Scheme.ECDSA_SHA384, "sha384_ecdsa"),
    CredentialAlgorithm.RSA3072: CsrScheme(Scheme.RSA_PKCS1_SHA256, "sha256_rsa"),
    CredentialAlgorithm.RSA4096: CsrScheme(Scheme.RSA_PKCS1_SHA256, "sha256_rsa"),
}


def device_scheme(scheme: SignatureScheme) -> Scheme:
    return Scheme(scheme.value)


def hash_name(scheme: SignatureScheme) -> str:
    return SCHEMES[device_scheme(scheme)].hash_name
