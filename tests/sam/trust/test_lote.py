"""Lists of trusted entities: a right one is read, and every wrong one refused."""

import contextlib
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sam.trust import lote
from sam.trust.entries import (
    SignedTrustList,
    TrustListError,
    TrustListKindError,
    TrustListMalformedError,
    TrustListSignatureError,
    TrustListTimeError,
)
from tests.openid4vp import wallet
from tests.openid4vp.wallet import DAY, NOW, PID_LEAF, SECOND
from tests.sam.trust import lists
from tests.sam.trust.lists import (
    OPERATOR,
    RSA_OPERATOR,
    WEAK_OPERATOR,
    Lote,
    compact,
    entity,
    operator,
)

CA = wallet.authority("SE PID CA")
RENEWED = wallet.authority("SE PID CA 2")
SIGNED = (OPERATOR,)


def good() -> Lote:
    return Lote([entity("Polisen", CA)])


def parse(content: bytes, *signers: Any) -> SignedTrustList:
    return lote.parse(content, signers=signers or SIGNED, now=NOW)


def test_a_right_list_is_read() -> None:
    """Guards the tables below: it is what their rows are made of."""
    found = parse(good().sign())

    (entry,) = found.entries
    assert (found.sequence, found.territory, found.list_type) == (
        1,
        "EU",
        lists.PID_LIST,
    )
    assert (found.issued_at, found.next_update) == (NOW, NOW + 180 * DAY)
    assert (entry.provider_id, entry.name, entry.country) == (
        "entity:VATSE-5560001111",
        "Polisen",
        "SE",
    )
    assert (entry.certificate, entry.service_type) == (CA, lists.PID_ISSUANCE)


@pytest.mark.parametrize(
    ("content", "signer"),
    [
        pytest.param(good().signed_by(lists.rs256, "RS256"), RSA_OPERATOR, id="rs256"),
        pytest.param(good().signed_by(lists.ps256, "PS256"), RSA_OPERATOR, id="ps256"),
        pytest.param(
            Lote([entity("P", CA)], wrapped=False).sign(), OPERATOR, id="bare"
        ),
        pytest.param(
            Lote([], header={"typ": ..., "crit": ["sigT"], "sigT": "x"}).sign(),
            OPERATOR,
            id="with-a-signing-time",
        ),
        pytest.param(
            Lote([], header={"jwk": wallet.public_jwk(wallet.key("x"))}).sign(),
            OPERATOR,
            id="another-key-in-the-header-is-not-read",
        ),
    ],
)
def test_what_operators_do_is_accepted(content: bytes, signer: Any) -> None:
    assert parse(content, signer).sequence == 1


def test_any_of_the_pinned_certificates_may_have_signed() -> None:
    assert parse(good().sign(), RSA_OPERATOR, OPERATOR).sequence == 1


def changed(**scheme: Any) -> bytes:
    return Lote([entity("P", CA)], scheme=scheme).sign()


def header(**members: Any) -> bytes:
    return Lote([entity("P", CA)], header=members).sign()


def es256(text: bytes) -> bytes:
    return wallet.es256(wallet.key("TEST scheme operator"), text.decode())


def longer(text: bytes) -> bytes:
    raw_signature = es256(text)
    return raw_signature[:32] + b"\0" + raw_signature[32:]


def raw(payload: bytes) -> bytes:
    return compact({"alg": "ES256"}, payload, es256)


def other_payload() -> bytes:
    head, _, proof = good().sign().split(b".")
    body = wallet.b64(json.dumps(Lote([], sequence=9).payload()).encode())
    return b".".join((head, body.encode(), proof))


