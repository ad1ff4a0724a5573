"""A holder of mdocs and its issuer, for tests: presentations, right and wrong.

It shares no code with the verifier: ``cbor2`` as it comes, own COSE.
"""

import hashlib

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils


def es256(signer: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """r||s over SHA-256, always the same for the same message."""
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(signer.sign(message, algorithm))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sig_structure(
    protected: bytes, payload: bytes, aad: bytes = b"", context: str = "Signature1"
) -> bytes:
    """RFC 9052 §4.4."""
    return cbor2.dumps([context, protected, aad, payload])


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
