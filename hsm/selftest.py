"""Known questions to a signing device, asked at start and by the operator.

Asked through the port only, so that every adapter answers the same ones. The
verifier is ``cryptography``, not the device.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.algorithms import Algorithm, Scheme
from hsm.errors import BlobRefusedError, DeviceRefusedError, KeyNotFoundError
from hsm.port import (
    DIGEST_BYTES,
    KEY_ID_BYTES,
    KeyId,
    MacKey,
    ServiceKey,
    SigningDevice,
)
from hsm.wrapped import WrappedKey

_SHORT: Final = DIGEST_BYTES - 1
_WRAPPED: Final = (
    "a wrapped key signs, and another library verifies",
    "a changed blob and a blob of another key are refused",
)


def known_answers(device: SigningDevice) -> tuple[str, ...]:
    """Return one sentence per check that passed; all of them, or an exception.

    Makes and destroys one one-time key, and two wrapped keys if there is a wrapping key
    (a device may do without). Raises ``DeviceRefusedError`` for a wrong
    answer, any other ``HsmError`` if the device gives none.
    """
    key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
    spki = device.generate_one_time_key(key_id)
    try:
        _signs(partial(device.sign_with_one_time_key, key_id), spki)
    finally:
        device.destroy_one_time_key(key_id)
    _is_gone(device, key_id)
    for service_key in ServiceKey:
        _signs(
            partial(device.sign_with_service_key, service_key),
            device.service_public_key(service_key),
        )
    _macs(device)
    if device.wrapping_keys():
        _wraps(device)
    return (
        "a one-time key signs, and another library verifies",
        "no two signatures share their nonce",
        "a digest of the wrong length is refused",
        "a destroyed key is gone and signs nothing",
        "every service key signs for its public key",
        "MACs repeat, and differ by key and by message",
        *(_WRAPPED if device.wrapping_keys() else ()),
    )


def _signs(sign: Callable[[bytes], bytes], spki: bytes) -> None:
    public = _p256(spki)
    digests = [secrets.token_bytes(DIGEST_BYTES) for _ in range(2)]
    signatures = [sign(digest) for digest in digests]
    for digest, signature in zip(digests, signatures, strict=True):
        try:
            public.verify(signature, digest, ECDSA(Prehashed(SHA256())))
        except InvalidSignature:
            raise DeviceRefusedError("self-test: a signature is wrong") from None
    nonces = {decode_dss_signature(signature)[0] for signature in signatures}
    if len(nonces) != len(signatures):  # two such signatures give the key away
        raise DeviceRefusedError("self-test: two signatures share their nonce")
    try:
        sign(digests[0][:_SHORT])
    except DeviceRefusedError:
        return
    raise DeviceRefusedError("self-test: a short digest was signed")


def _p256(spki: bytes) -> EllipticCurvePublicKey:
    try:
        public = load_der_public_key(spki)
    except ValueError:
        raise DeviceRefusedError("self-test: no public key") from None
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(
        public.curve, SECP256R1
    ):
        raise DeviceRefusedError("self-test: not a P-256 key")
    return public


def _is_gone(device: SigningDevice, key_id: KeyId) -> None:
    if key_id in device.one_time_keys():
        raise DeviceRefusedError("self-test: a destroyed key is still listed")
    try:
        device.sign_with_one_time_key(key_id, bytes(DIGEST_BYTES))
    except KeyNotFoundError:
        return
    raise DeviceRefusedError("self-test: a destroyed key signed")


def _macs(device: SigningDevice) -> None:
    message, other = secrets.token_bytes(16), secrets.token_bytes(16)
    answers = [device.mac(key, text) for key in MacKey for text in (message, other)]
    again = [device.mac(key, text) for key in MacKey for text in (message, other)]
    if answers != again:
        raise DeviceRefusedError("self-test: a MAC does not repeat")
    if len(set(answers)) != len(answers):
        raise DeviceRefusedError("self-test: two MACs are equal")


def _wraps(device: SigningDevice) -> None:
    wrapped, other = (device.generate_wrapped_key(Algorithm.P256) for _ in range(2))
    _signs(lambda digest: _one_signature(device, wrapped, digest), wrapped.public_key)
    for wrong in (other.blob, wrapped.blob[:-1] + bytes([wrapped.blob[-1] ^ 1])):
        try:
            _one_signature(device, replace(wrapped, blob=wrong), bytes(DIGEST_BYTES))
        except BlobRefusedError:
            continue
        raise DeviceRefusedError("self-test: a wrong blob signed")


def _one_signature(device: SigningDevice, wrapped: WrappedKey, digest: bytes) -> bytes:
    (signature,) = device.sign_with_wrapped_key(wrapped, Scheme.ECDSA_SHA256, [digest])
    return signature
