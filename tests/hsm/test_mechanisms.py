"""What is signed for each scheme, and what may come back."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.algorithms import SCHEMES, Algorithm, Padding, Scheme, algorithm_of
from hsm.errors import DeviceRefusedError
from hsm.mechanisms import parameters_of, signature_value, signed_bytes


@pytest.mark.parametrize("scheme", Scheme)
def test_a_scheme_has_the_length_of_its_hash(scheme: Scheme) -> None:
    facts = SCHEMES[scheme]

    assert hashlib.new(facts.hash_name).digest_size == facts.digest_bytes


@pytest.mark.parametrize("scheme", [s for s in Scheme if "pss" in s])
def test_a_salt_is_as_long_as_the_digest(scheme: Scheme) -> None:
    parameters = parameters_of(scheme)

    assert parameters is not None
    assert parameters[2] == SCHEMES[scheme].digest_bytes


@pytest.mark.parametrize(
    "scheme", [s for s in Scheme if SCHEMES[s].padding is not Padding.PKCS1]
)
def test_nothing_is_added_to_a_digest(scheme: Scheme) -> None:
    digest = bytes(range(SCHEMES[scheme].digest_bytes))

    assert signed_bytes(scheme, digest) == digest


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("change", [-1, 1])
def test_a_signature_of_another_length_is_refused(
    algorithm: Algorithm, change: int
) -> None:
    lengths = {
        Algorithm.P256: 64,
        Algorithm.P384: 96,
        Algorithm.RSA3072: 384,
        Algorithm.RSA4096: 512,
    }
    signature_value(algorithm, bytes([1]) * lengths[algorithm])

    with pytest.raises(DeviceRefusedError):
        signature_value(algorithm, bytes([1]) * (lengths[algorithm] + change))


def rsa(bits: int, exponent: int) -> bytes:
    numbers = RSAPublicNumbers(e=exponent, n=(1 << bits) - 1)
    return numbers.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize(
    ("bits", "exponent"), [(2048, 65537), (3071, 65537), (3072, 3), (8192, 65537)]
)
def test_another_rsa_key_is_of_no_known_kind(bits: int, exponent: int) -> None:
    with pytest.raises(DeviceRefusedError, match="unknown kind"):
        algorithm_of(rsa(bits, exponent))


def test_an_rsa_key_is_known_by_its_size() -> None:
    """Guards the table above."""
    assert algorithm_of(rsa(3072, 65537)) is Algorithm.RSA3072
