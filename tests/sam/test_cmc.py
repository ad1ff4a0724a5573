"""What the SAM says to the CA, and what it makes of any answer."""

import base64
import hashlib
from collections.abc import Callable

import httpx
import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from hsm.port import ServiceKey
from sam import errors
from sam.cmc import PKI_DATA, EstClient
from tests.sam.scripted_ca import common_name, der, new_root
from tests.sam.world import NOW, World

Respond = Callable[[httpx.Request], httpx.Response]
ROOT = new_root("TEST registration authority", NOW)


def request_of(world: World) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(common_name("TEST"))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def client(world: World, respond: Respond) -> EstClient:
    http = httpx.Client(transport=httpx.MockTransport(respond), base_url="https://ca")
    return EstClient(http, world.device, der(ROOT.certificate))


def sent(world: World, csr: bytes, number: int = 7) -> httpx.Request:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503)

    with pytest.raises(errors.SamUnavailableError):
        client(world, respond).certify(csr, number)
    return seen[0]


def signed_data(request: httpx.Request) -> cms.SignedData:
    parsed = cms.ContentInfo.load(base64.b64decode(request.content), strict=True)
    return parsed["content"]


def test_the_message_goes_to_the_door_of_full_cmc(shared_world: World) -> None:
    request = sent(shared_world, request_of(shared_world))

    assert (request.method, request.url.path) == ("POST", "/.well-known/est/fullcmc")
    assert request.headers["content-type"] == (
        "application/pkcs7-mime; smime-type=CMC-request"
    )


def test_the_message_is_signed_by_the_registration_authority(
    shared_world: World,
) -> None:
    signed = signed_data(sent(shared_world, request_of(shared_world)))

    (info,) = signed["signer_infos"]
    content = signed["encap_content_info"]["content"].contents
    attributes = {a["type"].native: a["values"].native for a in info["signed_attrs"]}
    key = load_der_public_key(
        shared_world.device.service_public_key(ServiceKey.REGISTRATION_AUTHORITY)
    )
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(
        info["signature"].native,
        info["signed_attrs"].untag().dump(),
        ec.ECDSA(hashes.SHA256()),
    )
    assert signed["encap_content_info"]["content_type"].dotted == PKI_DATA
    assert attributes["message_digest"] == [hashlib.sha256(content).digest()]
    assert attributes["content_type"] == [PKI_DATA]


def test_the_message_holds_the_request_as_it_was_given(shared_world: World) -> None:
    csr = request_of(shared_world)

    content = signed_data(sent(shared_world, csr))["encap_content_info"]["content"]

    assert content.contents.count(csr[4:]) == 1  # behind its own tag
    assert core.Integer(7).dump() in content.contents


def test_every_message_has_a_fresh_nonce(shared_world: World) -> None:
    csr = request_of(shared_world)

    first, second = sent(shared_world, csr), sent(shared_world, csr)

    contents = [
        signed_data(r)["encap_content_info"]["content"].contents
        for r in (first, second)
    ]
    assert contents[0] != contents[1]
    assert len(contents[0]) == len(contents[1])


def certs_only(*certificates: bytes) -> bytes:
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": {"content_type": "data"},
            "certificates": [x for x in map(cms.Certificate.load, certificates)],
            "signer_infos": [],
        }
    )
    info = cms.ContentInfo({"content_type": "signed_data", "content": content})
    return base64.b64encode(info.dump())


def test_the_certificates_of_the_answer_come_back(shared_world: World) -> None:
    body = certs_only(der(ROOT.certificate))
    answered = client(shared_world, lambda _r: httpx.Response(200, content=body))

    assert answered.certify(b"0\x00", 1) == (der(ROOT.certificate),)


def not_reached(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


DATA = cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()
UNUSABLE: dict[str, Respond] = {
    "not-reached": not_reached,
    "500": lambda _r: httpx.Response(500),
    "400": lambda _r: httpx.Response(400, text="no proof of possession"),
    "retry-later": lambda _r: httpx.Response(202),
    "redirect": lambda _r: httpx.Response(302, headers={"location": "http://x"}),
    "empty": lambda _r: httpx.Response(200),
    "no-base64": lambda _r: httpx.Response(200, content=b"!!!\xff"),
    "no-der": lambda _r: httpx.Response(200, content=base64.b64encode(b"hello")),
    "endless-length": lambda _r: httpx.Response(
        200, content=base64.b64encode(b"\x30\x84\xff\xff\xff\xff")
    ),
    "nested": lambda _r: httpx.Response(
        200, content=base64.b64encode(b"\x30\x80" * 5000)
    ),
    "other-content": lambda _r: httpx.Response(200, content=base64.b64encode(DATA)),
    "cut": lambda _r: httpx.Response(
        200, content=certs_only(der(ROOT.certificate))[:100]
    ),
}


@pytest.mark.parametrize("respond", UNUSABLE.values(), ids=UNUSABLE)
def test_a_ca_that_cannot_be_understood_is_not_available(
    shared_world: World, respond: Respond
) -> None:
    with pytest.raises(errors.SamUnavailableError):
        client(shared_world, respond).certify(b"0\x00", 1)


@pytest.mark.parametrize("position", range(0, 900, 11))
def test_no_altered_answer_is_anything_but_certificates_or_a_refusal(
    shared_world: World, position: int
) -> None:
    raw = bytearray(base64.b64decode(certs_only(der(ROOT.certificate))))
    raw[position % len(raw)] ^= 0x2A
    body = base64.b64encode(bytes(raw))
    answered = client(shared_world, lambda _r: httpx.Response(200, content=body))

    assert understood(answered) in (0, 1)


def understood(answered: EstClient) -> int:
    try:
        return len(answered.certify(b"0\x00", 1))
    except errors.SamUnavailableError:
        return 0