Malformed, Signature, Time, Kind = (
    TrustListMalformedError,
    TrustListSignatureError,
    TrustListTimeError,
    TrustListKindError,
)
REFUSED: dict[str, tuple[bytes, type[TrustListError]]] = {
    "PK4-signed-by-another-key": (
        Lote([], key=wallet.key("villain")).sign(),
        Signature,
    ),
    "PK4-unsigned": (good().signed_by(lambda _: b"\0"), Signature),
    "PK4-json-without-signature": (json.dumps(good().payload()).encode(), Signature),
    "PK4-empty-signature": (good().sign().rpartition(b".")[0] + b".", Signature),
    "PK4-alg-none": (good().signed_by(lambda _: b"\0", "none"), Signature),
    "PK4-alg-HS256": (good().signed_by(lists.hs256, "HS256"), Signature),
    "PK4-alg-of-another-key": (good().signed_by(es256, "ES384"), Signature),
    "PK4-alg-RS256-with-an-ec-key": (good().signed_by(es256, "RS256"), Signature),
    "PK4-der-signature": (good().signed_by(lists.der_es256), Signature),
    "PK4-signature-with-a-zero-more": (good().signed_by(longer), Signature),
    "PK4-other-payload": (other_payload(), Signature),
    "PK4-typ-of-a-status-list": (header(typ="statuslist+jwt"), Signature),
    "PK4-typ-of-a-credential": (header(typ="dc+sd-jwt"), Signature),
    "PK4-crit-unknown": (header(crit=["exp"], exp=1), Signature),
    "PK4-detached": (header(crit=["sigD"], sigD={}), Signature),
    "PK4-detached-and-not-critical": (header(sigD={}), Signature),
    "PK4-payload-not-encoded": (header(b64=False), Signature),
    "PK4-three-and-a-half-parts": (good().sign() + b".x", Signature),
    "PK4-line-break-at-the-end": (good().sign() + b"\n", Signature),
    "PK4-alg-is-a-number": (header(alg=1), Malformed),
    "PK4-signed-in-the-future": (header(iat=NOW.timestamp() + 3600), Time),
    "PK4-empty": (b"", Signature),
    "PK4-xml": (b"<?xml version='1.0'?><TrustServiceStatusList/>", Signature),
    "PK4-not-json": (raw(b"{"), Malformed),
    "PK4-duplicate-member": (raw(b'{"LoTE":{},"LoTE":{}}'), Malformed),
    "PK4-nested-without-end": (raw(b'{"LoTE":' + b"[" * 5000), Malformed),
    "PK4-an-array": (raw(b"[]"), Malformed),
    "PK4-no-list": (raw(b"{}"), Malformed),
    "PK4-two-lists-in-one": (
        raw(json.dumps(good().payload() | {"ListAndSchemeInformation": {}}).encode()),
        Malformed,
    ),
    "PK4-next-update-past": (
        Lote([], issued=NOW - 200 * DAY).sign(),
        Time,
    ),
    "PK4-next-update-now": (changed(NextUpdate=lists.date(NOW)), Time),
    "PK4-no-next-update": (changed(NextUpdate=...), Malformed),
    "PK4-next-update-null": (changed(NextUpdate=None), Malformed),
    "PK4-issued-in-an-hour": (
        Lote([], issued=NOW + timedelta(hours=1)).sign(),
        Time,
    ),
    "PK4-issued-in-far-future": (
        changed(
            ListIssueDateTime="9999-12-31T23:59:59Z", NextUpdate="9999-12-31T23:59:59Z"
        ),
        Time,
    ),
    "PK4-date-without-zone": (changed(NextUpdate="2027-01-01T00:00:00"), Malformed),
    "PK4-date-that-is-none": (changed(NextUpdate="2027-02-30T00:00:00Z"), Malformed),
    "PK4-date-before-time": (
        changed(NextUpdate="0001-01-01T00:00:00+14:00"),
        Malformed,
    ),
    "PK4-version-2": (changed(LoTEVersionIdentifier=2), Kind),
    "PK4-version-true": (changed(LoTEVersionIdentifier=True), Malformed),
    "PK4-sequence-0": (changed(LoTESequenceNumber=0), Malformed),
    "PK4-sequence-text": (changed(LoTESequenceNumber="7"), Malformed),
    "PK4-sequence-above-2-53": (changed(LoTESequenceNumber=2**53), Malformed),
    "PK4-no-type": (changed(LoTEType=...), Malformed),
    "PK4-entities-no-array": (Lote({"a": 1}).sign(), Malformed),  # type: ignore[arg-type]
    "PK4-entity-no-object": (Lote(["x"]).sign(), Malformed),
    "PK4-entity-without-name": (
        Lote([{"TrustedEntityServices": [{}]}]).sign(),
        Malformed,
    ),
}


