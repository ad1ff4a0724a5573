"""What the CA returns is distrusted: every way it may differ from what was asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from sam import certificates
from sam.certificates import UnfitCertificateError
from tests.sam.scripted_ca import (
    QC_STATEMENTS,
    Issuer,
    Recipe,
    altered,
    common_name,
    der,
    honest,
    new_root,
    with_doubled_extension,
)
from tests.sam.world import NOW

KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
OTHER_KEY = ec.generate_private_key(ec.SECP256R1()).public_key()
SUBJECT = common_name("TEST Erika Mustermann")
HOUR = timedelta(hours=1)
ROOT = new_root("TEST root", NOW)
LEAF = Recipe(
    subject=SUBJECT,
    public_key=KEY,
    not_before=NOW - timedelta(minutes=1),
    not_after=NOW + HOUR,
)
LASTING = replace(LEAF, not_before=NOW - 24 * HOUR, not_after=NOW + timedelta(days=900))
CA = ROOT.sub_ca("TEST issuing CA", LASTING, path_length=0)
UNBOUND = ROOT.sub_ca("TEST issuing CA", LASTING)
Chain = tuple[bytes, ...]


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def check(answered: Chain, now: datetime = NOW, anchor: Issuer = ROOT) -> None:
    """As ``finish`` does it."""
    certificates.check(
        certificates.chain_of(answered, spki(KEY)),
        subject=SUBJECT.public_bytes(),
        public_key=spki(KEY),
        anchor=der(anchor.certificate),
        now=now,
    )


def policy(oid: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies(
        [x509.PolicyInformation(ObjectIdentifier(oid), None)]
    )


def below(issuer: Issuer, *more: Issuer, leaf: Recipe = LEAF) -> Chain:
    """The leaf under ``issuer``, then the certificates named."""
    above = [issuer, *more]
    return (der(issuer.issue(leaf)), *(der(i.certificate) for i in above))


def long_path(length: int) -> Chain:
    issuers = [UNBOUND]
    for number in range(length - 2):
        issuers.insert(0, issuers[0].sub_ca(f"TEST CA {number}", LASTING))
    return below(*issuers)


def printable(name: str) -> x509.Name:
    kind = x509.name._ASN1Type.PrintableString
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name, _type=kind)])


IMPOSTOR = Issuer(
    certificate=CA.certificate, key=ec.generate_private_key(ec.SECP256R1())
)
FOREIGN_ROOT = new_root("TEST root", NOW)
FOREIGN = FOREIGN_ROOT.sub_ca("TEST issuing CA", LASTING)
NO_CA = UNBOUND.sub_ca("TEST no CA", LASTING, is_ca=False)
NO_CERT_SIGN = UNBOUND.sub_ca("TEST", LASTING, usage=frozenset({"crl_sign"}))
BELOW_A_BOUND_CA = CA.sub_ca("TEST below", LASTING)
OLD_CA = ROOT.sub_ca("TEST issuing CA", LASTING, not_after=NOW)
COMING_CA = ROOT.sub_ca("TEST issuing CA", LASTING, not_before=NOW + HOUR)
QUALIFIED = policy("0.4.0.194112.1.2")
USAGES = {
    "digital-signature-too": {"content_commitment", "digital_signature"},
    "digital-signature-only": {"digital_signature"},
    "cert-sign-too": {"content_commitment", "key_cert_sign"},
    "key-encipherment-too": {"content_commitment", "key_encipherment"},
    "crl-sign-too": {"content_commitment", "crl_sign"},
}

UNFIT = {
    "other-subject": honest(replace(LEAF, subject=common_name("TEST Max")), CA),
    "no-test-mark": honest(replace(LEAF, subject=common_name("Erika Mustermann")), CA),
    "subject-in-another-encoding": honest(
        replace(LEAF, subject=printable("TEST Erika Mustermann")), CA
    ),
    "other-key": honest(replace(LEAF, public_key=OTHER_KEY), CA),
    "signature-of-another-key": below(IMPOSTOR),
    "foreign-ca-of-the-same-name": below(FOREIGN),
    "foreign-path-with-its-root": below(FOREIGN, FOREIGN_ROOT),
    "foreign-ca-with-our-root": below(FOREIGN, ROOT),
    "straight-under-the-root": below(ROOT)[:1],
    "leaf-alone": below(CA)[:1],
    "ca-alone": below(CA)[1:],
    "nothing": (),
    "issued-by-no-ca": below(NO_CA, UNBOUND),
    "issued-by-a-ca-that-may-not": below(NO_CERT_SIGN, UNBOUND),
    "below-a-ca-that-allows-none": below(BELOW_A_BOUND_CA, CA),
    "path-too-long": long_path(5),
    "expired": honest(replace(LEAF, not_after=NOW), CA),
    "not-yet-valid": honest(replace(LEAF, not_before=NOW + timedelta(seconds=1)), CA),
    "ca-expired": below(OLD_CA),
    "ca-not-yet-valid": below(COMING_CA),
    "no-key-usage": honest(replace(LEAF, usage=None), CA),
    "qc-statements": honest(replace(LEAF, extensions=(QC_STATEMENTS,)), CA),
    "qualified-policy": honest(replace(LEAF, extensions=(QUALIFIED,)), CA),
    "garbage": (b"garbage",),
    "garbage-for-a-ca": (below(CA)[0], b"\x30\x80"),
    "cut": (below(CA)[0][:-40], below(CA)[1]),
    "doubled-extension": (
        with_doubled_extension(CA, CA.issue(LEAF)),
        der(CA.certificate),
    ),
} | {
    name: honest(replace(LEAF, usage=frozenset(usage)), CA)
    for name, usage in USAGES.items()
}


@pytest.mark.parametrize("answered", UNFIT.values(), ids=UNFIT)
def test_a_certificate_that_is_not_what_was_asked_is_refused(answered: Chain) -> None:
    with pytest.raises(UnfitCertificateError):
        check(answered)


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param(below(CA), id="leaf-first"),
        pytest.param(below(CA)[::-1], id="leaf-last"),
        pytest.param(below(CA, ROOT), id="with-the-root"),
        pytest.param((*below(CA), der(FOREIGN_ROOT.certificate)), id="with-ballast"),
        pytest.param(long_path(4), id="path-of-four"),
        pytest.param(
            honest(replace(LEAF, extensions=(policy("2.25.1"),)), CA), id="own-policy"
        ),
    ],
)
def test_what_was_asked_is_taken(answered: Chain) -> None:
    check(answered)


def test_the_anchor_is_never_part_of_the_chain() -> None:
    with_root = below(CA, ROOT)

    assert certificates.chain_of(with_root, spki(KEY)) == with_root[:2]


@pytest.mark.parametrize(
    ("moment", "fits"),
    [
        (NOW - timedelta(minutes=1), True),
        (NOW - timedelta(minutes=1, seconds=1), False),
        (NOW + HOUR - timedelta(seconds=1), True),
        (NOW + HOUR, False),
    ],
)
def test_a_certificate_holds_from_its_first_to_its_last_second(
    moment: datetime, fits: bool
) -> None:
    outcome = outcome_of(lambda: check(below(CA), moment))

    assert outcome is (None if fits else UnfitCertificateError)


def outcome_of(act: Callable[[], None]) -> type[Exception] | None:
    try:
        act()
    except UnfitCertificateError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    "age", [timedelta(days=1001), timedelta(days=-2)], ids=["past-its-end", "to-come"]
)
def test_an_anchor_that_is_not_valid_now_anchors_nothing(age: timedelta) -> None:
    root = new_root("TEST root", NOW - age)
    ca = root.sub_ca("TEST issuing CA", LASTING)

    with pytest.raises(UnfitCertificateError, match="not valid now"):
        check(below(ca), anchor=root)


def test_a_chain_for_another_key_is_refused_however_it_was_chosen() -> None:
    with pytest.raises(UnfitCertificateError, match=r"the signer.s"):
        certificates.check(
            honest(replace(LEAF, public_key=OTHER_KEY), CA),
            subject=SUBJECT.public_bytes(),
            public_key=spki(KEY),
            anchor=der(ROOT.certificate),
            now=NOW,
        )


@pytest.mark.parametrize("position", range(0, 600, 7))
def test_no_altered_byte_is_anything_but_a_refusal(position: int) -> None:
    leaf, ca = below(CA)
    changed = bytearray(leaf)
    changed[position % len(leaf)] ^= 0x15

    with pytest.raises(UnfitCertificateError):
        check((bytes(changed), ca))


def test_the_request_asks_for_subject_and_key_and_nothing_else() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = SUBJECT.public_bytes()

    request = certificates.request(
        subject,
        spki(key.public_key()),
        lambda info: key.sign(info, ec.ECDSA(hashes.SHA256())),
    )

    parsed = x509.load_der_x509_csr(request)
    assert parsed.is_signature_valid
    assert parsed.subject.public_bytes() == subject
    assert parsed.public_key() == key.public_key()
    assert list(parsed.extensions) == []
    assert asn1_x509.Name.load(parsed.subject.public_bytes()).dump() == subject


def test_the_script_of_an_honest_ca_is_honest() -> None:
    """Guards the tables that alter it."""
    check(altered()(LEAF, CA))
