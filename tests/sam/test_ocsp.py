"""What an OCSP answer has to be before a certificate counts as good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import core
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as rfc6960
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sam import ocsp
from sam.ocsp import REVOKED, STATUS_UNKNOWN, NotGoodError
from tests.sam.ocsp_answers import (
    FOR_OCSP,
    NO_CHECK,
    Delegate,
    Said,
    Script,
    but,
    delegate,
)
from tests.sam.scripted_ca import Recipe, common_name, new_root
from tests.sam.world import NOW

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
KEY = ec.generate_private_key(ec.SECP256R1())
LEAF = Recipe(
    subject=common_name("TEST Erika Mustermann"),
    public_key=KEY.public_key(),
    not_before=NOW - HOUR,
    not_after=NOW + 24 * HOUR,
)
LASTING = replace(LEAF, not_before=NOW - 24 * HOUR, not_after=NOW + 900 * 24 * HOUR)
ROOT = new_root("TEST root", NOW)
CA = ROOT.sub_ca("TEST issuing CA", LASTING)
OTHER_CA = ROOT.sub_ca("TEST other CA", LASTING)
SAME_NAME = ROOT.sub_ca("TEST issuing CA", LASTING)
CERTIFICATE, SIBLING = CA.issue(LEAF), CA.issue(LEAF)
RESPONDER = delegate(CA, NOW)
ISSUER_ITSELF = Delegate(certificate=CA.certificate, key=CA.key)
SHORT_RSA = rsa.generate_private_key(65537, 2048)
LONG_RSA = rsa.generate_private_key(65537, 3072)
SHA1 = hashes.SHA1()  # noqa: S303 — what is refused
Status = rfc6960.OCSPCertStatus


def answered(script: Script, by: Delegate = RESPONDER) -> tuple[ocsp.Question, bytes]:
    asked = ocsp.question(CERTIFICATE, CA.certificate)
    said = Said(
        by=by, asked=asked.asked, this_update=NOW - SECOND, next_update=NOW + HOUR
    )
    return asked, script(said)


def code_of(script: Script, by: Delegate = RESPONDER) -> str:
    asked, answer = answered(script, by)
    with pytest.raises(NotGoodError) as caught:
        ocsp.check(asked, answer, NOW)
    return caught.value.code


def times(number: int) -> Script:
    """The same answer so many times, and signed again: no builder makes that."""

    def script(said: Said) -> bytes:
        response = asn1_ocsp.OCSPResponse.load(said.der())
        basic = response["response_bytes"]["response"].parsed
        data = basic["tbs_response_data"]
        answers = [data["responses"][0]] * number
        data["responses"] = asn1_ocsp.Responses([one.copy() for one in answers])
        signature = said.by.key.sign(data.dump(), ec.ECDSA(hashes.SHA256()))
        basic["signature"] = signature
        response["response_bytes"]["response"] = core.ParsableOctetString(basic.dump())
        der: bytes = response.dump()
        return der

    return script


GOOD: dict[str, Script] = {
    "unchanged": but(),
    "signed-again": times(1),
    "named-by-subject": but(named_by=rfc6960.OCSPResponderEncoding.NAME),
    "sha384": but(signed_over=hashes.SHA384()),
    "the-issuer-itself": but(by=ISSUER_ITSELF),
    "the-issuer-itself-without-certificates": but(by=ISSUER_ITSELF, shown=()),
    "others-shown-too": but(shown=lambda s: (ROOT.certificate, s.by.certificate)),
    "rsa-3072": but(by=delegate(CA, NOW, key=LONG_RSA)),
    "a-day-old": but(this_update=NOW - 24 * HOUR),
    "clock-a-minute-ahead": but(this_update=NOW + timedelta(seconds=60)),
    "last-second": but(next_update=NOW + SECOND),
}


@pytest.mark.parametrize("script", GOOD.values(), ids=GOOD)
def test_an_answer_that_holds_is_believed(script: Script) -> None:
    """Guards the tables below."""
    asked, answer = answered(script)

    ocsp.check(asked, answer, NOW)


def tampered(change: Callable[[bytes, Said], bytes]) -> Script:
    return lambda said: change(said.der(), said)


def refusal(status: rfc6960.OCSPResponseStatus) -> Script:
    refused = rfc6960.OCSPResponseBuilder.build_unsuccessful(status)
    return lambda _: refused.public_bytes(Encoding.DER)


def other_bit(der: bytes, said: Said) -> bytes:
    signature = rfc6960.load_der_ocsp_response(der).signature
    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    return der.replace(signature, flipped)


def later(der: bytes, said: Said) -> bytes:
    """nextUpdate moved after signing."""
    before = f"{said.next_update:%Y%m%d%H%M%SZ}".encode()
    assert der.count(before) == 1
    return der.replace(before, f"{NOW + 9 * HOUR:%Y%m%d%H%M%SZ}".encode())


def nonce_start(said: Said) -> bytes:
    held = said.asked.extensions.get_extension_for_class(x509.OCSPNonce)
    return held.value.nonce[:16]


UNDELEGATED: dict[str, dict[str, Any]] = {
    "no-key-purpose": {"extensions": (NO_CHECK,)},
    "other-key-purpose": {
        "extensions": (
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]),
            NO_CHECK,
        )
    },
    "any-key-purpose": {
        "extensions": (
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
            NO_CHECK,
        )
    },
    "status-of-its-own": {"extensions": (FOR_OCSP,)},
    "no-digital-signature": {"usage": frozenset({"content_commitment"})},
    "no-key-usage": {"usage": None},
    "ended": {"not_after": NOW},
    "not-begun": {"not_before": NOW + SECOND},
}
REFUSED: dict[str, Script] = {
    "nothing": lambda _: b"",
    "garbage": lambda _: b"good",
    "html": lambda _: b"<html>good</html>",
    "cut": tampered(lambda der, _: der[:-1]),
    "one-octet-more": tampered(lambda der, _: der + b"\0"),
    "malformed-request": refusal(rfc6960.OCSPResponseStatus.MALFORMED_REQUEST),
    "internal-error": refusal(rfc6960.OCSPResponseStatus.INTERNAL_ERROR),
    "try-later": refusal(rfc6960.OCSPResponseStatus.TRY_LATER),
    "sig-required": refusal(rfc6960.OCSPResponseStatus.SIG_REQUIRED),
    "unauthorized": refusal(rfc6960.OCSPResponseStatus.UNAUTHORIZED),
    "no-answer": times(0),
    "two-answers": times(2),
    "unknown": but(status=Status.UNKNOWN),
    "other-serial": but(serial=SIBLING.serial_number),
    "other-name": but(name_hash=bytes(32)),
    "other-key": but(key_hash=bytes(32)),
    "sha1-certificate-id": but(
        hash_algorithm=SHA1, name_hash=bytes(20), key_hash=bytes(20)
    ),
    "no-nonce": but(with_nonce=False),
    "other-nonce": but(nonce=bytes(32)),
    "half-the-nonce": but(nonce=nonce_start),
    "not-yet": but(this_update=NOW + timedelta(seconds=61)),
    "over": but(next_update=NOW),
    "without-end": but(next_update=None),
    "older-than-a-day": but(this_update=NOW - 24 * HOUR - SECOND),
    "signature-of-another-key": but(
        by=delegate(CA, NOW),
        named_by=rfc6960.OCSPResponderEncoding.NAME,
        shown=(RESPONDER.certificate,),
    ),
    "signature-changed": tampered(other_bit),
    "content-changed": tampered(later),
    "signed-over-sha224": but(signed_over=hashes.SHA224()),
    "rsa-2048": but(by=delegate(CA, NOW, key=SHORT_RSA)),
    "ed25519": but(
        by=delegate(CA, NOW, key=ed25519.Ed25519PrivateKey.generate()),
        signed_over=None,
    ),
    "no-certificate": but(shown=()),
    "another-certificate": but(shown=(ROOT.certificate,)),
    "too-many-certificates": but(shown=lambda s: (s.by.certificate,) * 5),
    "delegate-of-another-ca": but(by=delegate(OTHER_CA, NOW)),
    "delegate-of-a-ca-of-that-name": but(by=delegate(SAME_NAME, NOW)),
    "delegate-of-the-root": but(by=delegate(ROOT, NOW)),
    "the-root-itself": but(by=Delegate(certificate=ROOT.certificate, key=ROOT.key)),
    "the-certificate-itself": but(by=Delegate(certificate=CERTIFICATE, key=KEY)),
} | {
    f"delegate-{name}": but(by=delegate(CA, NOW, **changed))
    for name, changed in UNDELEGATED.items()
}


@pytest.mark.parametrize("script", REFUSED.values(), ids=REFUSED)
def test_an_answer_that_does_not_hold_is_as_good_as_none(script: Script) -> None:
    assert code_of(script) == STATUS_UNKNOWN


def test_the_log_tells_what_the_responder_answered() -> None:
    asked, answer = answered(refusal(rfc6960.OCSPResponseStatus.TRY_LATER))

    with pytest.raises(NotGoodError, match="TRY_LATER"):
        ocsp.check(asked, answer, NOW)


def test_a_revoked_certificate_is_said_to_be_revoked() -> None:
    assert code_of(but(status=Status.REVOKED)) == REVOKED


def test_who_may_not_answer_cannot_revoke_either() -> None:
    """Only a code differs, but it is told: an outsider must not choose it."""
    stranger = delegate(OTHER_CA, NOW)

    assert code_of(but(status=Status.REVOKED, by=stranger)) == STATUS_UNKNOWN


def test_the_answer_to_another_question_is_refused() -> None:
    _, answer = answered(but())
    another, _ = answered(but())

    with pytest.raises(NotGoodError):
        ocsp.check(another, answer, NOW)


def test_each_question_has_a_nonce_of_its_own() -> None:
    nonces = {ocsp.question(CERTIFICATE, CA.certificate).nonce for _ in range(50)}

    assert len(nonces) == 50
    assert {len(nonce) for nonce in nonces} == {32}


HOLDING = answered(but())


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_octets_make_it_fail_otherwise(data: Any) -> None:
    asked, answer = HOLDING
    changed = bytearray(answer)
    for _ in range(data.draw(st.integers(0, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(
            st.integers(1, 255)
        )

    try:
        ocsp.check(asked, bytes(changed), NOW)
    except NotGoodError:
        return
    signed, honest = (
        rfc6960.load_der_ocsp_response(der).tbs_response_bytes
        for der in (bytes(changed), answer)
    )
    assert signed == honest
