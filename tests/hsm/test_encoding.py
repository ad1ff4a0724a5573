import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.encoding import ecdsa_sig_value, spki_from_ec_point
from hsm.errors import DeviceRefusedError

PUBLIC = generate_private_key(SECP256R1()).public_key()
POINT = PUBLIC.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
COMPRESSED = PUBLIC.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
SPKI = PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
IN_OCTET_STRING = b"\x04\x41"


@pytest.mark.parametrize(
    "ec_point",
    [
        pytest.param(IN_OCTET_STRING + POINT, id="as-the-standard-says"),
        pytest.param(POINT, id="bare-as-some-modules-do"),
    ],
)
def test_a_point_becomes_a_subject_public_key_info(ec_point: bytes) -> None:
    assert spki_from_ec_point(ec_point) == SPKI


@pytest.mark.parametrize(
    "ec_point",
    [
        pytest.param(b"", id="empty"),
        pytest.param(COMPRESSED, id="compressed"),
        pytest.param(b"\x04\x21" + COMPRESSED, id="compressed-in-octet-string"),
        pytest.param(IN_OCTET_STRING + POINT[:-1], id="cut"),
        pytest.param(IN_OCTET_STRING + POINT + b"\0", id="trailing-byte"),
        pytest.param(IN_OCTET_STRING + b"\x02" + POINT[1:], id="odd-first-byte"),
        pytest.param(
            IN_OCTET_STRING + POINT[:-1] + bytes([POINT[-1] ^ 1]), id="off-the-curve"
        ),
        pytest.param(IN_OCTET_STRING + b"\x04" + bytes(64), id="zero"),
    ],
)
def test_what_is_no_uncompressed_point_of_p256_is_refused(ec_point: bytes) -> None:
    with pytest.raises(DeviceRefusedError):
        spki_from_ec_point(ec_point)


@pytest.mark.parametrize(
    ("r", "s"),
    [
        pytest.param(1, 2, id="leading-zeros"),
        pytest.param(1 << 255, (1 << 256) - 1, id="high-bits"),
    ],
)
def test_r_and_s_become_an_ecdsa_sig_value(r: int, s: int) -> None:
    der = ecdsa_sig_value(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    assert decode_dss_signature(der) == (r, s)


@pytest.mark.parametrize("length", [0, 63, 65, 96])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(DeviceRefusedError):
        ecdsa_sig_value(bytes(length))
