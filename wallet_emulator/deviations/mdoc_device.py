"""Defects of the device's proof under a genuine mdoc: what it signs, and how.

ISO/IEC 18013-5 §9.1.3 over the handover of OpenID4VP 1.0 B.2.6.
"""

from collections.abc import Callable
from typing import Final

import cbor2

from wallet_emulator.answer import Draft, Stage, transcript_of
from wallet_emulator.deviations.forging import der_of, put
from wallet_emulator.deviations.mdoc_forging import (
    MALFORMED,
    MISSING,
    REFUSED,
    UNBOUND,
    UNSIGNED,
    document,
    flipped,
    forged,
    signature_of,
)
from wallet_emulator.deviations.registry import AlterMdoc, Deviation
from wallet_emulator.encoding import b64url
from wallet_emulator.keys import new_key, public_key_from_jwk
from wallet_emulator.mdoc.cbor import decode, embedded_bytes, encode, members
from wallet_emulator.mdoc.cose import ALG, CRIT, Cose, sign1
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.mdoc.transcript import (
    dc_api_session_transcript,
    iso_18013_7_session_transcript,
    session_transcript,
    transcript_bytes,
)

_ES384: Final = -35


_SIGN1_TAG: Final = 18


def _bound(name: str, breaks: str, expected: str, alter: AlterMdoc) -> Deviation:
    """Before the device signs."""
    return forged(
        name,
        breaks,
        expected,
        alter,
        stage=Stage.KEY_BINDING,
        threat="MD7",
        check="56",
    )


def _shown(name: str, breaks: str, expected: str, alter: AlterMdoc) -> Deviation:
    """After the device signed."""
    return forged(
        name, breaks, expected, alter, stage=Stage.VP_TOKEN, threat="MD5", check="57"
    )


def _transcript(make: Callable[[Draft], bytes]) -> AlterMdoc:
    def alter(draft: Draft, target: MdocPresentation) -> None:
        target.transcript = make(draft)

    return alter


def _thumbprint(make: Callable[[Draft], bytes | None]) -> AlterMdoc:
    def made(draft: Draft) -> bytes:
        request = draft.request
        return session_transcript(
            client_id=request.client_id,
            nonce=request.nonce,
            jwk_thumbprint=make(draft),
            response_uri=request.response_uri,
        )

    return _transcript(made)


def _iso_18013_7(draft: Draft) -> bytes:
    return iso_18013_7_session_transcript(
        client_id=draft.request.client_id,
        nonce=draft.request.nonce,
        response_uri=draft.request.response_uri,
        mdoc_nonce=b64url(bytes(16)),
    )


def _dc_api(draft: Draft) -> bytes:
    return dc_api_session_transcript(
        origin="https://sign.example.test",
        nonce=draft.request.nonce,
        jwk_thumbprint=draft.jwk_thumbprint,
    )


def _renamed_handover(draft: Draft) -> bytes:
    content = decode(transcript_of(draft))
    handover = content[2] if isinstance(content, list) else []
    return encode([None, None, ["OpenID4VPHandover2", handover[1]]])


def _headers(change: Callable[[MdocPresentation], object]) -> AlterMdoc:
    def alter(draft: Draft, target: MdocPresentation) -> None:
        change(target)

    return alter


def _other_key(draft: Draft, target: MdocPresentation) -> None:
    target.device_key = new_key()


def _other_doc_type(draft: Draft, target: MdocPresentation) -> None:
    target.signed_doc_type = "org.iso.18013.5.1.mDL"


def _reencoded_name_spaces(draft: Draft, target: MdocPresentation) -> None:
    """The device signed an empty map; another encoding of it is sent."""
    target.shown_name_spaces = b"\xbf\xff"


def _odd_name_spaces(draft: Draft, target: MdocPresentation) -> None:
    target.name_spaces = b"\xbf\xff"


def _alg_unprotected(target: MdocPresentation) -> None:
    target.device_unprotected[ALG] = target.device_protected.pop(ALG)


