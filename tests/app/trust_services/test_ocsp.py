"""The OCSP responder from outside: what it says of what, and who gets no answer."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    ExtensionOID,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Status = ocsp.OCSPResponseStatus
Cert = ocsp.OCSPCertStatus
NONCE = bytes(range(32))
SUPERSEDED = x509.ReasonFlags.superseded


def issuing(pki: Any) -> x509.Certificate:
    found: x509.Certificate = pki.installation.issuers["issuing-ca"].certificate
    return found


def request_for(
    pki: Any,
    serial: int,
    *,
    issuer: x509.Certificate | None = None,
    algorithm: hashes.HashAlgorithm | None = None,
    nonce: bytes | None = NONCE,
) -> bytes:
    algorithm = algorithm or hashes.SHA256()
    issuer = issuer or issuing(pki)
    above = asn1_x509.Certificate.load(issuer.public_bytes(Encoding.DER))
    name, key = above.subject.dump(), above.public_key["public_key"].native
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        hashlib.new(algorithm.name, name).digest(),
        hashlib.new(algorithm.name, key).digest(),
        serial,
        algorithm,
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def post(pki: Any, request: bytes) -> Any:
    return pki.public().post(
        "/ocsp", data=request, content_type="application/ocsp-request"
    )


def asked(pki: Any, request: bytes) -> ocsp.OCSPResponse:
    answer = post(pki, request)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/ocsp-response"
    return ocsp.load_der_ocsp_response(answer.data)


@pytest.fixture
def signer(pki: Any, box: Any) -> x509.Certificate:
    found: x509.Certificate = pki.signer_certificate(box.new_key())
    return found


SHA1 = hashes.SHA1()  # noqa: S303 — a name for a certificate, not a signature
ALGORITHMS = pytest.mark.parametrize(
    "algorithm", [SHA1, hashes.SHA256()], ids=["sha1", "sha256"]
)


@ALGORITHMS
def test_an_issued_certificate_is_good(
    pki: Any, signer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> None:
    said = asked(pki, request_for(pki, signer.serial_number, algorithm=algorithm))

    assert said.certificate_status is Cert.GOOD
    assert said.serial_number == signer.serial_number
    assert said.hash_algorithm.name == algorithm.name


@ALGORITHMS
def test_a_serial_number_that_was_never_given_is_unknown(
    pki: Any, signer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> None:
    """EN 319 411-1: ``good`` is for certificates that exist, not for any number."""
    unissued = signer.serial_number ^ 1

    said = asked(pki, request_for(pki, unissued, algorithm=algorithm))

    assert said.certificate_status is Cert.UNKNOWN


def test_a_certificate_of_another_ca_of_ours_is_unknown_here(
    pki: Any, signer: x509.Certificate
) -> None:
    root = pki.installation.issuers["root"].certificate

    said = asked(pki, request_for(pki, signer.serial_number, issuer=root))

    assert said.certificate_status is Cert.UNKNOWN


@pytest.mark.parametrize(
    ("name", "issuer"),
    [("issuing-ca", "root"), ("tsa", "issuing-ca"), ("est-server", "issuing-ca")],
)
def test_certificates_of_our_own_are_good(pki: Any, name: str, issuer: str) -> None:
    own = x509.load_pem_x509_certificate((pki.folder / f"{name}.pem").read_bytes())
    above = pki.installation.issuers[issuer].certificate

    said = asked(pki, request_for(pki, own.serial_number, issuer=above))

    assert said.certificate_status is Cert.GOOD


def test_a_revocation_shows_at_once_with_time_and_reason(
    pki: Any, signer: x509.Certificate
) -> None:
    request = request_for(pki, signer.serial_number)
    before = asked(pki, request)

    pki.installation.revoke(signer, SUPERSEDED, pki.clock())

    after = asked(pki, request)
    assert before.certificate_status is Cert.GOOD
    assert after.certificate_status is Cert.REVOKED
    assert after.revocation_time_utc == pki.clock()
    assert after.revocation_reason is SUPERSEDED


def test_the_answer_is_signed_by_a_delegate_without_a_status(
    pki: Any, signer: x509.Certificate
) -> None:
    said = asked(pki, request_for(pki, signer.serial_number))

    (delegate,) = said.certificates
    delegate.verify_directly_issued_by(issuing(pki))
    key = delegate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(said.signature, said.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    held = {extension.oid: extension.value for extension in delegate.extensions}
    assert list(held[ExtensionOID.EXTENDED_KEY_USAGE]) == [
        ExtendedKeyUsageOID.OCSP_SIGNING
    ]
    assert ExtensionOID.OCSP_NO_CHECK in held
    assert ExtensionOID.CRL_DISTRIBUTION_POINTS not in held
    lifetime = delegate.not_valid_after_utc - delegate.not_valid_before_utc
    assert lifetime <= timedelta(hours=24, minutes=1)


def test_the_delegate_is_renewed_before_it_ends(
    pki: Any, signer: x509.Certificate
) -> None:
    client, request = pki.public(), request_for(pki, signer.serial_number)

    def delegate() -> x509.Certificate:
        answer = client.post(
            "/ocsp", data=request, content_type="application/ocsp-request"
        )
        return ocsp.load_der_ocsp_response(answer.data).certificates[0]

    first, again = delegate(), delegate()
    pki.clock.advance(timedelta(hours=13))
    later = delegate()

    assert first == again != later
    assert later.not_valid_after_utc - pki.clock() > timedelta(hours=23)


def test_the_answer_is_of_now_and_for_an_hour(
    pki: Any, signer: x509.Certificate
) -> None:
    said = asked(pki, request_for(pki, signer.serial_number))

    assert said.this_update_utc == pki.clock()
    assert said.next_update_utc == pki.clock() + timedelta(hours=1)


@pytest.mark.parametrize("length", [1, 16, 32, 128])
def test_a_nonce_comes_back(pki: Any, signer: x509.Certificate, length: int) -> None:
    nonce = bytes(length)

    said = asked(pki, request_for(pki, signer.serial_number, nonce=nonce))

    held = said.extensions.get_extension_for_class(x509.OCSPNonce)
    assert held.value.nonce == nonce


def test_without_a_nonce_there_is_none_in_the_answer(
    pki: Any, signer: x509.Certificate
) -> None:
    said = asked(pki, request_for(pki, signer.serial_number, nonce=None))

    assert not list(said.extensions)


@pytest.mark.parametrize(("nonce", "kept"), [(None, True), (NONCE, False)])
def test_a_get_says_the_same_and_may_be_kept_for_seconds_without_a_nonce(
    pki: Any, signer: x509.Certificate, nonce: bytes | None, kept: bool
) -> None:
    request = request_for(pki, signer.serial_number, nonce=nonce)

    path = quote(base64.b64encode(request).decode(), safe="")
    answer = pki.public().get(f"/ocsp/{path}")

    said = ocsp.load_der_ocsp_response(answer.data)
    assert said.certificate_status is Cert.GOOD
    assert answer.content_type == "application/ocsp-response"
    assert ("max-age=5" in answer.headers["Cache-Control"]) is kept
    assert ("no-store" in answer.headers["Cache-Control"]) is not kept


def test_the_est_door_answers_the_same_questions(
    pki: Any, signer: x509.Certificate
) -> None:
    answer = pki.est().post(
        "/ocsp",
        data=request_for(pki, signer.serial_number),
        content_type="application/ocsp-request",
    )

    assert ocsp.load_der_ocsp_response(answer.data).certificate_status is Cert.GOOD


def test_openssl_agrees(
    pki: Any,
    signer: x509.Certificate,
    openssl: Callable[..., str],
    tmp_path: Path,
) -> None:
    leaf, chain = tmp_path / "leaf.pem", tmp_path / "chain.pem"
    leaf.write_bytes(signer.public_bytes(Encoding.PEM))
    root = (pki.folder / "root.pem").read_bytes()
    chain.write_bytes((pki.folder / "issuing-ca.pem").read_bytes() + root)
    names = ["-issuer", pki.folder / "issuing-ca.pem", "-cert", leaf]
    openssl("ocsp", *names, "-reqout", tmp_path / "request.der")
    answer = post(pki, (tmp_path / "request.der").read_bytes())
    (tmp_path / "response.der").write_bytes(answer.data)

    said = openssl(
        "ocsp",
        *names,
        "-no_nonce",  # none beside the one in the request
        "-reqin",
        tmp_path / "request.der",
        "-respin",
        tmp_path / "response.der",
        "-CAfile",
        chain,
        "-attime",
        int(pki.clock().timestamp()),
        "-validity_period",
        10**9,
    )

    assert "Response verify OK" in said
    assert "good" in said


# -- who gets no answer


def changed(request: bytes, old: bytes, new: bytes) -> bytes:
    assert request.count(old) == 1
    return request.replace(old, new)


def hostile(pki: Any, box: Any) -> dict[str, bytes]:
    serial = 0x4711_0000_0000_0000
    good = request_for(pki, serial)
    single = box.sequence(
        box.sequence(
            box.sequence(box.oid("2.16.840.1.101.3.4.2.1")),
            box.tlv(0x04, bytes(32)),
            box.tlv(0x04, bytes(32)),
            box.integer(serial),
        )
    )

    def request(*singles: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
        whole: bytes = box.sequence(box.sequence(before, box.sequence(*singles), after))
        return whole

    def by(algorithm: bytes, number: bytes) -> bytes:
        return request(
            box.sequence(
                box.sequence(
                    box.sequence(algorithm),
                    box.tlv(0x04, bytes(32)),
                    box.tlv(0x04, bytes(32)),
                    number,
                )
            )
        )

    def extended(*extensions: bytes) -> bytes:
        return request(single, after=box.tlv(0xA2, box.sequence(*extensions)))

    nonce, sha256 = box.oid("1.3.6.1.5.5.7.48.1.2"), box.oid("2.16.840.1.101.3.4.2.1")
    own = box.sequence(nonce, box.tlv(0x04, box.tlv(0x04, NONCE)))
    critical = box.sequence(
        box.oid("1.2.3.4"), box.tlv(0x01, b"\xff"), box.tlv(0x04, b"\x05\x00")
    )
    return {
        "one-octet": b"0",
        "not-der": b"hello",
        "empty-sequence": b"\x30\x00",
        "endless-length": b"\x30\x80\x00\x00",
        "length-of-the-moon": b"\x30\x84\xff\xff\xff\xff" + good,
        "cut": good[:-1],
        "one-octet-more": good + b"\x00",
        "twice": good + good,
        "a-response": ocsp.OCSPResponseBuilder.build_unsuccessful(
            Status.TRY_LATER
        ).public_bytes(Encoding.DER),
        "a-certificate": issuing(pki).public_bytes(Encoding.DER),
        "deep": b"\x30\x82\x03\xe8" * 250,
        "no-request-in-it": request(),
        "two-requests": request(single, single),
        "hundred-requests": request(*[single] * 40),
        "version-2": request(single, before=box.tlv(0xA0, box.integer(1))),
        "no-serial": by(sha256, b""),
        "serial-zero": by(sha256, box.integer(0)),
        "serial-negative": by(sha256, box.integer(-5)),
        "serial-of-161-bits": by(sha256, box.integer(1 << 160)),
        "serial-of-2000-octets": by(sha256, box.integer(1 << 15999)),
        "serial-not-minimal": by(sha256, box.tlv(0x02, b"\x00\x00\x01")),
        "serial-a-string": by(sha256, box.tlv(0x0C, b"../../root")),
        "hash-that-is-none": by(box.oid("1.2.3"), box.integer(1)),
        "hash-without-a-name": by(b"", box.integer(1)),
        "nonce-empty": request_for(pki, serial, nonce=b""),
        "nonce-of-129": request_for(pki, serial, nonce=bytes(129)),
        "nonce-of-200-raw": extended(box.sequence(nonce, box.tlv(0x04, bytes(200)))),
        "nonce-twice": extended(own, own),
        "critical-extension": extended(critical),
    }


def elsewhere(pki: Any, signer: x509.Certificate) -> dict[str, bytes]:
    serial = signer.serial_number
    good = request_for(pki, serial)
    same = ocsp.load_der_ocsp_request(good)
    name, key = same.issuer_name_hash, same.issuer_key_hash
    return {
        "other-name": changed(good, name, bytes(32)),
        "other-key": changed(good, key, bytes(32)),
        "name-and-key-exchanged": good.replace(name, bytes(32))
        .replace(key, name)
        .replace(bytes(32), key),
        "sha384": request_for(pki, serial, algorithm=hashes.SHA384()),
        "sha512": request_for(pki, serial, algorithm=hashes.SHA512()),
        "ca-below-nobody": request_for(pki, serial, issuer=signer),
    }


def test_a_hostile_request_gets_a_typed_error(pki: Any, box: Any) -> None:
    rows = hostile(pki, box)
    assert len(rows) >= 25

    said = {name: asked(pki, row).response_status for name, row in rows.items()}

    assert {n: s for n, s in said.items() if s is not Status.MALFORMED_REQUEST} == {}


def test_the_responder_says_so_where_it_has_no_say(
    pki: Any, signer: x509.Certificate
) -> None:
    rows = elsewhere(pki, signer)

    said = {name: asked(pki, row).response_status for name, row in rows.items()}

    assert {n: s for n, s in said.items() if s is not Status.UNAUTHORIZED} == {}


def test_a_harmless_extension_is_passed_over(pki: Any, box: Any) -> None:
    """Guards ``critical-extension``: the same one, not critical, is answered."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        issuing(pki), pki.installation.issuers["root"].certificate, SHA1
    )
    harmless = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    request = builder.add_extension(harmless, critical=False).build()

    said = asked(pki, request.public_bytes(Encoding.DER))

    assert said.certificate_status is Cert.GOOD


