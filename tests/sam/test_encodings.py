"""The messages written by hand are, byte for byte, what asn1crypto would write.

Each is read strictly by the library and written anew from what was read.
"""

import base64
from functools import partial

import httpx
import pytest
from asn1crypto import cms, csr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.trust_services import cmc_structures
from sam import certificates, errors
from sam.cmc import EstClient
from tests.sam.scripted_ca import common_name, der, new_root
from tests.sam.world import NOW, World

SUBJECT = common_name("TEST Erika Mustermann")
ROOT = new_root("TEST registration authority", NOW)


def request(key: ec.EllipticCurvePrivateKey) -> bytes:
    spki = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return certificates.request(
        SUBJECT.public_bytes(),
        spki,
        lambda info: key.sign(info, ec.ECDSA(hashes.SHA256())),
    )


def sent(world: World, *, revoke: bool) -> bytes:
    seen: list[bytes] = []

    def respond(asked: httpx.Request) -> httpx.Response:
        seen.append(base64.b64decode(asked.content))
        return httpx.Response(503)

    http = httpx.Client(transport=httpx.MockTransport(respond), base_url="https://ca")
    ca = EstClient(http, world.device, der(ROOT.certificate))
    made = request(ec.generate_private_key(ec.SECP256R1()))
    ask = (
        partial(ca.revoke, der(ROOT.certificate), x509.ReasonFlags.key_compromise)
        if revoke
        else partial(ca.certify, made, 2**127)
    )
    with pytest.raises(errors.SamUnavailableError):
        ask()
    return seen[0]


def test_the_certificate_request_is_asn1cryptos() -> None:
    made = request(ec.generate_private_key(ec.SECP256R1()))

    read = csr.CertificationRequest.load(made, strict=True)
    assert read.dump(force=True) == made
    assert x509.load_der_x509_csr(made).is_signature_valid
    assert x509.load_der_x509_csr(made).subject == SUBJECT


@pytest.mark.parametrize("revoke", [False, True], ids=["enrolment", "revocation"])
def test_the_message_is_asn1cryptos(shared_world: World, *, revoke: bool) -> None:
    made = sent(shared_world, revoke=revoke)

    read = cms.ContentInfo.load(made, strict=True)
    assert read.dump(force=True) == made


@pytest.mark.parametrize("revoke", [False, True], ids=["enrolment", "revocation"])
def test_the_content_is_asn1cryptos(shared_world: World, *, revoke: bool) -> None:
    message = cms.ContentInfo.load(sent(shared_world, revoke=revoke))
    made = message["content"]["encap_content_info"]["content"].contents

    read = cmc_structures.PKIData.load(made, strict=True)
    assert read.dump(force=True) == made
    assert len(read["reqSequence"]) == (0 if revoke else 1)
