"""What a revocation does to signatures: nothing to those proven to be from before it.

The CA, its CRLs and its time stamps are the real ones, and our own validator judges.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.ades.documents import Documents, Validation
from tests.app.ades import pdfs
from tests.app.ades.pki import Signer

HOUR = timedelta(hours=1)
SUPERSEDED = x509.ReasonFlags.superseded


@pytest.fixture(scope="module")
def documents() -> Iterator[Documents]:
    documents = Documents()
    yield documents
    documents.close()


@dataclass(frozen=True)
class Desk:
    """One signer with a long-term certificate, at whatever time it is."""

    pki: Any
    documents: Documents
    signer: Signer

    def sign(self, *, stamped: bool = True) -> bytes:
        prepared = self.documents.prepare(pdfs.plain(), signed_at=self.pki.clock())
        parts = self.signer.sign(prepared)
        token = self.stamp(parts.signature) if stamped else None
        return self.documents.embed(prepared.content, prepared.byte_range, parts, token)

    def stamp(self, value: bytes) -> bytes:
        imprint = {
            "hash_algorithm": {"algorithm": "sha256"},
            "hashed_message": hashlib.sha256(value).digest(),
        }
        query = {"version": 1, "message_imprint": imprint, "nonce": 7, "cert_req": True}
        answer = self.pki.public().post(
            "/tsa",
            data=tsp.TimeStampReq(query).dump(),
            content_type="application/timestamp-query",
        )
        token: bytes = tsp.TimeStampResp.load(answer.data)["time_stamp_token"].dump()
        return token

    def revoke(self) -> None:
        certificate = self.signer.certificate
        self.pki.installation.revoke(certificate, SUPERSEDED, self.pki.clock())

    def judge(
        self, signed: bytes, *, crls: tuple[str, ...] | None = None
    ) -> Validation:
        names = ("issuing-ca", "root") if crls is None else crls
        root = self.pki.installation.issuers["root"].certificate
        public = self.pki.public()
        return self.documents.validate(
            signed,
            anchors=(root.public_bytes(Encoding.DER),),
            at=self.pki.clock(),
            crls=[public.get(f"/crl/{name}.crl").data for name in names],
        )


@pytest.fixture
def desk(pki: Any, box: Any, documents: Documents) -> Desk:
    key = box.new_key()
    answer = pki.est().post(
        "/.well-known/est/lasting/fullcmc",
        data=base64.encodebytes(pki.client.message(box.csr_der(key))),
        content_type="application/pkcs7-mime; smime-type=CMC-request",
    )
    certificate = box.certificate_of(answer, key)
    issuer = pki.installation.issuers["issuing-ca"].certificate
    return Desk(pki, documents, Signer(key=key, certificate=certificate, issuer=issuer))


def test_nobody_revoked_it(desk: Desk) -> None:
    """Guards all below. That it names an OCSP responder too does not unsettle it."""
    signed = desk.sign()
    desk.pki.clock.advance(HOUR)

    assert desk.judge(signed).valid


def test_a_signature_from_before_the_revocation_stays_valid(desk: Desk) -> None:
    signed = desk.sign()
    desk.pki.clock.advance(HOUR)
    desk.revoke()
    desk.pki.clock.advance(HOUR)

    judged = desk.judge(signed)

    assert judged.valid, judged.summary
    assert judged.signed_at == desk.pki.clock() - 2 * HOUR


def test_a_signature_from_after_the_revocation_is_invalid(desk: Desk) -> None:
    desk.revoke()
    desk.pki.clock.advance(HOUR)

    assert desk.judge(desk.sign()).summary == "The signing certificate was revoked."


def test_without_a_time_stamp_nothing_proves_that_it_was_before(desk: Desk) -> None:
    signed = desk.sign(stamped=False)
    before = desk.judge(signed)
    desk.pki.clock.advance(HOUR)
    desk.revoke()
    desk.pki.clock.advance(HOUR)

    after = desk.judge(signed)

    assert before.valid
    assert after.summary == "The signing certificate was revoked."


def test_it_stays_so_after_the_certificate_has_ended(desk: Desk) -> None:
    """A CRL keeps its entries, so who signed after the revocation gains nothing."""
    early = desk.sign()
    desk.pki.clock.advance(HOUR)
    desk.revoke()
    desk.pki.clock.advance(HOUR)
    late = desk.sign()
    desk.pki.clock.advance(timedelta(days=400))

    assert desk.judge(early).valid
    assert desk.judge(late).summary == "The signing certificate was revoked."


@pytest.mark.parametrize("crls", [(), ("root",), ("issuing-ca",)])
def test_without_each_ca_s_crl_nothing_is_valid(
    desk: Desk, crls: tuple[str, ...]
) -> None:
    assert not desk.judge(desk.sign(), crls=crls).valid


def test_the_crl_of_before_does_not_hide_a_revocation_for_long(desk: Desk) -> None:
    """A CRL lasts a day: a verifier that keeps it longer is refused."""
    desk.pki.clock.advance(-timedelta(hours=25))
    old = [desk.pki.public().get(f"/crl/{n}.crl").data for n in ("issuing-ca", "root")]
    desk.pki.clock.advance(timedelta(hours=25))
    desk.revoke()
    root = desk.pki.installation.issuers["root"].certificate

    judged = desk.documents.validate(
        desk.sign(),
        anchors=(root.public_bytes(Encoding.DER),),
        at=desk.pki.clock(),
        crls=old,
    )

    assert not judged.valid
