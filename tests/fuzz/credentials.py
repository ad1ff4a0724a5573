"""Presentations: SD-JWT VC and mdoc, as texts and layer by layer."""

import base64
from typing import Any

import cbor2

from openid4vp import (
    jws,
    key_binding,
    mdoc,
    mso,
    sd_jwt,
    sd_jwt_vc,
    strict_json,
    transaction_data,
)
from openid4vp.expectation import Expectation
from openid4vp.profile import PRODUCTION
from tests.fuzz.messages import Run, json_bytes, shown, target, text
from tests.openid4vp import mdoc_builder, wallet
from tests.openid4vp.mdoc_builder import PID
from tests.openid4vp.mdoc_deviations import EXPECTED as MDOC_EXPECTED
from tests.openid4vp.scene import (
    APPROVAL,
    PASS_QUERY,
    PID_QUERY,
    POLICY,
    SIGN,
    TRUST,
)
from tests.openid4vp.wallet import NOW, Presentation

# --- SD-JWT VC ------------------------------------------------------------------


def _expected(query: Any) -> Expectation:
    return Expectation(
        transaction=SIGN, query=query, trust=TRUST[query.id], policy=POLICY, now=NOW
    )


def _sd_jwt(data: bytes) -> object:
    parts = sd_jwt.parse(text(data))
    payload = jws.parse(parts.issuer_jwt, typ="dc+sd-jwt", what="fuzz").payload
    return sd_jwt.disclose(payload, parts.disclosures, sd_jwt.hash_alg(payload))


def _sd_jwt_disclosures(data: bytes) -> object:
    read = strict_json.parse(data, "fuzz")
    given = read if isinstance(read, list) else [read]
    parts = [wallet.b64_json(part) for part in given]
    digests = [wallet.sha256(part) for part in parts]
    payload = {"_sd": digests[::2], "list": [{"...": one} for one in digests[1::2]]}
    return sd_jwt.disclose(payload, parts, "sha-256")


def _pid_text(data: bytes) -> object:
    return shown(sd_jwt_vc.verify(text(data), _expected(PID_QUERY)))


def _pass_text(data: bytes) -> object:
    return shown(sd_jwt_vc.verify(text(data), _expected(PASS_QUERY)))


def _with(presented: Presentation, layer: str) -> Run:
    """Verify the presentation with ``layer`` replaced, and signed where it is."""

    def run(data: bytes) -> object:
        value = strict_json.parse_object(data, "fuzz")
        before = getattr(presented, layer)
        setattr(presented, layer, value)
        try:
            given = presented.text()
        finally:
            setattr(presented, layer, before)
        query = PID_QUERY if "pid" in str(presented.payload["vct"]) else PASS_QUERY
        return shown(sd_jwt_vc.verify(given, _expected(query)))

    return run


def _kb_claims(data: bytes) -> object:
    claims = key_binding.parse_claims(strict_json.parse_object(data, "fuzz"))
    return transaction_data.approved_strings(
        claims, "signing_pass", (APPROVAL,), PRODUCTION.answer
    )


# --- mdoc -----------------------------------------------------------------------


def _mdoc(data: bytes) -> object:
    return shown(mdoc.verify(wallet.b64(data), MDOC_EXPECTED))


def _mdoc_with(**edits: str) -> Run:
    def run(data: bytes) -> object:
        presented = mdoc_builder.pid(SIGN)
        for name, kind in edits.items():
            setattr(presented, name, data if kind == "bytes" else lambda _: data)
        return shown(mdoc.verify(presented.text(), MDOC_EXPECTED))

    return run


def _mdoc_item(data: bytes) -> object:
    presented = mdoc_builder.pid(SIGN)
    presented.items[PID].append(mdoc_builder.item(99, "fuzz", "fuzz"))
    right = cbor2.dumps(presented.items[PID][-1])
    presented.edit_item = lambda content: data if content == right else content
    presented.edit_digests = lambda digests: {
        **digests,
        PID: {**digests[PID], 99: mdoc_builder.sha256(_embedded(data))},
    }
    return shown(mdoc.verify(presented.text(), MDOC_EXPECTED))


def _embedded(data: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(24, data))


HELD_PID, HELD_PASS = wallet.pid(SIGN), wallet.signing_pass(SIGN)
HELD_MDOC = mdoc_builder.pid(SIGN)
MDOC_BYTES = base64.urlsafe_b64decode(HELD_MDOC.text() + "==")

TARGETS = (
    target("sd_jwt", _sd_jwt, HELD_PID.text().encode()),
    target("sd_jwt disclosures", _sd_jwt_disclosures, b'[["s","a",1],["s",{"b":2}]]'),
    target("sd_jwt_vc pid", _pid_text, HELD_PID.text().encode(), sealed=True),
    target("sd_jwt_vc pass", _pass_text, HELD_PASS.text().encode(), sealed=True),
    target(
        "sd_jwt_vc header signed",
        _with(HELD_PID, "header"),
        json_bytes(HELD_PID.header),
    ),
    target(
        "sd_jwt_vc payload signed",
        _with(HELD_PID, "payload"),
        json_bytes(HELD_PID.payload),
    ),
    target(
        "kb_jwt header signed",
        _with(HELD_PASS, "kb_header"),
        json_bytes(HELD_PASS.kb_header),
    ),
    target(
        "kb_jwt payload signed",
        _with(HELD_PASS, "kb_payload"),
        json_bytes(HELD_PASS.kb_payload),
    ),
    target(
        "kb_jwt claims",
        _kb_claims,
        json_bytes({**HELD_PASS.kb_payload, "sd_hash": "x"}),
    ),
    target("mdoc", _mdoc, MDOC_BYTES, sealed=True),
    target(
        "mdoc item digested", _mdoc_item, cbor2.dumps(mdoc_builder.item(99, "e", 1))
    ),
    target(
        "mdoc mso signed", _mdoc_with(edit_mso="call"), cbor2.dumps(HELD_MDOC._mso())
    ),
    target(
        "mdoc device elements signed", _mdoc_with(device_namespaces="bytes"), b"\xa0"
    ),
    target("mso", mso.parse, _embedded(cbor2.dumps(HELD_MDOC._mso()))),
)
