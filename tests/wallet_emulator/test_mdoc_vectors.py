"""The emulator's mdoc against numbers that others computed.

``PUBLISHED`` is the AOSP identity credential test vector for ISO/IEC 18013-5: a whole
DeviceResponse with issuer signature, digests and a MAC for known keys. The transcripts
are the examples of OpenID4VP 1.0 B.2.6 and ones recomputed apart from this code.
"""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pycose.keys import EC2Key
from pycose.messages import Sign1Message

from wallet_emulator.encoding import b64url, b64url_decode
from wallet_emulator.keys import thumbprint
from wallet_emulator.mdoc.cbor import decode, embedded, embedded_bytes, encode, members
from wallet_emulator.mdoc.cose import cose_key, mac0, mac_key, sig_structure
from wallet_emulator.mdoc.credential import Mdoc
from wallet_emulator.mdoc.issuing import DIGESTS
from wallet_emulator.mdoc.transcript import (
    NO_NAME_SPACES,
    dc_api_session_transcript,
    device_authentication,
    session_transcript,
    transcript_bytes,
)

CLIENT_ID = "x509_san_dns:example.com"
NONCE = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA"
RESPONSE_URI = "https://example.com/response"
JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0",
    "y": "XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc",
}
THUMBPRINT = "4283ec927ae0f208daaa2d026a814f2b22dca52cf85ffa8f3f8626c6bd669047"
PID = "eu.europa.ec.eudi.pid.1"
REDIRECT_HASH = "048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac"
HANDOVER = "83f6f682714f70656e494434565048616e646f7665725820"
DC_API_HASH = "fbece366f4212f9762c74cfdbf83b8c69e371d5d68cea09cb4c48ca6daab761a"
PLAIN_HASH = "c672b54a2facfb3284965c5be838a8cd1f96f7de36ede3470b1d5de2c57d7719"
AUTHENTICATION = "86b6273515cf5d338d62abd019b69680658dbfc0e9c5dce3f3df1f9e04f439aa"
SIGNED = "6d26231028f86c5389ef1918a8badc47612fb71821c5f15ba67c9090478d1a51"
SALT = "7d314c834fa48f64dcfc945350a9eee078b0fbfea4b676a2f54615e2bbc438b9"

