"""The EST door from outside: what a registration authority gets, and who is refused."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
)
from cryptography.x509.oid import AttributeOID, NameOID

ENROL = "/.well-known/est/fullcmc"
CMC = "application/pkcs7-mime; smime-type=CMC-request"


def test_the_registration_authority_gets_a_certificate_for_the_key(
    pki: Any, box: Any
) -> None:
    key = box.new_key()

    answer = pki.enrol(pki.client.message(box.csr_der(key)))

    certificate = box.certificate_of(answer, key)
    certificate.verify_directly_issued_by(
        pki.installation.issuers["issuing-ca"].certificate
    )
    assert certificate.subject == box.name_of(box.PERSON)


def test_the_answer_is_certs_only_with_the_issuing_ca(pki: Any, box: Any) -> None:
    answer = pki.enrol(pki.client.message(box.csr_der(box.new_key())))

    certificates = pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.data))
    assert answer.content_type == "application/pkcs7-mime; smime-type=certs-only"
    assert len(certificates) == 2
    assert pki.installation.issuers["issuing-ca"].certificate in certificates


def test_cacerts_are_the_issuing_ca_and_the_root(pki: Any) -> None:
    answer = pki.est().get("/.well-known/est/cacerts")

    found = set(pkcs7.load_der_pkcs7_certificates(base64.b64decode(answer.data)))
    issuers = pki.installation.issuers
    assert found == {issuers["issuing-ca"].certificate, issuers["root"].certificate}


def test_a_message_that_openssl_signed_is_understood(
    pki: Any, box: Any, openssl: Callable[..., str]
) -> None:
    """An implementation that is not ours, with the attributes it always adds."""
    key, folder = box.new_key(), pki.folder
    (folder / "data").write_bytes(pki.client.pki_data(box.csr_der(key)))
    (folder / "ra.pem").write_bytes(pki.client.certificate.public_bytes(Encoding.PEM))
    (folder / "ra.key").write_bytes(_pem(pki.client.key))
    openssl(
        "cms", "-sign", "-binary", "-nodetach", "-md", "sha256",
        "-econtent_type", "1.3.6.1.5.5.7.12.2",
        "-signer", folder / "ra.pem", "-inkey", folder / "ra.key",
        "-in", folder / "data", "-outform", "DER", "-out", folder / "message",
    )  # fmt: skip

    answer = pki.enrol((folder / "message").read_bytes())

    assert box.certificate_of(answer, key).subject == box.name_of(box.PERSON)


def test_openssl_reads_the_answer(
    pki: Any, box: Any, openssl: Callable[..., str]
) -> None:
    answer = pki.enrol(pki.client.message(box.csr_der(box.new_key())))

    text = openssl(
        "pkcs7", "-inform", "DER", "-print_certs", "-noout",
        data=base64.b64decode(answer.data),
    )  # fmt: skip

    assert "CN = TEST Anna Jansen" in text


# --- refusals: each row changes one thing of a good message -------------------


def _pem(key: Any) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _request(box: Any) -> bytes:
    return box.csr_der(box.new_key())


def _unsigned(pki: Any, box: Any) -> bytes:
    return pki.client.pki_data(_request(box))


def _no_signer(pki: Any, box: Any) -> bytes:
    return pki.client.sign(pki.client.pki_data(_request(box)), signers=0)


def _two_signers(pki: Any, box: Any) -> bytes:
    return pki.client.sign(pki.client.pki_data(_request(box)), signers=2)


def _other_key(pki: Any, box: Any) -> bytes:
    """The RA's certificate, signed with somebody else's key."""
    return box.CmcClient(box.new_key(), pki.client.certificate).message(_request(box))


def _foreign_ca(pki: Any, box: Any) -> bytes:
    key = box.new_key()
    subject = box.name_of(box.SERVICE)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(box.NOW)
        .not_valid_after(box.NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return box.CmcClient(key, certificate).message(_request(box))


def _unregistered(pki: Any, box: Any) -> bytes:
    for file in (pki.folder / "registered").iterdir():
        file.unlink()
    return pki.client.message(_request(box))


def _expired(pki: Any, box: Any) -> bytes:
    pki.clock.advance(timedelta(days=731))
    return pki.client.message(_request(box))


def _not_yet_valid(pki: Any, box: Any) -> bytes:
    pki.clock.advance(-timedelta(days=1))
    return pki.client.message(_request(box))


def _revoked(pki: Any, box: Any) -> bytes:
    reason = x509.ReasonFlags.key_compromise
    pki.installation.revoke(pki.client.certificate, reason, box.NOW)
    return pki.client.message(_request(box))


def _certificate_missing(pki: Any, box: Any) -> bytes:
    return pki.client.sign(pki.client.pki_data(_request(box)), certificates=[])


def _tampered(pki: Any, box: Any) -> bytes:
    """The subject is changed after the RA signed; the CSR is not looked at yet."""
    return pki.client.message(_request(box)).replace(b"Anna Jansen", b"Anna Hansen")


def _tampered_attributes(pki: Any, box: Any) -> bytes:
    """PKIData and message-digest fit each other; the signature covers neither."""
    good = pki.client.pki_data(_request(box))
    other = pki.client.pki_data(_request(box))
    message = pki.client.sign(other, attributes=pki.client.attributes(good))
    digest = pki.client.attributes(good)[1], pki.client.attributes(other)[1]
    return message.replace(*digest)


def _digest_of_other_content(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    attributes = pki.client.attributes(content, digest=bytes(32))
    return pki.client.sign(content, attributes=attributes)


def _wrong_econtent_type(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    return pki.client.sign(content, content_type="1.2.840.113549.1.7.1")


def _wrong_signed_content_type(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    attributes = pki.client.attributes(content, content_type="1.2.840.113549.1.7.1")
    return pki.client.sign(content, attributes=attributes)


def _no_message_digest(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    return pki.client.sign(content, attributes=pki.client.attributes(content)[:1])


def _repeated_message_digest(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    attributes = pki.client.attributes(content)
    return pki.client.sign(content, attributes=[*attributes, attributes[1]])


def _unsigned_attribute(pki: Any, box: Any) -> bytes:
    attribute = box.sequence(box.oid("1.2.3.4"), box.set_of(box.integer(1)))
    unsigned = box.tlv(0xA1, attribute)
    return pki.client.sign(pki.client.pki_data(_request(box)), unsigned=unsigned)


def _sha1(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    return pki.client.sign(content, digest_algorithm="1.3.14.3.2.26")


def _ecdsa_with_sha1(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    return pki.client.sign(content, signature_algorithm="1.2.840.10045.4.1")


def _version_1(pki: Any, box: Any) -> bytes:
    return pki.client.sign(pki.client.pki_data(_request(box)), version=1)


def _five_certificates(pki: Any, box: Any) -> bytes:
    others = [pki.signer_certificate(box.new_key(), 100 + n) for n in range(4)]
    certificates = [pki.client.certificate, *others]
    return pki.client.sign(
        pki.client.pki_data(_request(box)), certificates=certificates
    )


def _not_signed_data(pki: Any, box: Any) -> bytes:
    """The PKIData in a ContentInfo of id-data: nobody signed it."""
    content = pki.client.pki_data(_request(box))
    return box.sequence(
        box.oid("1.2.840.113549.1.7.1"), box.tlv(0xA0, box.tlv(0x04, content))
    )


def _detached(pki: Any, box: Any) -> bytes:
    return pki.client.sign(pki.client.pki_data(_request(box)), detached=True)


def _with_crl(pki: Any, box: Any) -> bytes:
    crl = pki.public().get("/crl/issuing-ca.crl").data
    content = pki.client.pki_data(_request(box))
    return pki.client.sign(content, revocation_lists=box.tlv(0xA1, crl))


def _named_by_key_identifier(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    return pki.client.sign(content, name=box.tlv(0x80, bytes(20)))


def _other_certificate(pki: Any, box: Any) -> bytes:
    """OtherCertificateFormat: a reader that looks into it finds no serial number."""
    content = pki.client.pki_data(_request(box))
    other = box.tlv(0xA3, box.oid("1.2.3.4"), box.integer(1))
    return pki.client.sign(content, certificates=[], more_certificates=other)


def _signer_version_3(pki: Any, box: Any) -> bytes:
    """RFC 5652 §5.3: 3 is for a signer named by its key identifier."""
    content = pki.client.pki_data(_request(box))
    return pki.client.sign(content, signer_version=3)


def _digest_of_two_values(pki: Any, box: Any) -> bytes:
    content = pki.client.pki_data(_request(box))
    kind, (first, second) = pki.client.attributes(content)[0], (bytes(32), bytes(32))
    values = box.set_of(box.tlv(0x04, first), box.tlv(0x04, second))
    digest = box.sequence(box.oid("1.2.840.113549.1.9.4"), values)
    return pki.client.sign(content, attributes=[kind, digest])


def _two_requests(pki: Any, box: Any) -> bytes:
    tagged = [box.tlv(0xA0, box.integer(n), _request(box)) for n in (3, 4)]
    return pki.client.sign(pki.client.pki_data(b"", requests=box.sequence(*tagged)))


def _no_request(pki: Any, box: Any) -> bytes:
    return pki.client.sign(pki.client.pki_data(b"", requests=box.sequence()))


def _crmf_request(pki: Any, box: Any) -> bytes:
    tagged = box.tlv(0xA1, box.integer(3), _request(box))
    return pki.client.sign(pki.client.pki_data(b"", requests=box.sequence(tagged)))


def _nested_cms(pki: Any, box: Any) -> bytes:
    nested = box.sequence(box.sequence(box.integer(9), box.sequence()))
    return pki.client.sign(pki.client.pki_data(_request(box), messages=nested))


def _other_message(pki: Any, box: Any) -> bytes:
    other = box.sequence(box.sequence(box.integer(9), box.oid("1.2.3"), box.integer(1)))
    return pki.client.sign(pki.client.pki_data(_request(box), others=other))


def _controls(*build: Callable[[Any], bytes]) -> Callable[[Any, Any], bytes]:
    def message(pki: Any, box: Any) -> bytes:
        controls = box.sequence(*[one(box) for one in build])
        content = pki.client.pki_data(_request(box), controls=controls)
        return pki.client.sign(content)

    return message


def _transaction(number: int, part: int = 1) -> Callable[[Any], bytes]:
    return lambda box: box.control(part, "1.3.6.1.5.5.7.7.5", box.integer(number))


def _nonce(length: int, part: int = 2) -> Callable[[Any], bytes]:
    return lambda box: box.control(
        part, "1.3.6.1.5.5.7.7.6", box.tlv(0x04, bytes(length))
    )


def _two_values(box: Any) -> bytes:
    values = (box.integer(5), box.integer(6))
    return box.control(1, "1.3.6.1.5.5.7.7.5", *values)


def _other_control(box: Any) -> bytes:
    return box.control(4, "1.3.6.1.5.5.7.7.2", box.integer(1))


def _csr(build: Callable[[Any], bytes]) -> Callable[[Any, Any], bytes]:
    return lambda pki, box: pki.client.message(build(box))


def _bad_proof(box: Any) -> bytes:
    return box.csr_der(box.new_key()).replace(b"Anna Jansen", b"Anna Hansen")


def _with_extensions(box: Any) -> bytes:
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    builder = x509.CertificateSigningRequestBuilder(
        subject_name=box.name_of(box.PERSON)
    ).add_extension(constraints, critical=True)
    return builder.sign(box.new_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def _with_challenge(box: Any) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(
        subject_name=box.name_of(box.PERSON)
    ).add_attribute(AttributeOID.CHALLENGE_PASSWORD, b"please")
    return builder.sign(box.new_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def _rsa(box: Any) -> bytes:
    return box.csr_der(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def _rsa_under_ecdsa(box: Any) -> bytes:
    """An RSA key in a request that says it was signed with ECDSA."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    spki = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    name = box.name_of(box.PERSON).public_bytes()
    body = box.sequence(box.integer(0), name, spki, box.tlv(0xA0))
    algorithm = box.sequence(box.oid("1.2.840.10045.4.3.2"))
    return box.sequence(body, algorithm, box.tlv(0x03, bytes(70)))


