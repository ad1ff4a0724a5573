"""What the issuer of an mdoc signed: digests, type, dates, and who may sign what."""

from typing import Any

import cbor2
import pytest

from openid4vp import errors as e
from tests.openid4vp import mdoc_builder as build
from tests.openid4vp.mdoc_builder import PID, Mdoc, item
from tests.openid4vp.mdoc_deviations import (
    Change,
    Refusal,
    assert_refused,
    edited,
    leaf,
    put,
    reissued,
    typed,
    updated,
)
from tests.openid4vp.wallet import DAY, NOW, SECOND

RANDOM = item(7, "family_name", "")["random"]


def swap_namespaces(presented: Mdoc) -> None:
    presented.items["x"] = presented.items[PID][3:]
    presented.edit_digests = lambda digests: {PID: {**digests[PID], **digests["x"]}}


def reuse_digest_id(presented: Mdoc) -> None:
    presented.items[PID].append(item(7, "family_name", "Bernadotte"))
    presented.edit_digests = lambda digests: {
        **digests,
        PID: {**digests[PID], 7: item_digest(presented.items[PID][0])},
    }


def item_digest(each: dict[str, Any]) -> bytes:
    return build.sha256(cbor2.dumps(build.embedded(cbor2.dumps(each))))


def other_digest_form(presented: Mdoc) -> None:
    """Digests over the item without its tag: another reading of the clause."""
    presented.edit_digests = lambda digests: {
        PID: {i["digestID"]: build.sha256(cbor2.dumps(i)) for i in presented.items[PID]}
    }