def _crit(target: MdocPresentation) -> None:
    target.device_protected |= {CRIT: [-65000], -65000: True}


def _signature(change: Callable[[Cose], object]) -> AlterMdoc:
    """What stands for ``deviceSignature`` instead of the honest COSE_Sign1."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        auth: dict[str, object] = {"deviceSignature": change(target.device_signature())}
        made = target.response(target.document(auth))
        put(draft, target, b64url(encode(made)))

    return alter


def _auth(make: Callable[[Draft, MdocPresentation], dict[str, object]]) -> AlterMdoc:
    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = target.response(target.document(make(draft, target)))
        put(draft, target, b64url(encode(made)))

    return alter


def _mac(draft: Draft, target: MdocPresentation) -> dict[str, object]:
    peer = public_key_from_jwk(draft.request.recipient.jwk)
    return {"deviceMac": target.device_mac(peer)}


def _mac_and_signature(draft: Draft, target: MdocPresentation) -> dict[str, object]:
    return {
        "deviceSignature": target.device_signature(),
        **_mac(draft, target),
    }


def _signed_plainly(draft: Draft, target: MdocPresentation) -> dict[str, object]:
    """Over DeviceAuthentication instead of DeviceAuthenticationBytes."""
    content = embedded_bytes(decode(target.authentication()))
    protected = encode(target.device_protected)
    signed = sign1(protected, {}, content, target.device_key, detached=True)
    return {"deviceSignature": signed}


def _attached(draft: Draft, target: MdocPresentation) -> dict[str, object]:
    protected = encode(target.device_protected)
    signed = sign1(protected, {}, target.authentication(), target.device_key)
    return {"deviceSignature": signed}


def _device_signed(change: Callable[[dict[object, object]], object]) -> AlterMdoc:
    return document(lambda made: change(members(made["deviceSigned"], "deviceSigned")))


def _bare_name_spaces(signed: dict[object, object]) -> None:
    signed["nameSpaces"] = {}


TRANSCRIPTS: Final = (
    _bound(
        "invalid-session-transcript",
        "the device signed for another nonce",
        UNSIGNED,
        _transcript(lambda draft: transcript_of(draft, nonce=b64url(bytes(32)))),
    ),
    _bound(
        "transcript-of-another-client",
        "the device signed for another verifier",
        UNSIGNED,
        _transcript(
            lambda d: transcript_of(d, client_id=f"x509_hash:{b64url(bytes(32))}")
        ),
    ),
    _bound(
        "transcript-without-client-prefix",
        "the device signed a client_id without its prefix",
        UNSIGNED,
        _transcript(
            lambda d: transcript_of(d, client_id=d.request.client_id.partition(":")[2])
        ),
    ),
    _bound(
        "transcript-of-another-response-uri",
        "the device signed for another address to answer to",
        UNSIGNED,
        _transcript(
            lambda draft: transcript_of(draft, response_uri="https://evil.test/vp")
        ),
    ),
    _bound(
        "transcript-without-thumbprint",
        "the device signed for an answer that is not encrypted",
        UNSIGNED,
        _thumbprint(lambda draft: None),
    ),
    _bound(
        "transcript-of-another-thumbprint",
        "the device signed for another encryption key: somebody stands between",
        UNSIGNED,
        _thumbprint(lambda draft: bytes(32)),
    ),
    _bound(
        "transcript-of-iso-18013-7",
        "the handover of ISO/IEC 18013-7, as before OpenID4VP 1.0",
        UNSIGNED,
        _transcript(_iso_18013_7),
    ),
    _bound(
        "transcript-of-dc-api",
        "the handover of the Digital Credentials API",
        UNSIGNED,
        _transcript(_dc_api),
    ),
    _bound(
        "transcript-of-another-handover",
        "the handover has another name over the right hash",
        UNSIGNED,
        _transcript(_renamed_handover),
    ),
    _bound(
        "transcript-embedded",
        "the transcript is signed as embedded CBOR",
        UNSIGNED,
        _transcript(lambda draft: transcript_bytes(transcript_of(draft))),
    ),
    _bound(
        "device-signed-another-doctype",
        "the device signed for another document type",
        UNSIGNED,
        _other_doc_type,
    ),
    _bound(
        "device-name-spaces-reencoded",
        "the device's elements are sent in another encoding than was signed",
        UNSIGNED,
        _reencoded_name_spaces,
    ),
    _bound(
        "device-name-spaces-indefinite",
        "the device signed elements of indefinite length",
        MALFORMED,
        _odd_name_spaces,
    ),
    _bound(
        "device-signed-by-another-key",
        "signed by a key that the mdoc does not name",
        UNSIGNED,
        _other_key,
    ),
)


HEADERS: Final = (
    _bound(
        "device-alg-es384",
        "alg says ES384 over an ES256 signature",
        REFUSED,
        _headers(lambda target: target.device_protected.update({ALG: _ES384})),
    ),
    _bound(
        "device-alg-missing",
        "alg is left out",
        REFUSED,
        _headers(lambda target: target.device_protected.clear()),
    ),
    _bound(
        "device-alg-unprotected",
        "alg stands where the signature does not cover it",
        REFUSED,
        _headers(_alg_unprotected),
    ),
    _bound(
        "device-crit",
        "a critical header that nobody understands",
        REFUSED,
        _headers(_crit),
    ),
)


SIGNATURES: Final = (
    _shown(
        "invalid-device-signature",
        "one bit of the device's signature",
        UNSIGNED,
        _signature(flipped),
    ),
    _shown(
        "device-signature-empty",
        "the device's signature is empty",
        UNSIGNED,
        _signature(lambda cose: [*cose[:3], b""]),
    ),
    _shown(
        "device-signature-der",
        "the device's signature is ASN.1 instead of r and s",
        UNSIGNED,
        _signature(lambda cose: [*cose[:3], der_of(signature_of(cose))]),
    ),
    _shown(
        "device-signature-tagged",
        "deviceSignature is a tagged COSE_Sign1",
        MALFORMED,
        _signature(lambda cose: cbor2.CBORTag(_SIGN1_TAG, cose)),
    ),
    _shown(
        "device-signature-null",
        "deviceSignature is null",
        "wrong_claim_type",
        _signature(lambda cose: None),
    ),
    _shown(
        "device-payload-attached",
        "the device's payload is sent along instead of being rebuilt",
        MALFORMED,
        _auth(_attached),
    ),
    _shown(
        "device-signed-not-embedded",
        "the device signed without tag 24 around what it signs",
        UNSIGNED,
        _auth(_signed_plainly),
    ),
    _shown(
        "device-mac",
        "a MAC as ISO allows it: the verifier could have made it itself",
        UNBOUND,
        _auth(_mac),
    ),
    _shown(
        "device-mac-and-signature",
        "a MAC and a signature",
        UNBOUND,
        _auth(_mac_and_signature),
    ),
    _shown(
        "device-auth-empty",
        "deviceAuth holds neither signature nor MAC",
        MISSING,
        _auth(lambda draft, target: {}),
    ),
    _shown(
        "device-auth-missing",
        "there is no deviceAuth",
        MISSING,
        _device_signed(lambda signed: signed.pop("deviceAuth")),
    ),
    _shown(
        "device-signed-missing",
        "the device signed nothing: the mdoc alone, as a thief has it",
        MISSING,
        document(lambda made: made.pop("deviceSigned")),
    ),
    _shown(
        "device-name-spaces-missing",
        "the device's elements are left out",
        MALFORMED,
        _device_signed(lambda signed: signed.pop("nameSpaces")),
    ),
    _shown(
        "device-name-spaces-bare",
        "the device's elements are not embedded CBOR",
        MALFORMED,
        _device_signed(_bare_name_spaces),
    ),
)