DEVICE_KEY, READER_KEY = (ec.derive_private_key(d, ec.SECP256R1()) for d in (11, 20))
READER_COSE_KEY = (
    "a40102200121582083a01a9378395bab9bcd6a0ad03cc56d56e6b19250465a94a234dc4c6b28da9a"
    "22582076e49b6de2f73234ae6a5eb9d612b75c9f2202bb6923f54ff8240aaa86f640b8"
)
ENGAGEMENT = (
    "a20063312e30018201d818584ba401022001215820cef66d6b2a3a993e591214d1ea223fb545ca"
    "6c471c48306e4c36069404c5723f225820878662a229aaae906e123cdd9d3b4c10590ded29fe75"
    "1eeeca34bbaa44af0773"
)
MAC_KEY = "4c1ebb8aacc633465390fa44edfdb49cb57f2e079aaa771d812584699c0b97e2"
MDL = "org.iso.18013.5.1.mDL"
PUBLISHED = (
    "a36776657273696f6e63312e3069646f63756d656e747381a367646f6354797065756f72672e6973"
    "6f2e31383031332e352e312e6d444c6c6973737565725369676e6564a26a6e616d65537061636573"
    "a2716f72672e69736f2e31383031332e352e3181d8185863a4686469676573744944016672616e64"
    "6f6d58208798645b20ea200e19ffabac92624bee6aec63aceedecfb1b80077d22bfc20e971656c65"
    "6d656e744964656e7469666965726b66616d696c795f6e616d656c656c656d656e7456616c756563"
    "446f656b636f6d2e6578616d706c6581d8185864a4686469676573744944016672616e646f6d5820"
    "218ecf13521b53f4b96abaebe56417afec0e4c91fc8fb26086cd1e5cdc1a94ff71656c656d656e74"
    "4964656e7469666965726f616e6f746865725f656c656d656e746c656c656d656e7456616c75650a"
    "6a697373756572417574688443a10126a118215901d2308201ce30820174a00302010202141f7d44"
    "f4f107c5ee3f566049cf5d72de294b0d23300a06082a8648ce3d0403023023311430120603550403"
    "0c0b75746f7069612069616361310b3009060355040613025553301e170d32303130303130303030"
    "30305a170d3231313030313030303030305a30213112301006035504030c0975746f706961206473"
    "310b30090603550406130255533059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "301d9e502dc7e05da85da026a7ae9aa0fac9db7d52a95b3e3e3f9aa0a1b45b8b6551b6f6b3061223"
    "e0d23c026b017d72298d9ae46887ca61d58db6aea17ee267a38187308184301e0603551d12041730"
    "1581136578616d706c65406578616d706c652e636f6d301c0603551d1f041530133011a00fa00d82"
    "0b6578616d706c652e636f6d301d0603551d0e041604147bef4db59a1ffb07592bfc57f4743b8a73"
    "aea792300e0603551d0f0101ff04040302078030150603551d250101ff040b3009060728818c5d05"
    "0102300a06082a8648ce3d0403020348003045022021d52fb1fbda80e5bfda1e8dfb1bc7bf0acb72"
    "61d5c9ff54425af76eb21571c602210082bf301f89e0a2cb9ca9c9050352de80b47956764f7a3e07"
    "bf6a8cd87528a3b55901d2d8185901cda66776657273696f6e63312e306f646967657374416c676f"
    "726974686d675348412d3235366c76616c756544696765737473a2716f72672e69736f2e31383031"
    "332e352e31a20058203b22af1126771f02f0ea0d546d4ee3c5b51637381154f5211b79daf5f9faca"
    "a8015820f2cba0ce3cde5df901a3da7513a4d7f7225fdfe5a306544529bf3dbcce655ca06b636f6d"
    "2e6578616d706c65a200582072636dddc282424a63499f4b3927aaa3b74da7b9c0134178bf735e94"
    "9e4a761e01582006322d3cbe6603876bdacc5b6679b51b0fc53d029c244fd5ea719d9028459c916d"
    "6465766963654b6579496e666fa1696465766963654b6579a4010220012158203ed113b7883b4c59"
    "0638379db0c21cda16742ed0255048bf433391d374bc21d12258209099209accc4c8a224c843afa4"
    "f4c68a090d04da5e9889dae2f8eefce82a374067646f6354797065756f72672e69736f2e31383031"
    "332e352e312e6d444c6c76616c6964697479496e666fa3667369676e6564c074323032302d31302d"
    "30315431333a33303a30325a6976616c696446726f6dc074323032302d31302d30315431333a3330"
    "3a30325a6a76616c6964556e74696cc074323032312d31302d30315431333a33303a30325a584027"
    "3ec1b59817d571b5a2c5c0ab0ea213d42acb18547fd7097afcc888a22ecbb863c6461ce0e2408808"
    "95b4aaa84308784571c7be7aa3a2e7e3a2ea1a145ed1966c6465766963655369676e6564a26a6e61"
    "6d65537061636573d81841a06a64657669636541757468a1696465766963654d61638443a10105a0"
    "f6582009da7c964ac004ec36ec64edd0c1abf50c03433c215c3ddb144768abcdf20a606673746174"
    "757300"
)


@pytest.fixture(scope="module")
def published() -> dict[object, object]:
    response = members(decode(bytes.fromhex(PUBLISHED)), "DeviceResponse")
    documents = response["documents"]
    assert isinstance(documents, list)
    return members(documents[0], "document")


@pytest.fixture(scope="module")
def mdoc(published: dict[object, object]) -> Mdoc:
    signed = members(published["issuerSigned"], "issuerSigned")
    return Mdoc.parse(b64url(encode(signed)))


def test_the_thumbprint_of_the_specifications_key() -> None:
    assert b64url_decode(thumbprint(JWK)).hex() == THUMBPRINT


