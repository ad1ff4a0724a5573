"""Defects of the Mobile Security Object besides its digests: type, time, device key.

ISO/IEC 18013-5 §9.1.2.4, §9.3.1. The genuine test PID provider signed all of them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator.answer import Draft
from wallet_emulator.deviations.forging import require_provider
from wallet_emulator.deviations.mdoc_forging import (
    MALFORMED,
    MISSING,
    REFUSED,
    UNSIGNED,
    UNTRUSTED,
    WRONG_TYPE,
    forged,
    inner,
    mso,
    redraft,
    reissued,
)
from wallet_emulator.deviations.registry import AlterMdoc
from wallet_emulator.keys import new_key
from wallet_emulator.mdoc.cbor import tdate
from wallet_emulator.mdoc.cose import CoseKey, cose_key
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.mdoc.issuing import IssuerDraft

_MDL: Final = "org.iso.18013.5.1.mDL"


_TYPE: Final = "credential_type_not_accepted"


def _doc_type(*, in_mso: bool, in_document: bool) -> AlterMdoc:
    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = redraft(draft, target)
        if in_mso:
            made.mso["docType"] = target.signed_doc_type = _MDL
        if in_document:
            target.doc_type = _MDL
        target.present(made.sign())

    return alter


def _validity(change: Callable[[datetime, timedelta], dict[str, object]]) -> AlterMdoc:
    """``validityInfo`` members changed; ``change`` gets now and a day."""

    def changed(made: IssuerDraft, draft: Draft) -> None:
        moments = change(draft.now, timedelta(days=1))
        inner(made.mso, "validityInfo").update(moments)

    return reissued(changed)


def _signed_before_certificate(draft: Draft, target: MdocPresentation) -> None:
    start = require_provider(draft).signer.not_valid_before_utc - timedelta(days=1)
    made = redraft(draft, target)
    inner(made.mso, "validityInfo")["signed"] = tdate(start)
    target.present(made.sign())


def _valid_beyond_certificate(draft: Draft, target: MdocPresentation) -> None:
    end = require_provider(draft).signer.not_valid_after_utc + timedelta(days=1)
    made = redraft(draft, target)
    inner(made.mso, "validityInfo")["validUntil"] = tdate(end)
    target.present(made.sign())


def _device_key(change: Callable[[CoseKey], object]) -> AlterMdoc:
    def changed(m: dict[object, object]) -> None:
        info = inner(m, "deviceKeyInfo")
        genuine = info["deviceKey"]
        info["deviceKey"] = change(dict(genuine) if isinstance(genuine, dict) else {})

    return mso(changed)


def _p384(genuine: CoseKey) -> CoseKey:
    numbers = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    return {1: 2, -1: 2, -2: numbers.x.to_bytes(48), -3: numbers.y.to_bytes(48)}


def _overlap(m: dict[object, object]) -> None:
    inner(m, "deviceKeyInfo")["keyAuthorizations"] = {
        "nameSpaces": ["org.example"],
        "dataElements": {"org.example": ["x"]},
    }


def _update(**changes: object) -> AlterMdoc:
    return mso(lambda m: m.update(changes))


def _without(name: str) -> AlterMdoc:
    return mso(lambda m: m.pop(name))


TYPES: Final = (
    forged(
        "doctype-of-document",
        "the document says it is a driving licence, the issuer that it is a PID",
        _TYPE,
        _doc_type(in_mso=False, in_document=True),
        threat="MD3",
        check="53",
    ),
    forged(
        "doctype-of-mso",
        "the issuer signed a driving licence, the document says it is a PID",
        _TYPE,
        _doc_type(in_mso=True, in_document=False),
        threat="MD3",
        check="53",
    ),
    forged(
        "doctype-of-both",
        "a genuine driving licence with a PID's elements answers for the PID",
        _TYPE,
        _doc_type(in_mso=True, in_document=True),
        threat="MD3",
        check="50",
    ),
    forged(
        "doctype-missing",
        "the MSO has no docType",
        MISSING,
        _without("docType"),
        check="53",
    ),
    forged(
        "mso-version", "the MSO is of version 2.0", MALFORMED, _update(version="2.0")
    ),
)


TIMES: Final = (
    forged(
        "expired",
        "the mdoc expired yesterday",
        "credential_expired",
        _validity(lambda now, day: {"validUntil": tdate(now - day)}),
        threat="MD4",
        check="54",
    ),
    forged(
        "not-yet-valid",
        "the mdoc becomes valid tomorrow",
        "credential_not_yet_valid",
        _validity(
            lambda now, day: {
                "validFrom": tdate(now + day),
                "validUntil": tdate(now + 2 * day),
            }
        ),
        threat="MD4",
        check="54",
    ),
    forged(
        "signed-in-future",
        "the mdoc will be signed tomorrow",
        "credential_not_yet_valid",
        _validity(lambda now, day: {"signed": tdate(now + day)}),
        threat="MD4",
        check="54",
    ),
    forged(
        "signed-before-certificate",
        "the mdoc was signed before its issuer's certificate began",
        UNTRUSTED,
        _signed_before_certificate,
        threat="MD4",
        check="54",
    ),
    forged(
        "valid-beyond-certificate",
        "the mdoc is valid longer than its issuer's certificate",
        UNTRUSTED,
        _valid_beyond_certificate,
        threat="MD4",
        check="54",
    ),
    forged(
        "tdate-with-fraction",
        "validFrom has a fraction of a second",
        WRONG_TYPE,
        _validity(
            lambda now, day: {
                "validFrom": cbor2.CBORTag(0, f"{now - day:%Y-%m-%dT%H:%M:%S}.5Z")
            }
        ),
        threat="MD4",
        check="54",
    ),
    forged(
        "tdate-with-offset",
        "validFrom is in another time zone",
        WRONG_TYPE,
        _validity(
            lambda now, day: {
                "validFrom": cbor2.CBORTag(0, f"{now - day:%Y-%m-%dT%H:%M:%S}+01:00")
            }
        ),
        threat="MD4",
        check="54",
    ),
    forged(
        "tdate-impossible",
        "validFrom is the thirtieth of February",
        WRONG_TYPE,
        _validity(
            lambda now, day: {"validFrom": cbor2.CBORTag(0, "2026-02-30T00:00:00Z")}
        ),
        threat="MD4",
        check="54",
    ),
    forged(
        "tdate-untagged",
        "validUntil is text without a tag",
        WRONG_TYPE,
        _validity(lambda now, day: {"validUntil": f"{now + day:%Y-%m-%dT%H:%M:%SZ}"}),
        threat="MD4",
        check="54",
    ),
    forged(
        "tdate-as-number",
        "validUntil is seconds since 1970",
        MALFORMED,
        _validity(
            lambda now, day: {
                "validUntil": cbor2.CBORTag(1, int((now + day).timestamp()))
            }
        ),
        threat="MD4",
        check="54",
    ),
    forged(
        "validity-missing",
        "validityInfo is left out",
        MISSING,
        _without("validityInfo"),
        threat="MD4",
        check="54",
    ),
    forged(
        "valid-until-missing",
        "the mdoc is valid without end",
        MISSING,
        mso(lambda m: inner(m, "validityInfo").pop("validUntil")),
        threat="MD4",
        check="54",
    ),
    forged(
        "status-of-unknown-list",
        "the mdoc names a status list nobody can get",
        "status_unknown",
        _update(status={"status_list": {"idx": 0, "uri": "https://a.test/list"}}),
        threat="SL1",
        check="55",
    ),
)


DEVICE_KEYS: Final = (
    forged(
        "device-key-missing",
        "the mdoc is bound to nobody",
        MISSING,
        mso(lambda m: inner(m, "deviceKeyInfo").pop("deviceKey")),
        threat="MD5",
        check="57",
    ),
    forged(
        "device-key-on-p-384",
        "the device key is on P-384",
        MALFORMED,
        _device_key(_p384),
        threat="MD5",
        check="57",
    ),
    forged(
        "device-key-off-the-curve",
        "the device key is no point on P-256",
        MALFORMED,
        _device_key(lambda key: {**key, -3: key[-2]}),
        threat="MD5",
        check="57",
    ),
    forged(
        "device-key-short",
        "the device key has a coordinate of 31 bytes",
        MALFORMED,
        _device_key(lambda key: {**key, -2: bytes(31)}),
        threat="MD5",
        check="57",
    ),
    forged(
        "device-key-private",
        "the device key holds its private part",
        MALFORMED,
        _device_key(lambda key: {**key, -4: bytes(32)}),
        threat="MD5",
        check="57",
    ),
    forged(
        "device-key-symmetric",
        "the device key is symmetric",
        MALFORMED,
        _device_key(lambda key: {1: 4, -1: bytes(32)}),
        threat="MD5",
        check="57",
    ),
    forged(
        "device-key-for-es384",
        "the device key is for another algorithm",
        REFUSED,
        _device_key(lambda key: {**key, 3: -35}),
        threat="MD5",
        check="57",
    ),
    forged(
        "device-key-of-another",
        "the mdoc is bound to a key this wallet does not have",
        UNSIGNED,
        _device_key(lambda key: cose_key(new_key().public_key())),
        threat="MD5",
        check="57",
    ),
    forged(
        "key-authorizations-overlap",
        "the device may sign a namespace whole, and again by its elements",
        MALFORMED,
        mso(_overlap),
        threat="MD6",
        check="58",
    ),
)