def _p384(box: Any) -> bytes:
    return box.csr_der(ec.generate_private_key(ec.SECP384R1()))


def _sha512(box: Any) -> bytes:
    return box.csr_der(box.new_key(), algorithm=hashes.SHA512())


def _subject(**changes: str | None) -> Callable[[Any], bytes]:
    """The good subject with attributes (``NameOID``) replaced or dropped."""

    def build(box: Any) -> bytes:
        subject = dict(box.PERSON)
        for name, text in changes.items():
            oid = getattr(NameOID, name)
            subject.pop(oid, None)
            subject.update({oid: text} if text is not None else {})
        return box.csr_der(box.new_key(), subject)

    return build


def _repeated_name(box: Any) -> bytes:
    attributes = [*box.name_of(box.PERSON), x509.NameAttribute(NameOID.SURNAME, "Two")]
    return box.csr_der(box.new_key(), x509.Name(attributes))


def _multi_valued_name(box: Any) -> bytes:
    attributes = [x509.RelativeDistinguishedName(list(box.name_of(box.PERSON)))]
    return box.csr_der(box.new_key(), x509.Name(attributes))


REFUSALS = [
    pytest.param(_unsigned, 400, "malformed_request", id="unsigned"),
    pytest.param(_no_signer, 400, "malformed_request", id="no-signer"),
    pytest.param(_two_signers, 400, "malformed_request", id="two-signers"),
    pytest.param(_other_key, 403, "requester_not_authorised", id="other-signer"),
    pytest.param(_foreign_ca, 403, "requester_not_authorised", id="foreign-ca"),
    pytest.param(_unregistered, 403, "requester_not_authorised", id="not-registered"),
    pytest.param(_expired, 403, "requester_not_authorised", id="expired-ra"),
    pytest.param(_not_yet_valid, 403, "requester_not_authorised", id="early-ra"),
    pytest.param(_revoked, 403, "requester_not_authorised", id="revoked-ra"),
    pytest.param(
        _certificate_missing, 403, "requester_not_authorised", id="no-certificate"
    ),
    pytest.param(_tampered, 403, "requester_not_authorised", id="tampered-pkidata"),
    pytest.param(
        _tampered_attributes, 403, "requester_not_authorised", id="tampered-attributes"
    ),
    pytest.param(
        _digest_of_other_content, 403, "requester_not_authorised", id="wrong-digest"
    ),
    pytest.param(_wrong_econtent_type, 400, "malformed_request", id="econtent-type"),
    pytest.param(
        _wrong_signed_content_type, 400, "malformed_request", id="signed-content-type"
    ),
    pytest.param(_no_message_digest, 400, "malformed_request", id="no-message-digest"),
    pytest.param(
        _repeated_message_digest, 400, "malformed_request", id="two-message-digests"
    ),
    pytest.param(
        _unsigned_attribute, 400, "malformed_request", id="unsigned-attribute"
    ),
    pytest.param(_sha1, 400, "malformed_request", id="sha1"),
    pytest.param(_ecdsa_with_sha1, 400, "malformed_request", id="ecdsa-with-sha1"),
    pytest.param(_not_signed_data, 400, "malformed_request", id="not-signed-data"),
    pytest.param(_detached, 400, "malformed_request", id="detached"),
    pytest.param(_with_crl, 400, "malformed_request", id="crl-inside"),
    pytest.param(_named_by_key_identifier, 400, "malformed_request", id="sid-is-ski"),
    pytest.param(_other_certificate, 400, "malformed_request", id="no-x509"),
    pytest.param(_signer_version_3, 400, "malformed_request", id="signer-version-3"),
    pytest.param(_digest_of_two_values, 400, "malformed_request", id="digest-twice"),
    pytest.param(_version_1, 400, "malformed_request", id="version-1"),
    pytest.param(_five_certificates, 400, "malformed_request", id="five-certificates"),
    pytest.param(_two_requests, 400, "malformed_request", id="two-tcr"),
    pytest.param(_no_request, 400, "malformed_request", id="no-tcr"),
    pytest.param(_crmf_request, 400, "malformed_request", id="crm"),
    pytest.param(_nested_cms, 400, "malformed_request", id="nested-cms"),
    pytest.param(_other_message, 400, "malformed_request", id="other-message"),
    pytest.param(_controls(), 400, "malformed_request", id="no-controls"),
    pytest.param(
        _controls(_nonce(16)), 400, "malformed_request", id="no-transaction-id"
    ),
    pytest.param(
        _controls(_transaction(7)), 400, "malformed_request", id="no-sender-nonce"
    ),
    pytest.param(
        _controls(_transaction(7), _transaction(7, 4)),
        400,
        "malformed_request",
        id="two-transaction-ids",
    ),
    pytest.param(
        _controls(_transaction(7), _nonce(16), _other_control),
        400,
        "malformed_request",
        id="unknown-control",
    ),
    pytest.param(
        _controls(_transaction(7), _transaction(8, 4), _nonce(16)),
        400,
        "malformed_request",
        id="two-transaction-ids-and-a-nonce",
    ),
    pytest.param(
        _controls(_two_values, _nonce(16)), 400, "malformed_request", id="two-values"
    ),
    pytest.param(
        _controls(_transaction(0), _nonce(16)), 400, "malformed_request", id="tx-zero"
    ),
    pytest.param(
        _controls(_transaction(-7), _nonce(16)),
        400,
        "malformed_request",
        id="tx-negative",
    ),
    pytest.param(
        _controls(_transaction(1 << 160), _nonce(16)),
        400,
        "malformed_request",
        id="tx-161-bits",
    ),
    pytest.param(
        _controls(_transaction(7), _nonce(15)),
        400,
        "malformed_request",
        id="short-nonce",
    ),
    pytest.param(
        _controls(_transaction(7), _nonce(65)),
        400,
        "malformed_request",
        id="long-nonce",
    ),
    pytest.param(
        _controls(_transaction(7), _nonce(16, part=3)),
        400,
        "malformed_request",
        id="repeated-body-part",
    ),
    pytest.param(
        _controls(_transaction(7, part=0), _nonce(16)),
        400,
        "malformed_request",
        id="body-part-zero",
    ),
    pytest.param(_csr(_bad_proof), 400, "proof_of_possession_failed", id="bad-proof"),
    pytest.param(_csr(_with_extensions), 400, "malformed_request", id="extensions"),
    pytest.param(_csr(_with_challenge), 400, "malformed_request", id="extra-attribute"),
    pytest.param(_csr(_rsa), 403, "profile_refused", id="rsa"),
    pytest.param(_csr(_rsa_under_ecdsa), 403, "profile_refused", id="rsa-under-ecdsa"),
    pytest.param(_csr(_p384), 403, "profile_refused", id="p384"),
    pytest.param(_csr(_sha512), 400, "malformed_request", id="csr-sha512"),
    pytest.param(
        _csr(_subject(COMMON_NAME="Anna Jansen")),
        403,
        "profile_refused",
        id="cn-without-test",
    ),
    pytest.param(
        _csr(_subject(COMMON_NAME="TESTAnna")), 403, "profile_refused", id="cn-no-space"
    ),
    pytest.param(_csr(_subject(COMMON_NAME=None)), 403, "profile_refused", id="no-cn"),
    pytest.param(
        _csr(_subject(ORGANIZATION_NAME="TEST Org")),
        403,
        "profile_refused",
        id="organisation",
    ),
    pytest.param(_csr(_repeated_name), 403, "profile_refused", id="repeated-attribute"),
    pytest.param(_csr(_multi_valued_name), 400, "malformed_request", id="multi-valued"),
]