@pytest.mark.parametrize(
    "path", ["", "!", "MAA", "%FF", "../ocsp", "M" * 700, "MAA=/MAA="]
)
def test_a_get_with_garbage_gets_a_typed_error(pki: Any, path: str) -> None:
    answer = pki.public().get(f"/ocsp/{path}")

    if answer.status_code != 404:  # the client resolves .. before it asks
        status = ocsp.load_der_ocsp_response(answer.data).response_status
        assert status is Status.MALFORMED_REQUEST
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_long_request_is_not_read(pki: Any) -> None:
    assert post(pki, bytes(4 * 1024)).status_code == 200
    assert post(pki, bytes(4 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("folder", ["issued/serials", "revoked/issuing-ca"])
def test_what_cannot_be_read_is_told_later(
    pki: Any, signer: x509.Certificate, folder: str
) -> None:
    file = pki.folder / folder / f"{signer.serial_number:040x}.json"
    file.write_bytes(b"{")

    said = asked(pki, request_for(pki, signer.serial_number))

    assert said.response_status is Status.TRY_LATER


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_no_octets_make_it_fail(pki: Any, data: st.DataObject) -> None:
    good = request_for(pki, 0x4711)
    mutated = bytearray(good)
    for _ in range(data.draw(st.integers(0, 6))):
        position = data.draw(st.integers(0, len(mutated) - 1))
        mutated[position] = data.draw(st.integers(0, 255))
    request = data.draw(st.sampled_from([bytes(mutated), bytes(mutated[:-3])]))
    request = data.draw(st.one_of(st.just(request), st.binary(min_size=1, max_size=99)))

    said = asked(pki, request)

    assert said.response_status in {
        Status.SUCCESSFUL,
        Status.MALFORMED_REQUEST,
        Status.UNAUTHORIZED,
    }


# -- what certificates say of it


def access_of(certificate: x509.Certificate) -> dict[Any, str]:
    found = certificate.extensions.get_extension_for_class(
        x509.AuthorityInformationAccess
    )
    return {one.access_method: one.access_location.value for one in found.value}


def test_a_lasting_certificate_names_the_responder(pki: Any, box: Any) -> None:
    key = box.new_key()
    answer = pki.est().post(
        "/.well-known/est/lasting/fullcmc",
        data=base64.encodebytes(pki.client.message(box.csr_der(key))),
        content_type="application/pkcs7-mime; smime-type=CMC-request",
    )

    certificate = box.certificate_of(answer, key)

    url = access_of(certificate)[AuthorityInformationAccessOID.OCSP]
    assert url == f"{pki.installation.settings.public_url}/ocsp"


def test_a_one_time_certificate_names_none(pki: Any, signer: x509.Certificate) -> None:
    assert AuthorityInformationAccessOID.OCSP not in access_of(signer)


def test_certificates_of_before_serial_numbers_were_kept_are_made_known(
    pki: Any, signer: x509.Certificate
) -> None:
    for file in (pki.folder / "issued" / "serials").iterdir():
        file.unlink()
    request = request_for(pki, signer.serial_number)
    lost = asked(pki, request)

    pki.set_up_again()

    assert lost.certificate_status is Cert.UNKNOWN
    assert asked(pki, request).certificate_status is Cert.GOOD
