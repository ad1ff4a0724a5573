"""DER by hand: what is written, asn1crypto writes too; what is no DER is not read."""

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from hypothesis import given
from hypothesis import strategies as st

from sam import certificate_fields, der
from tests.sam.scripted_ca import der as der_of
from tests.sam.scripted_ca import new_root
from tests.sam.world import NOW

CERTIFICATE = der_of(new_root("TEST root", NOW).certificate)
TWO = der.integer(1) + der.integer(2)

NOT_DER = {
    "no-length": b"\x02",
    "no-content": b"\x02\x01",
    "cut": b"\x02\x02\x01",
    "indefinite": b"\x30\x80\x02\x01\x01\x00\x00",
    "longer-length-than-needed": b"\x02\x81\x01\x01",
    "leading-zero-in-length": b"\x04\x82\x00\x80" + bytes(128),
    "length-of-five-octets": b"\x04\x85\x01\x00\x00\x00\x00",
    "length-cut": b"\x04\x82\x01",
    "tag-of-two-octets": b"\x1f\x01\x00",
    "rubbish-behind": der.integer(1) + b"\x00",
}


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_every_form_of_a_length_is_asn1cryptos(size: int) -> None:
    assert (
        der.tlv(der.OCTET_STRING, bytes(size)) == core.OctetString(bytes(size)).dump()
    )


@given(st.integers(min_value=0, max_value=2**160))
def test_an_integer_is_asn1cryptos(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()


def test_a_bit_string_is_asn1cryptos() -> None:
    assert der.bit_string(b"\x80\x01") == core.OctetBitString(b"\x80\x01").dump()


def test_elements_come_back_whole() -> None:
    assert der.elements(TWO) == [der.integer(1), der.integer(2)]
    assert der.inside(der.tlv(der.SEQUENCE, TWO), der.SEQUENCE) == der.elements(TWO)
    assert der.elements(b"") == []


@pytest.mark.parametrize("content", NOT_DER.values(), ids=NOT_DER)
def test_what_is_no_der_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"DER|length|cut"):
        der.elements(content)


@pytest.mark.parametrize(
    "element",
    [
        pytest.param(der.tlv(der.SET, TWO), id="another-tag"),
        pytest.param(der.tlv(der.SEQUENCE) * 2, id="two-elements"),
    ],
)
def test_only_one_element_of_the_tag_is_looked_into(element: bytes) -> None:
    with pytest.raises(ValueError, match=r"not one element"):
        der.inside(element, der.SEQUENCE)


def test_the_fields_of_a_certificate_are_its_own_bytes() -> None:
    parsed = asn1_x509.Certificate.load(CERTIFICATE)

    fields = certificate_fields.read(CERTIFICATE)

    assert fields.serial_number == parsed["tbs_certificate"]["serial_number"].dump()
    assert fields.issuer == parsed.issuer.dump()
    assert fields.subject == parsed.subject.dump()
    assert fields.public_key == parsed.public_key.dump()


@pytest.mark.parametrize(
    "certificate",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(der.tlv(der.SEQUENCE), id="an-empty-sequence"),
        pytest.param(der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE)), id="an-empty-tbs"),
        pytest.param(
            der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, *[der.integer(1)] * 5)),
            id="five-fields",
        ),
        pytest.param(CERTIFICATE[:-1], id="cut"),
        pytest.param(CERTIFICATE + b"\0", id="rubbish-behind"),
    ],
)
def test_what_is_built_otherwise_is_no_certificate(certificate: bytes) -> None:
    with pytest.raises(ValueError, match=r"DER|not|cut"):
        certificate_fields.read(certificate)


@given(st.binary(max_size=200), st.integers(0, len(CERTIFICATE)))
def test_any_bytes_are_read_or_refused(rubbish: bytes, position: int) -> None:
    for content in (rubbish, CERTIFICATE[:position] + rubbish):
        try:
            certificate_fields.read(content)
        except ValueError:
            continue