@pytest.mark.parametrize(("build", "status", "code"), REFUSALS)
def test_a_message_with_one_fault_gets_no_certificate(
    pki: Any, box: Any, build: Callable[[Any, Any], bytes], status: int, code: str
) -> None:
    answer = pki.enrol(build(pki, box))

    assert (answer.status_code, answer.text.split(":")[0]) == (status, code)


def test_the_unchanged_message_is_answered(pki: Any, box: Any) -> None:
    """Guards the table above: a broken good message would make every row pass."""
    assert pki.enrol(pki.client.message(_request(box))).status_code == 200


def test_a_controls_row_with_nothing_wrong_is_answered(pki: Any, box: Any) -> None:
    message = _controls(_transaction(7), _nonce(16))(pki, box)

    assert pki.enrol(message).status_code == 200


def test_a_subject_row_with_nothing_wrong_is_answered(pki: Any, box: Any) -> None:
    assert pki.enrol(_csr(_subject())(pki, box)).status_code == 200


def test_a_refused_message_leaves_no_trace_in_the_ledger(pki: Any, box: Any) -> None:
    before = set((pki.folder / "issued").rglob("*"))

    pki.enrol(_other_key(pki, box))

    assert set((pki.folder / "issued").rglob("*")) == before


# --- at most once ---------------------------------------------------------