WRONG: dict[str, tuple[Refusal, Change]] = {
    # the MSO
    "mso-not-embedded": (
        e.MalformedResponseError,
        edited(payload=lambda p: cbor2.loads(p).value),
    ),
    "mso-other-tag": (
        e.MalformedResponseError,
        edited(payload=lambda p: cbor2.dumps(cbor2.CBORTag(0, "x"))),
    ),
    "mso-trailing": (e.MalformedResponseError, edited(mso=lambda m: m + b"\0")),
    "mso-array": (e.MalformedResponseError, edited(mso=lambda m: b"\x81" + m)),
    "mso-duplicate-doctype": (
        e.MalformedResponseError,
        edited(mso=lambda m: bytes([m[0] + 1]) + m[1:] + b"\x67docType\x61x"),
    ),
    "mso-version": (e.MalformedResponseError, put(mso={"version": "1.1"})),
    "mso-version-missing": (e.MissingClaimError, put(mso={"version": ...})),
    "mso-sha-1": (e.MalformedResponseError, put(mso={"digestAlgorithm": "SHA-1"})),
    "mso-no-algorithm": (e.MissingClaimError, put(mso={"digestAlgorithm": ...})),
    "mso-no-digests": (e.MissingClaimError, put(mso={"valueDigests": ...})),
    "mso-digests-array": (e.WrongClaimTypeError, put(mso={"valueDigests": {PID: []}})),
    "mso-no-key": (e.MissingClaimError, put(key_info={"deviceKey": ...})),
    "mso-no-key-info": (e.MissingClaimError, put(mso={"deviceKeyInfo": {}})),
    "mso-no-validity": (e.MissingClaimError, put(mso={"validityInfo": ...})),
    # 52: digests
    "value-changed": (
        e.DisclosureError,
        edited(item=lambda b: b.replace(b"Lindqvist", b"Lindqvis2")),
    ),
    "name-changed": (
        e.DisclosureError,
        edited(item=lambda b: b.replace(b"family_name", b"family_nome")),
    ),
    "random-changed": (
        e.DisclosureError,
        edited(
            item=lambda b: b.replace(item(7, "family_name", "")["random"], bytes(32))
        ),
    ),
    "digest-id-changed": (
        e.DisclosureError,
        edited(item=lambda b: b.replace(b"digestID\x07", b"digestID\x08")),
    ),
    "digest-id-unknown": (
        e.DisclosureError,
        edited(digests=lambda d: {PID: {k: v for k, v in d[PID].items() if k != 7}}),
    ),
    "digest-truncated": (
        e.DisclosureError,
        edited(digests=lambda d: {PID: {k: v[:16] for k, v in d[PID].items()}}),
    ),
    "digest-of-no-bytes": (
        e.DisclosureError,
        edited(digests=lambda d: {PID: dict.fromkeys(d[PID], 1)}),
    ),
    "digest-of-other-algorithm": (
        e.DisclosureError,
        put(mso={"digestAlgorithm": "SHA-512"}),
    ),
    "digest-without-tag": (e.DisclosureError, other_digest_form),
    "namespace-swapped": (e.DisclosureError, swap_namespaces),
    "namespace-unknown": (
        e.DisclosureError,
        edited(digests=lambda d: {PID + ".se": d[PID]}),
    ),
    "digest-id-reused": (e.DisclosureError, reuse_digest_id),
    "digest-id-text": (
        e.DisclosureError,
        lambda m: m.items[PID][0].update(digestID="7"),
    ),
    "digest-id-true": (
        e.DisclosureError,
        lambda m: (
            m.items[PID][0].update(digestID=True),
            m.hidden[PID].clear(),
            edited(digests=lambda d: {PID: {int(k): v for k, v in d[PID].items()}})(m),
        ),
    ),
    "digest-id-negative": (
        e.DisclosureError,
        lambda m: m.items[PID][0].update(digestID=-1),
    ),
    "digest-id-missing": (
        e.DisclosureError,
        edited(item=lambda b: b.replace(b"digestID", b"digestIE")),
    ),
    "element-twice": (
        e.DisclosureError,
        lambda m: m.items[PID].append(m.items[PID][0]),
    ),
    "element-twice-other-value": (
        e.DisclosureError,
        lambda m: m.items[PID].append(item(40, "family_name", "Bernadotte")),
    ),
    "item-not-embedded": (
        e.MalformedResponseError,
        updated("issuer_signed", nameSpaces={PID: [item(7, "family_name", "x")]}),
    ),
    "item-trailing": (e.MalformedResponseError, edited(item=lambda b: b + b"\0")),
    "item-duplicate-key": (
        e.MalformedResponseError,
        edited(item=lambda b: b"\xa5" + b[1:] + b"\x6celementValue\x61x"),
    ),
    "item-array": (e.MalformedResponseError, edited(item=lambda b: b"\x81" + b)),
    "item-random-15": (
        e.DisclosureError,
        lambda m: m.items[PID][0].update(random=bytes(15)),
    ),
    "item-random-missing": (
        e.MissingClaimError,
        lambda m: m.items[PID][0].pop("random"),
    ),
    "item-no-value": (
        e.MalformedResponseError,
        lambda m: m.items[PID][0].pop("elementValue"),
    ),
    "item-no-name": (
        e.MissingClaimError,
        lambda m: m.items[PID][0].pop("elementIdentifier"),
    ),
    "item-name-number": (
        e.WrongClaimTypeError,
        lambda m: m.items[PID][0].update(elementIdentifier=5),
    ),
    "value-with-number-names": (
        e.WrongClaimTypeError,
        lambda m: m.items[PID][0].update(elementValue={1: "x"}),
    ),
    "value-beyond-2-53": (
        e.WrongClaimTypeError,
        lambda m: m.items[PID][0].update(elementValue=2**53),
    ),
    "namespaces-array": (
        e.WrongClaimTypeError,
        updated("issuer_signed", nameSpaces=[]),
    ),
    "namespace-a-map": (
        e.WrongClaimTypeError,
        updated("issuer_signed", nameSpaces={PID: {}}),
    ),
    # 53: type
    "doctype-of-document": (e.CredentialTypeError, updated("document", docType="x")),
    "doctype-of-mso": (e.CredentialTypeError, put(mso={"docType": "x"})),
    "doctype-of-both": (e.CredentialTypeError, typed("org.iso.18013.5.1.mDL")),
    "doctype-missing": (e.MissingClaimError, updated("document", docType=...)),
    # 54: validity
    "expired": (e.ExpiredError, reissued(validUntil=NOW - 60 * SECOND)),
    "not-yet": (e.NotYetValidError, reissued(validFrom=NOW + 61 * SECOND)),
    "signed-in-future": (e.NotYetValidError, reissued(signed=NOW + 61 * SECOND)),
    "signed-before-certificate": (
        e.IssuerNotTrustedError,
        reissued(signed=NOW - DAY - SECOND),
    ),
    "signed-after-certificate": (
        e.IssuerNotTrustedError,
        lambda m: (
            leaf("brief", end=NOW + 10 * SECOND)(m),
            reissued(signed=NOW + 11 * SECOND, validUntil=NOW)(m),
        ),
    ),
    "outlives-certificate": (
        e.IssuerNotTrustedError,
        reissued(validUntil=NOW + DAY + SECOND),
    ),
    **{
        f"date-{name}": (
            e.WrongClaimTypeError,
            put(validity={"validUntil": value}),
        )
        for name, value in {
            "text": "2026-11-21T10:00:00Z",
            "number": 1795255200,
            "full-date": build.full_date("2026-11-21"),
            "tdate-as-full-date": build.full_date("2026-11-21T10:00:00Z"),
            "fraction": cbor2.CBORTag(0, "2026-11-21T10:00:00.5Z"),
            "offset": cbor2.CBORTag(0, "2026-11-21T10:00:00+00:00"),
            "month-13": cbor2.CBORTag(0, "2026-13-21T10:00:00Z"),
            "leap-second": cbor2.CBORTag(0, "2026-11-20T23:59:60Z"),
            "other-digits": cbor2.CBORTag(0, "２026-11-21T10:00:00Z"),
        }.items()
    },
    "date-missing": (e.MissingClaimError, put(validity={"signed": ...})),
}


@pytest.mark.parametrize(("refusal", "change"), WRONG.values(), ids=WRONG.keys())
def test_a_presentation_with_one_thing_wrong_is_refused(
    refusal: Refusal, change: Change
) -> None:
    assert_refused(change, refusal)
