"""Defects of what an issuer wrote: registered claims, holder key, digests, JSON.

Signed by the genuine test PID provider: a verifier must refuse what is written there,
not who wrote it.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator import jws
from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.deviations.forging import (
    holder_of,
    reissued,
    resealed,
    signed_payload,
)
from wallet_emulator.deviations.registry import Alter, Deviation, deviation
from wallet_emulator.encoding import b64url, compact_json
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.sd_jwt import Disclosure
from wallet_emulator.wallet import PID


def _written(
    name: str,
    breaks: str,
    expected: str,
    alter: Alter,
    *,
    threat: str = "VP18",
    check: str = "42",
) -> Deviation:
    return deviation(
        name,
        stage=Stage.CREDENTIALS,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=(PID,),
    )(alter)


def _claims(**changes: object) -> Alter:
    """Claims in the open changed; None leaves one out."""

    def alter(draft: Draft, target: Presentation) -> None:
        resealed(draft, target, **changes)

    return alter


def _holder(change: Callable[[dict[str, object]], object]) -> Alter:
    """``cnf`` made of the genuine ``jwk``."""

    def alter(draft: Draft, target: Presentation) -> None:
        resealed(draft, target, cnf=change(holder_of(target)))

    return alter


def _json(change: Callable[[bytes], bytes]) -> Alter:
    """The payload as bytes, changed."""

    def alter(draft: Draft, target: Presentation) -> None:
        payload = compact_json(jws.parse(target.issuer_jwt).claims())
        signed_payload(draft, target, change(payload))

    return alter


def _concealed(name: str, value: object) -> Alter:
    """A registered claim that is disclosed instead of standing in the open."""

    def alter(draft: Draft, target: Presentation) -> None:
        pid = reissued(draft, target, extra={name: value})
        target.present(pid)
        target.disclosures.extend(
            text for text in pid.disclosures if Disclosure.parse(text).name == name
        )
        resealed(draft, target, **{name: None})

    return alter


def _issued_tomorrow(draft: Draft, target: Presentation) -> None:
    tomorrow = int((draft.now + timedelta(days=1)).timestamp())
    resealed(draft, target, iat=tomorrow)


def _p384(jwk: Mapping[str, object]) -> dict[str, object]:
    numbers = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    x, y = (b64url(n.to_bytes(48)) for n in (numbers.x, numbers.y))
    return {"jwk": {"kty": "EC", "crv": "P-384", "x": x, "y": y}}


def _concealed_holder(draft: Draft, target: Presentation) -> None:
    _concealed("cnf", {"jwk": holder_of(target)})(draft, target)


_MISSING: Final = "missing_claim"
_TYPE: Final = "wrong_claim_type"
_BROKEN: Final = "malformed_response"
_OTHER_TYPE: Final = "credential_type_not_accepted"

TIMES: Final = (
    _written(
        "exp-missing",
        "neither exp nor status",
        _MISSING,
        _claims(exp=None, status=None),
    ),
    _written("exp-text", "exp is a string", _TYPE, _claims(exp="2099-01-01")),
    _written("exp-true", "exp is true", _TYPE, _claims(exp=True)),
    _written("exp-negative", "exp is before 1970", _TYPE, _claims(exp=-1)),
    _written(
        "exp-beyond-time",
        "exp is after the year 9999",
        _TYPE,
        _claims(exp=2**52),
    ),
    _written(
        "exp-infinite",
        "exp is a number too large to be one",
        _BROKEN,
        _json(lambda payload: payload.replace(b'"exp":', b'"exp":1e999,"e":', 1)),
    ),
    _written("nbf-text", "nbf is a string", _TYPE, _claims(nbf="0")),
    _written(
        "status-of-unknown-list",
        "the PID names a status list nobody can get",
        "status_unknown",
        _claims(
            status={"status_list": {"idx": 0, "uri": "https://a.test/list"}}, exp=None
        ),
        threat="SL1",
        check="48",
    ),
    _written(
        "status-text",
        "status is a string",
        _TYPE,
        _claims(status="valid"),
        threat="SL1",
        check="48",
    ),
    _written(
        "iat-in-future",
        "the PID will be issued tomorrow",
        "credential_not_yet_valid",
        _issued_tomorrow,
    ),
)
TYPES: Final = (
    _written("vct-missing", "vct is left out", _MISSING, _claims(vct=None), check="39"),
    _written(
        "vct-list",
        "vct is an array that holds the right type",
        _TYPE,
        _claims(vct=["urn:eudi:pid:1"]),
        threat="VP17",
        check="39",
    ),
    _written(
        "vct-of-early-drafts",
        "vct is the type of early reference issuers",
        _OTHER_TYPE,
        _claims(vct="urn:eu.europa.ec.eudi:pid:1"),
        threat="VP17",
        check="39",
    ),
    _written(
        "vct-longer",
        "vct begins like the right type",
        _OTHER_TYPE,
        _claims(vct="urn:eudi:pid:1:de"),
        threat="VP17",
        check="39",
    ),
    _written(
        "vct-upper-case",
        "vct is the right type in capitals",
        _OTHER_TYPE,
        _claims(vct="URN:EUDI:PID:1"),
        threat="VP17",
        check="39",
    ),
    _written(
        "vct-by-aka",
        "another type that calls itself a PID in aka_vcts",
        _OTHER_TYPE,
        _claims(vct="urn:eudi:pid:xx:1", aka_vcts=["urn:eudi:pid:1"]),
        threat="VP17",
        check="38",
    ),
)
HOLDERS: Final = (
    _written(
        "cnf-missing",
        "the credential is bound to nobody",
        _MISSING,
        _claims(cnf=None),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-text",
        "cnf is a string",
        _TYPE,
        _claims(cnf="me"),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-by-kid",
        "cnf only names a key",
        _MISSING,
        _holder(lambda jwk: {"kid": jwk.get("kid", "1")}),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-private-key",
        "cnf.jwk holds the private key too",
        _BROKEN,
        _holder(lambda jwk: {"jwk": {**jwk, "d": jwk["x"]}}),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-on-p-384",
        "cnf.jwk is a key on P-384",
        _BROKEN,
        _holder(_p384),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-off-the-curve",
        "cnf.jwk is no point on P-256",
        _BROKEN,
        _holder(lambda jwk: {"jwk": {**jwk, "y": jwk["x"]}}),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-short-coordinate",
        "cnf.jwk has a coordinate of 31 bytes",
        _BROKEN,
        _holder(lambda jwk: {"jwk": {**jwk, "x": b64url(bytes(31))}}),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-two-ways",
        "cnf holds a jwk and where to fetch another",
        "holder_binding_invalid",
        _holder(lambda jwk: {"jwk": jwk, "jku": "https://keys.test.example"}),
        threat="VP13",
        check="43",
    ),
    _written(
        "cnf-of-another-key",
        "the PID is bound to a key this wallet does not have",
        "signature_invalid",
        _holder(lambda jwk: {"jwk": public_jwk(new_key().public_key())}),
        threat="VP10",
        check="44",
    ),
    _written(
        "cnf-disclosed",
        "cnf comes out of a disclosure",
        _MISSING,
        _concealed_holder,
        threat="VP9",
        check="41",
    ),
    _written(
        "vct-disclosed",
        "vct comes out of a disclosure",
        _MISSING,
        _concealed("vct", "urn:eudi:pid:1"),
        threat="VP9",
        check="41",
    ),
    _written(
        "status-disclosed",
        "status comes out of a disclosure",
        "disclosure_invalid",
        _concealed("status", {"status_list": {"idx": 0, "uri": "https://a.test"}}),
        threat="VP9",
        check="41",
    ),
    _written(
        "iss-disclosed",
        "iss comes out of a disclosure",
        "disclosure_invalid",
        _concealed("iss", "https://pid-provider.test.example"),
        threat="VP9",
        check="41",
    ),
)
TEXTS: Final = (
    _written(
        "credential-member-twice",
        "vct stands in the payload twice, first wrong, then right",
        _BROKEN,
        _json(lambda payload: b'{"vct":"urn:other",' + payload[1:]),
        threat="JW1",
        check="34",
    ),
    _written(
        "credential-json-longer",
        "a second object follows the payload's",
        _BROKEN,
        _json(lambda payload: payload + b"{}"),
        threat="JW1",
        check="34",
    ),
    _written(
        "credential-json-list",
        "the payload is an array",
        _BROKEN,
        _json(lambda payload: b"[" + payload + b"]"),
        threat="JW1",
        check="34",
    ),
    _written(
        "credential-json-deep",
        "a claim nests an array a thousand deep",
        _BROKEN,
        _json(lambda p: b'{"deep":' + b"[" * 1000 + b"]" * 1000 + b"," + p[1:]),
        threat="JW1",
        check="34",
    ),
    _written(
        "credential-json-not-utf-8",
        "the payload is not UTF-8",
        _BROKEN,
        _json(lambda payload: b'{"x":"\xff",' + payload[1:]),
        threat="JW1",
        check="34",
    ),
    _written(
        "credential-json-nan",
        "a claim is NaN",
        _BROKEN,
        _json(lambda payload: b'{"x":NaN,' + payload[1:]),
        threat="JW1",
        check="34",
    ),
    _written(
        "credential-lone-surrogate",
        "a claim holds half a character",
        _BROKEN,
        _json(lambda payload: b'{"x":"\\ud800",' + payload[1:]),
        threat="JW1",
        check="34",
    ),
    _written(
        "credential-byte-order-mark",
        "the payload begins with a byte order mark",
        _BROKEN,
        _json(lambda payload: json.dumps(json.loads(payload)).encode("utf-8-sig")),
        threat="JW1",
        check="34",
    ),
)
