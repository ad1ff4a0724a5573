"""Lists: status lists, identifier lists, and lists of who is trusted."""

import zlib
from collections.abc import Callable
from typing import Any

import cbor2

from openid4vp import (
    cbor,
    identifier_list,
    status,
    status_list,
    strict_json,
)
from sam.trust import lote, trusted_list
from sam.trust.entries import TrustListError
from tests.fuzz.messages import Run, json_bytes, target
from tests.fuzz.oracle import Target
from tests.openid4vp import list_issuer, wallet
from tests.openid4vp.list_issuer import ListToken
from tests.openid4vp.scene import (
    TRUST,
)
from tests.openid4vp.wallet import NOW
from tests.sam.trust import lists, xml_lists

LISTS: dict[str, Any] = {"uri": list_issuer.URI, "trust": TRUST["pid"], "now": NOW}


def _list_value(data: bytes) -> object:
    held = status_list.parse(data, **LISTS)
    return held.bits, held.packed, held.token.usable_until


def _signed_claims_jwt(data: bytes) -> object:
    token = list_issuer.status_jwt()
    token.claims = strict_json.parse_object(data, "fuzz")
    return status_list.parse(token.jwt(), **LISTS).packed


def _signed_payload(token: ListToken, parse: Callable[..., object]) -> Run:
    def run(data: bytes) -> object:
        token.raw_payload = data or b"\xf6"
        return parse(token.cwt(), **LISTS)

    return run


def _inflated(data: bytes) -> object:
    return len(status_list.parse(list_issuer.status_jwt(1, data).jwt(), **LISTS).packed)


def _status_reference(data: bytes) -> object:
    if data[:1] == b"{":
        return status.reference_of(strict_json.parse(data, "fuzz"))
    return status.reference_of(cbor.decode(data, "fuzz"))


def _trusted_entities(data: bytes) -> object:
    return lote.parse(data, signers=[lists.OPERATOR], now=NOW)


def _trusted_entities_signed(data: bytes) -> object:
    key = wallet.key("TEST scheme operator")
    return _trusted_entities(
        lists.compact(
            {"alg": "ES256", "typ": "JOSE"},
            data,
            lambda signed: wallet.es256(key, signed.decode()),
        )
    )


def _trusted_list(data: bytes) -> object:
    return trusted_list.parse(data, signers=[XML.certificate], now=xml_lists.NOW)


def _trusted_list_signed(data: bytes) -> object:
    return _trusted_list(XML.sign(data.decode("utf-8", "replace")).parts())


STATUS_JWT, STATUS_CWT = list_issuer.status_jwt(), list_issuer.status_cwt()
IDENTIFIER_CWT = list_issuer.identifier_cwt(b"id-1")
LOTE = lists.Lote([lists.entity("Polisen", wallet.PID_CA)])
XML = xml_lists.Operator()
XML_LIST = xml_lists.Draft().text()
REFUSED_LISTS = (TrustListError,)


def _cwt_payload(token: ListToken) -> bytes:
    payload: bytes = cbor2.loads(token.cwt()).value[2]
    return payload


TARGETS = (
    target("status_list", _list_value, STATUS_JWT.jwt(), STATUS_CWT.cwt(), sealed=True),
    target("status_list jwt signed", _signed_claims_jwt, json_bytes(STATUS_JWT.claims)),
    target(
        "status_list cwt signed",
        _signed_payload(STATUS_CWT, status_list.parse),
        _cwt_payload(STATUS_CWT),
    ),
    target("status_list bytes signed", _inflated, zlib.compress(bytes(4096))),
    target(
        "identifier_list",
        lambda data: identifier_list.parse_cwt(data, **LISTS),
        IDENTIFIER_CWT.cwt(),
        sealed=True,
    ),
    target(
        "identifier_list signed",
        _signed_payload(IDENTIFIER_CWT, identifier_list.parse_cwt),
        _cwt_payload(IDENTIFIER_CWT),
    ),
    target(
        "status reference",
        _status_reference,
        json_bytes({"status_list": {"idx": 3, "uri": list_issuer.URI}}),
        cbor2.dumps({"identifier_list": {"id": b"x", "uri": list_issuer.URI}}),
    ),
    Target(
        "lote", _trusted_entities, lambda: (LOTE.sign(),), REFUSED_LISTS, sealed=True
    ),
    Target(
        "lote signed",
        _trusted_entities_signed,
        lambda: (json_bytes(LOTE.payload()),),
        REFUSED_LISTS,
    ),
    Target(
        "trusted list",
        _trusted_list,
        lambda: (XML.sign(XML_LIST).parts(),),
        REFUSED_LISTS,
        sealed=True,
    ),
    Target(
        "trusted list signed",
        _trusted_list_signed,
        lambda: (XML_LIST.encode(),),
        REFUSED_LISTS,
    ),
)