def redirect(jwk_thumbprint: bytes | None = bytes.fromhex(THUMBPRINT)) -> bytes:
    return session_transcript(
        client_id=CLIENT_ID,
        nonce=NONCE,
        jwk_thumbprint=jwk_thumbprint,
        response_uri=RESPONSE_URI,
    )


def test_the_transcript_of_the_specifications_request() -> None:
    assert redirect().hex() == HANDOVER + REDIRECT_HASH


def test_the_transcript_of_a_plain_answer() -> None:
    assert redirect(None).hex() == HANDOVER + PLAIN_HASH


def test_the_transcript_of_the_digital_credentials_api() -> None:
    transcript = dc_api_session_transcript(
        origin="https://example.com",
        nonce=NONCE,
        jwk_thumbprint=bytes.fromhex(THUMBPRINT),
    )

    assert transcript.hex().endswith(DC_API_HASH)
    assert b"OpenID4VPDCAPIHandover" in transcript


def test_what_the_device_signs() -> None:
    signed = device_authentication(redirect(), PID, NO_NAME_SPACES)

    assert len(signed) == 110
    assert hashlib.sha256(signed).hexdigest() == AUTHENTICATION
    structure = sig_structure(bytes.fromhex("a10126"), signed)
    assert hashlib.sha256(structure).hexdigest() == SIGNED


def test_the_salt_of_a_mac() -> None:
    salt = hashlib.sha256(transcript_bytes(redirect())).hexdigest()

    assert salt == SALT


def test_the_published_issuers_signature_holds(mdoc: Mdoc) -> None:
    numbers = mdoc.chain[0].public_key().public_numbers()  # type: ignore[union-attr]
    message = Sign1Message.from_cose_obj(
        list(mdoc.issuer_auth), allow_unknown_attributes=True
    )
    message.key = EC2Key(
        crv="P_256",
        x=numbers.x.to_bytes(32),  # type: ignore[union-attr]
        y=numbers.y.to_bytes(32),  # type: ignore[union-attr]
    )

    assert message.verify_signature()


def test_the_published_elements_are_read(mdoc: Mdoc) -> None:
    assert mdoc.doc_type == MDL
    assert mdoc.elements() == {
        "org.iso.18013.5.1": {"family_name": "Doe"},
        "com.example": {"another_element": 10},
    }


def test_the_published_digests_are_ours(mdoc: Mdoc) -> None:
    digests = members(mdoc.mso["valueDigests"], "valueDigests")
    for space, (item,) in mdoc.items.items():
        number = members(decode(item), "item")["digestID"]
        expected = members(digests[space], space)[number]
        assert DIGESTS["SHA-256"](encode(embedded(item))) == expected


def test_the_published_device_key_is_written_as_we_write_it(mdoc: Mdoc) -> None:
    info = members(mdoc.mso["deviceKeyInfo"], "deviceKeyInfo")

    assert info["deviceKey"] == cose_key(DEVICE_KEY.public_key())


def published_transcript() -> bytes:
    """Of proximity flow; only its bytes matter here."""
    device, reader = bytes.fromhex(ENGAGEMENT), bytes.fromhex(READER_COSE_KEY)
    return encode([embedded(device), embedded(reader), None])


def test_the_published_mac_key_is_derived_from_either_side() -> None:
    salted = transcript_bytes(published_transcript())

    ours = mac_key(DEVICE_KEY, READER_KEY.public_key(), salted)
    theirs = mac_key(READER_KEY, DEVICE_KEY.public_key(), salted)

    assert ours.hex() == theirs.hex() == MAC_KEY


def test_the_published_device_mac_is_ours(published: dict[object, object]) -> None:
    signed = members(published["deviceSigned"], "deviceSigned")
    auth = members(signed["deviceAuth"], "deviceAuth")
    said = embedded_bytes(signed["nameSpaces"])

    authentication = device_authentication(published_transcript(), MDL, said)
    made = mac0(bytes.fromhex("a10105"), authentication, bytes.fromhex(MAC_KEY))

    assert made == auth["deviceMac"]
