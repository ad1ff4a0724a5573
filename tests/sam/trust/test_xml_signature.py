"""The signature of an XML list against a web tier that hands over whatever it likes."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from sam.trust.entries import TrustListError, TrustListSignatureError
from sam.trust.xml_signature import verified_document
from tests.sam.trust.xml_lists import (
    DAY,
    DS,
    ENVELOPED,
    EXCLUSIVE,
    MORE,
    NOW,
    PSS,
    SHA1,
    TO_PROPERTIES,
    XADES,
    Draft,
    Operator,
    Reference,
    Signed,
    certificate,
    der,
    operator,
    tag,
    transform,
)

OPERATOR = Operator()
DOCUMENT = Draft().text()
OTHER = Draft(sequence="41").text()
SIGNED = OPERATOR.sign(DOCUMENT)
LAST = base64.b64encode(SIGNED.value)
STRANGER = certificate("SECP384R1", "stranger")
PAST = certificate(name="operator", ends=NOW - DAY)
TO_COME = certificate(name="operator", begins=NOW + DAY)
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"


def verified(content: bytes, *signers: x509.Certificate, pinned: bool = True) -> bytes:
    believed = signers or ((OPERATOR.certificate,) if pinned else ())
    return verified_document(content, signers=believed, now=NOW)


def test_what_comes_back_is_the_document_that_was_signed() -> None:
    """Guards every table below: a broken builder would make all rows pass."""
    assert verified(SIGNED.parts()) == DOCUMENT.encode()


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("SECP256R1", f"{MORE}ecdsa-sha256"),
        ("SECP256R1", f"{MORE}ecdsa-sha512"),
        ("SECP384R1", f"{MORE}ecdsa-sha384"),
        ("rsa2048", f"{MORE}rsa-sha256"),
        ("rsa3072", f"{MORE}rsa-sha384"),
        ("rsa3072", f"{MORE}rsa-sha512"),
        ("rsa3072", f"{PSS}sha256-rsa-MGF1"),
        ("rsa3072", f"{PSS}sha512-rsa-MGF1"),
    ],
)
def test_an_allowed_algorithm_holds(kind: str, algorithm: str) -> None:
    signer = operator(kind, algorithm)

    document = verified(signer.sign(DOCUMENT).parts(), signer.certificate)

    assert document == DOCUMENT.encode()


@pytest.mark.parametrize(
    "signer",
    [
        pytest.param(OPERATOR.but(naming="SigningCertificateV2"), id="named-by-v2"),
        pytest.param(
            OPERATOR.but(
                whole=Reference(method=f"{MORE}sha384"),
                to_properties=replace(TO_PROPERTIES, method=f"{MORE}sha384"),
            ),
            id="sha-384-digests",
        ),
    ],
)
def test_another_way_that_the_standard_has_holds(signer: Operator) -> None:
    assert verified(signer.sign(DOCUMENT).parts()) == DOCUMENT.encode()


def test_any_of_the_pinned_signers_may_sign() -> None:
    same_key = certificate(name="operator, renewed")
    pinned = (PAST, STRANGER, same_key, OPERATOR.certificate)

    document = verified(SIGNED.parts(), *pinned)

    assert document == DOCUMENT.encode()


def swapped(signed: Signed) -> bytes:
    parts = signed.parts().split(b"\0")
    return b"\0".join([*parts[:2], parts[3], parts[2], parts[4]])


HANDED_OVER: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "the-published-file-itself": SIGNED.xml,
    "four-parts": lambda: SIGNED.parts().rpartition(b"\0")[0],
    "six-parts": lambda: SIGNED.parts() + b"\0<a></a>",
    "parts-in-another-order": lambda: swapped(SIGNED),
    "another-list": lambda: replace(SIGNED, document=OTHER).parts(),
    "one-letter-changed": lambda: replace(
        SIGNED, document=DOCUMENT.replace("VATFI-1234567", "VATFI-1234568")
    ).parts(),
    "a-space-more": lambda: replace(SIGNED, document=DOCUMENT + " ").parts(),
    "an-empty-document": lambda: replace(SIGNED, document="").parts(),
    "two-documents": lambda: replace(SIGNED, document=DOCUMENT + DOCUMENT).parts(),
    "wrapped": lambda: replace(
        SIGNED, document=tag("evil", DOCUMENT, xmlns="urn:x")
    ).parts(),
    "another-list-and-its-digest": lambda: replace(
        SIGNED, document=OTHER, info=OPERATOR.sign(OTHER).info
    ).parts(),
    "signed-info-without-a-signature": lambda: replace(SIGNED, value=b"").parts(),
    "no-signature-and-no-algorithm": lambda: replace(
        SIGNED, value=b"", algorithm=""
    ).parts(),
    "signature-of-zeros": lambda: replace(SIGNED, value=bytes(64)).parts(),
    "signature-too-long": lambda: replace(SIGNED, value=SIGNED.value + b"\0").parts(),
    "signature-with-a-zero-between": lambda: replace(
        SIGNED, value=SIGNED.value[:32] + b"\0" + SIGNED.value[32:]
    ).parts(),
    "signature-as-der": lambda: replace(
        SIGNED,
        value=encode_dss_signature(
            int.from_bytes(SIGNED.value[:32], "big"),
            int.from_bytes(SIGNED.value[32:], "big"),
        ),
    ).parts(),
    "signature-no-base64": lambda: SIGNED.parts().replace(b"\0", b"\0!", 1),
    "signature-in-another-base64": lambda: SIGNED.parts().replace(
        LAST, LAST[:-3] + bytes([LAST[-3] + 1]) + b"=="
    ),
    "algorithm-of-another-hash": lambda: replace(
        SIGNED, algorithm=f"{MORE}ecdsa-sha512"
    ).parts(),
    "algorithm-hmac": lambda: replace(SIGNED, algorithm=f"{MORE}hmac-sha256").parts(),
    "algorithm-no-ascii": lambda: replace(SIGNED, algorithm="é").parts(),
    "properties-of-another-signature": lambda: replace(
        SIGNED,
        properties=OPERATOR.but(
            change_properties=lambda text: text.replace("12:00", "12:01")
        )
        .sign(DOCUMENT)
        .properties,
    ).parts(),
    "properties-missing": lambda: replace(SIGNED, properties="").parts(),
    "the-document-as-properties": lambda: replace(SIGNED, properties=DOCUMENT).parts(),
    "signed-info-changed": lambda: replace(
        SIGNED, info=SIGNED.info.replace("#properties", "#Properties")
    ).parts(),
}


@pytest.mark.parametrize("name", HANDED_OVER)
def test_what_the_operator_did_not_sign_is_refused(name: str) -> None:
    with pytest.raises(TrustListSignatureError):
        verified(HANDED_OVER[name]())


NOT_PINNED: dict[str, tuple[Operator, Sequence[x509.Certificate]]] = {
    "nobody-is-pinned": (OPERATOR, ()),
    "another-is-pinned": (OPERATOR, (STRANGER,)),
    "expired": (OPERATOR.but(certificate=PAST), (PAST,)),
    "not-yet-valid": (OPERATOR.but(certificate=TO_COME), (TO_COME,)),
    "same-key-other-certificate": (
        OPERATOR,
        (certificate(name="operator, renewed"),),
    ),
}


@pytest.mark.parametrize("name", NOT_PINNED)
def test_only_a_pinned_certificate_that_is_valid_now_signs(name: str) -> None:
    signer, pinned = NOT_PINNED[name]

    with pytest.raises(TrustListSignatureError):
        verified_document(signer.sign(DOCUMENT).parts(), signers=pinned, now=NOW)


WEAK = {
    "rsa-1024": ("rsa1024", f"{MORE}rsa-sha256"),
    "rsa-1024-pss": ("rsa1024", f"{PSS}sha256-rsa-MGF1"),
    "rsa-sha1": ("rsa2048", f"{DS}rsa-sha1"),
    "ecdsa-sha1": ("SECP256R1", f"{MORE}ecdsa-sha1"),
    "curve-p521": ("SECP521R1", f"{MORE}ecdsa-sha512"),
    "curve-k1": ("SECP256K1", f"{MORE}ecdsa-sha256"),
    "curve-p224": ("SECP224R1", f"{MORE}ecdsa-sha256"),
    "ed25519-as-ecdsa": ("ed25519", f"{MORE}ecdsa-sha256"),
    "rsa-called-ecdsa": ("rsa2048", f"{MORE}ecdsa-sha256"),
    "ecdsa-called-rsa": ("SECP256R1", f"{MORE}rsa-sha256"),
}


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_or_unknown_algorithm_is_refused_though_pinned(name: str) -> None:
    kind, algorithm = WEAK[name]
    signer = operator(kind, algorithm)

    with pytest.raises(TrustListSignatureError, match="of no pinned signer"):
        verified(signer.sign(DOCUMENT).parts(), signer.certificate)


def in_info(old: str, new: str) -> Operator:
    return OPERATOR.but(change_info=lambda text: text.replace(old, new, 1))


def in_properties(old: str, new: str) -> Operator:
    return OPERATOR.but(change_properties=lambda text: text.replace(old, new, 1))


REFERENCE = Reference().text(DOCUMENT)
OTHERWISE_SIGNED: dict[str, Operator] = {
    "one-reference": in_info(REFERENCE, ""),
    "three-references": in_info(REFERENCE, REFERENCE * 2),
    "both-to-the-document": OPERATOR.but(
        to_properties=replace(TO_PROPERTIES, uri="", transforms=transform(EXCLUSIVE))
    ),
    "document-by-id": OPERATOR.but(whole=Reference(uri="#list")),
    "document-by-xpointer": OPERATOR.but(whole=Reference(uri="#xpointer(/)")),
    "document-by-address": OPERATOR.but(whole=Reference(uri="https://x.example/")),
    "properties-of-no-type": OPERATOR.but(
        to_properties=replace(TO_PROPERTIES, type="")
    ),
    "both-of-the-type": OPERATOR.but(whole=replace(TO_PROPERTIES, uri="")),
    "not-enveloped": OPERATOR.but(whole=Reference(transforms=transform(EXCLUSIVE))),
    "no-transforms": OPERATOR.but(whole=Reference(transforms="")),
    "transforms-in-another-order": OPERATOR.but(
        whole=Reference(transforms=transform(EXCLUSIVE, ENVELOPED))
    ),
    "xpath-transform": OPERATOR.but(
        whole=Reference(transforms=transform(ENVELOPED, XPATH, EXCLUSIVE))
    ),
    "xslt-transform": OPERATOR.but(
        whole=Reference(transforms=transform(ENVELOPED, EXCLUSIVE, XSLT))
    ),
    "inclusive-form": OPERATOR.but(
        whole=Reference(transforms=transform(ENVELOPED, INCLUSIVE))
    ),
    "properties-with-enveloped": OPERATOR.but(
        to_properties=replace(TO_PROPERTIES, transforms=transform(ENVELOPED, EXCLUSIVE))
    ),
    "transform-with-parameters": in_info(
        f'{EXCLUSIVE}"></ds:Transform>',
        f'{EXCLUSIVE}"><ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="a"/>'
        "</ds:Transform>",
    ),
    "method-with-parameters": in_info(
        'ecdsa-sha256"></ds:SignatureMethod>',
        'ecdsa-sha256"><ds:HMACOutputLength>1</ds:HMACOutputLength>'
        "</ds:SignatureMethod>",
    ),
    "signed-info-in-another-form": OPERATOR.but(canonical=INCLUSIVE),
    "signed-info-names-another-method": in_info(
        f"{MORE}ecdsa-sha256", f"{MORE}ecdsa-sha384"
    ),
    "signed-info-with-an-object": in_info(
        "<ds:Reference", "<ds:Object></ds:Object><ds:Reference"
    ),
    "signed-info-of-no-namespace": OPERATOR.but(
        change_info=lambda text: text.replace(DS, "urn:x")
    ),
    "not-a-signed-info": OPERATOR.but(
        change_info=lambda text: text.replace("SignedInfo", "Manifest")
    ),
    "digest-sha1": OPERATOR.but(whole=Reference(method=SHA1)),
    "properties-digest-sha1": OPERATOR.but(
        to_properties=replace(TO_PROPERTIES, method=SHA1)
    ),
    "digest-value-empty": OPERATOR.but(
        whole=Reference(
            transforms=transform(ENVELOPED, EXCLUSIVE)
            + tag("ds:DigestMethod", Algorithm=SHA1)
            + tag("ds:DigestValue")
        )
    ),
    "names-no-certificate": OPERATOR.but(naming="SignerRole"),
    "names-two-certificates": in_properties(
        "<xades:SigningCertificate>",
        "<xades:SigningCertificateV2></xades:SigningCertificateV2>"
        "<xades:SigningCertificate>",
    ),
    "names-an-empty-list": in_properties(
        "<xades:SigningTime>",
        "<xades:SigningCertificate></xades:SigningCertificate><xades:SigningTime>",
    ),
    "names-another-certificate": OPERATOR.but(named=der(STRANGER)),
    "names-it-by-sha1": OPERATOR.but(named_by=SHA1),
    "properties-with-another-id": in_properties('Id="properties"', 'Id="other"'),
    "properties-without-id": in_properties(' Id="properties"', ""),
    "properties-of-another-name": OPERATOR.but(
        change_properties=lambda text: text.replace("xades:SignedProp", "xades:Prop")
    ),
    "properties-of-another-version": OPERATOR.but(
        change_properties=lambda text: text.replace(XADES, f"{XADES}x")
    ),
}


@pytest.mark.parametrize("name", OTHERWISE_SIGNED)
def test_a_signature_of_another_shape_is_refused_though_pinned(name: str) -> None:
    signed = OTHERWISE_SIGNED[name].sign(DOCUMENT)

    with pytest.raises(TrustListError):
        verified(signed.parts())


def test_an_empty_signing_certificate_alone_is_refused() -> None:
    signer = OPERATOR.but(
        change_properties=lambda text: text.replace("xades:Cert>", "xades:Other>")
    )

    with pytest.raises(TrustListSignatureError, match="not named once"):
        verified(signer.sign(DOCUMENT).parts())


@settings(max_examples=400, deadline=1000)
@given(place=st.integers(0, len(SIGNED.parts()) - 1), bit=st.integers(0, 7))
def test_no_bit_can_be_turned(place: int, bit: int) -> None:
    content = bytearray(SIGNED.parts())
    content[place] ^= 1 << bit

    with pytest.raises(TrustListError):
        verified(bytes(content))


@settings(max_examples=200, deadline=1000)
@given(st.lists(st.binary(max_size=60), min_size=5, max_size=5))
def test_stray_parts_are_refused(parts: list[bytes]) -> None:
    with pytest.raises(TrustListError):
        verified(b"\0".join(parts))