@pytest.mark.parametrize(("content", "error"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_list_is_refused(content: bytes, error: type[TrustListError]) -> None:
    with pytest.raises(error):
        parse(content)


@pytest.mark.parametrize(
    "signers",
    [
        pytest.param([], id="none-pinned"),
        pytest.param(
            [operator("TEST scheme operator", end=NOW - SECOND)], id="expired"
        ),
        pytest.param(
            [operator("TEST scheme operator", start=NOW + SECOND)], id="not-yet-valid"
        ),
        pytest.param([RSA_OPERATOR], id="another"),
    ],
)
def test_only_a_pinned_certificate_that_is_valid_now_counts(signers: Any) -> None:
    with pytest.raises(TrustListSignatureError):
        lote.parse(good().sign(), signers=signers, now=NOW)


def test_an_rsa_key_below_3000_bits_is_refused() -> None:
    with pytest.raises(TrustListSignatureError):
        parse(good().signed_by(lists.weak_rs256, "RS256"), WEAK_OPERATOR)


def test_a_list_is_good_for_six_months_whatever_it_says() -> None:
    found = parse(changed(NextUpdate="2030-01-01T00:00:00Z"))

    assert found.next_update == NOW + lote.LONGEST


def test_what_is_too_large_is_refused_unread() -> None:
    with pytest.raises(TrustListMalformedError, match="above"):
        parse(b"a" * (8 * 1024 * 1024 + 1))


def test_a_hundred_thousand_services_are_refused_in_bounded_time() -> None:
    small: Any = {
        "TrustedEntityInformation": {},
        "TrustedEntityServices": [{"ServiceInformation": {}}] * 50,
    }
    content = Lote([small] * 2000).sign()
    begun = time.monotonic()

    with pytest.raises(TrustListMalformedError, match="more than 5000"):
        parse(content)

    assert time.monotonic() - begun < 5


# --- entries ---


UNUSABLE = {
    "no-identifier": entity("P", CA, registration=None),
    "registration-of-no-form": entity("P", CA, registration="Polisen AB"),
    "two-service-identifiers": entity(
        "P",
        CA,
        ServiceInformationExtensions=[
            {"ServiceUniqueIdentifier": "urn:a"},
            {"ServiceUniqueIdentifier": "urn:b"},
        ],
    ),
    "service-identifier-no-text": entity(
        "P", CA, ServiceInformationExtensions=[{"ServiceUniqueIdentifier": 7}]
    ),
    "no-certificate": entity("P"),
    "broken-base64": entity(
        "P", ServiceDigitalIdentity={"X509Certificates": [{"val": "MII*"}]}
    ),
    "line-breaks-in-base64": entity(
        "P",
        ServiceDigitalIdentity={"X509Certificates": [{"val": lists.der(CA) + "\n"}]},
    ),
    "no-der": entity(
        "P", ServiceDigitalIdentity={"X509Certificates": [{"val": "AAAA"}]}
    ),
    "a-key-and-no-certificate": entity("P", ServiceDigitalIdentity={"X509SKIs": ["x"]}),
    "no-service-type": entity("P", CA, ServiceTypeIdentifier=None),
}


@pytest.mark.parametrize("listed", UNUSABLE.values(), ids=UNUSABLE)
def test_what_gives_no_anchor_is_named_and_harms_nobody_else(listed: Any) -> None:
    found = parse(Lote([listed, entity("Polisen", RENEWED)]).sign())

    assert [entry.certificate for entry in found.entries] == [RENEWED]
    assert len(found.unusable) == 1
    assert found.unusable[0].startswith("P: ")


@pytest.mark.parametrize("status", ["withdrawn", "suspended", "x-granted", ""])
def test_who_is_not_in_good_standing_is_no_entry(status: str) -> None:
    uri = f"http://uri.etsi.org/19602/PubEAAProvidersList/SvcStatus/{status}"
    found = parse(Lote([entity("P", CA, ServiceStatus=uri)]).sign())

    assert (found.entries, found.unusable) == ((), ())


def test_a_provider_keeps_its_id_when_it_renews_its_certificate() -> None:
    old = parse(Lote([entity("Polisen", CA)]).sign()).entries[0]
    new = parse(Lote([entity("Polismyndigheten", RENEWED)]).sign()).entries[0]

    assert old.provider_id == new.provider_id


def test_the_service_s_own_identifier_comes_first() -> None:
    found = parse(Lote([entity("P", CA, service_id="urn:se:pid")]).sign())

    assert found.entries[0].provider_id == "service:urn:se:pid"


def test_an_entity_cannot_be_called_like_a_service() -> None:
    """``entity:`` and ``service:`` keep the two kinds of identifiers apart."""
    service = parse(Lote([entity("P", CA, service_id="VATSE-5560001111")]).sign())
    legal = parse(Lote([entity("P", CA)]).sign())

    assert service.entries[0].provider_id != legal.entries[0].provider_id


def test_duplicates_count_once() -> None:
    found = parse(Lote([entity("P", CA, CA), entity("P", CA)]).sign())

    assert len(found.entries) == 1


def test_an_end_entity_is_an_entry_like_another() -> None:
    """Annexes D and E list either; who may be an anchor the source decides."""
    assert len(parse(Lote([entity("P", PID_LEAF)]).sign()).entries) == 1


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_byte_changed_is_a_typed_refusal(data: st.DataObject) -> None:
    content = bytearray(good().sign())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(TrustListError):
        parse(bytes(content))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "TEName",
        "TETradeName",
        "TEInformationURI",
        "ServiceDigitalIdentity",
        "ServiceInformationExtensions",
        "ServiceStatus",
        "StatusStartingTime",
        "ServiceTypeIdentifier",
        "X509Certificates",
    ]
)


@settings(max_examples=300, deadline=None)
@given(name=NAMES, value=JSON)
def test_whatever_a_member_holds_nothing_but_a_list_error_comes(
    name: str, value: Any
) -> None:
    listed = entity("P", CA)
    listed["TrustedEntityInformation"][name] = value
    listed["TrustedEntityServices"][0]["ServiceInformation"][name] = value
    with contextlib.suppress(TrustListError):
        parse(Lote([listed]).sign())