def test_the_same_request_of_the_same_transaction_gets_the_same_certificate(
    pki: Any, box: Any
) -> None:
    key = box.new_key()
    request = box.csr_der(key)
    first = box.certificate_of(pki.enrol(pki.client.message(request)), key)

    second = box.certificate_of(pki.enrol(pki.client.message(request)), key)

    assert second == first


def test_a_certified_key_is_refused_in_another_transaction(pki: Any, box: Any) -> None:
    key = box.new_key()
    pki.signer_certificate(key, transaction=7)
    other = box.CmcClient(pki.client.key, pki.client.certificate, 8)

    answer = pki.enrol(other.message(box.csr_der(key)))

    assert (answer.status_code, answer.text.split(":")[0]) == (
        403,
        "already_certified",
    )


def test_a_certified_key_is_refused_under_another_subject(pki: Any, box: Any) -> None:
    key = box.new_key()
    pki.enrol(pki.client.message(box.csr_der(key)))
    subject = {**box.PERSON, NameOID.COMMON_NAME: "TEST Bea Jansen"}

    answer = pki.enrol(pki.client.message(box.csr_der(key, subject)))

    assert answer.text.startswith("already_certified:")


def test_a_transaction_is_for_one_request_only(pki: Any, box: Any) -> None:
    pki.enrol(pki.client.message(_request(box)))

    answer = pki.enrol(pki.client.message(_request(box)))

    assert (answer.status_code, answer.text.split(":")[0]) == (
        403,
        "transaction_conflict",
    )


def test_the_key_of_a_service_gets_no_signer_certificate(pki: Any, box: Any) -> None:
    answer = pki.enrol(pki.client.message(box.csr_der(pki.client.key)))

    assert answer.text.startswith("already_certified:")


def test_a_second_spelling_of_the_public_key_is_refused(pki: Any, box: Any) -> None:
    """A compressed point would be a second name of one key in the ledger."""
    key = box.new_key()
    info = key.public_key()
    compressed = info.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    p256 = box.sequence(box.oid("1.2.840.10045.2.1"), box.oid("1.2.840.10045.3.1.7"))
    body = box.sequence(
        box.integer(0),
        box.name_of(box.PERSON).public_bytes(),
        box.sequence(p256, box.tlv(0x03, b"\0", compressed)),
        box.tlv(0xA0),
    )
    signature = key.sign(body, ec.ECDSA(hashes.SHA256()))
    request = box.sequence(
        body,
        box.sequence(box.oid("1.2.840.10045.4.3.2")),
        box.tlv(0x03, b"\0", signature),
    )

    answer = pki.enrol(pki.client.message(request))

    assert "canonical" in answer.text
