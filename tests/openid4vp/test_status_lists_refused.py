"""Every list token that is refused, and why; one row each."""

import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from openid4vp import errors as e
from openid4vp import identifier_list, status_list
from openid4vp.status_list import MAX_LIST
from openid4vp.trust import AnchorStore
from tests.openid4vp import list_issuer, wallet
from tests.openid4vp.list_issuer import URI, ListToken
from tests.openid4vp.wallet import NOW, SECOND

TRUST = AnchorStore({"se-pid": wallet.PID_ROOT})
OTHER_CA = wallet.authority("TEST other CA")
OTHER_LEAF = wallet.leaf("TEST other provider", issuer="TEST other CA")
Edit = Callable[[ListToken], object]


def read(content: bytes) -> status_list.StatusList:
    return status_list.parse(content, uri=URI, trust=TRUST, now=NOW)


def read_identifiers(content: bytes) -> identifier_list.IdentifierList:
    return identifier_list.parse_cwt(content, uri=URI, trust=TRUST, now=NOW)


def claims(**changed: Any) -> Edit:
    return lambda token: token.claims.update(changed)


def stated(**changed: Any) -> Edit:
    return lambda token: token.claims["status_list"].update(changed)


def header(changed: dict[Any, Any]) -> Edit:
    return lambda token: token.header.update(changed)


def edited(change: Callable[[bytes], bytes]) -> Edit:
    return lambda token: setattr(token, "edit", change)


def payload(raw: bytes) -> Edit:
    return lambda token: setattr(token, "raw_payload", raw)


def at(moment: Any) -> int:
    return int(moment.timestamp())


def unchanged(token: ListToken) -> None:
    """The row that proves the table."""


BOTH: dict[str, tuple[type[e.Openid4vpError], Edit]] = {
    "SL3-sub-of-another-list": (e.UntrustedPresentationError, claims(sub=URI + "0")),
    "SL3-sub-differs-in-case": (e.UntrustedPresentationError, claims(sub=URI.upper())),
    "SL3-sub-without-slash": (e.UntrustedPresentationError, claims(sub=URI + "/")),
    "SL3-sub-missing": (e.MissingClaimError, claims(sub=...)),
    "SL3-sub-is-a-list": (e.WrongClaimTypeError, claims(sub=[URI])),
    "SL3-iat-missing": (e.MissingClaimError, claims(iat=...)),
    "SL3-iat-is-text": (e.WrongClaimTypeError, claims(iat="1795150000")),
    "SL3-iat-is-true": (e.WrongClaimTypeError, claims(iat=True)),
    "SL3-iat-in-future": (e.NotYetValidError, claims(iat=at(NOW + 61 * SECOND))),
    "SL3-nbf-in-future": (e.NotYetValidError, claims(nbf=at(NOW + 61 * SECOND))),
    "SL3-expired": (e.ExpiredError, claims(exp=at(NOW))),
    "SL3-exp-is-text": (e.WrongClaimTypeError, claims(exp="1")),
    "SL3-exp-in-year-10000": (e.WrongClaimTypeError, claims(exp=253402300800)),
    "SL3-ttl-zero": (e.MalformedResponseError, claims(ttl=0)),
    "SL3-ttl-negative": (e.WrongClaimTypeError, claims(ttl=-1)),
    "SL3-ttl-is-text": (e.WrongClaimTypeError, claims(ttl="43200")),
    "SL3-signed-by-another-key": (
        e.SignatureInvalidError,
        lambda t: setattr(t, "key", wallet.key("mallory")),
    ),
    "SL1-no-status-list": (e.MissingClaimError, claims(status_list=...)),
    "SL1-status-list-is-text": (e.WrongClaimTypeError, claims(status_list="x")),
    "SL1-bits-missing": (
        e.MissingClaimError,
        lambda t: t.claims["status_list"].pop("bits"),
    ),
    "SL1-bits-3": (e.MalformedResponseError, stated(bits=3)),
    "SL1-bits-0": (e.MalformedResponseError, stated(bits=0)),
    "SL1-bits-16": (e.MalformedResponseError, stated(bits=16)),
    "SL1-bits-negative": (e.MalformedResponseError, stated(bits=-1)),
    "SL1-bits-true": (e.WrongClaimTypeError, stated(bits=True)),
    "SL1-bits-float": (e.WrongClaimTypeError, stated(bits=1.5)),
    "SL1-lst-missing": (
        e.MissingClaimError,
        lambda t: t.claims["status_list"].pop("lst"),
    ),
    "SL1-lst-is-a-number": (e.WrongClaimTypeError, stated(lst=7)),
}

COMPRESSED: dict[str, bytes] = {
    "raw-deflate": zlib.compress(bytes(16))[2:-4],
    "not-compressed": bytes(16),
    "cut-off": zlib.compress(bytes(16))[:-1],
    "trailing-byte": zlib.compress(bytes(16)) + b"\0",
    "second-stream": zlib.compress(bytes(16)) + zlib.compress(b"\xff" * 16),
    "wrong-checksum": zlib.compress(bytes(16))[:-1] + b"\xee",
    "gzip": zlib.compress(bytes(16), wbits=31),
    "empty": b"",
    "one-byte-too-many": zlib.compress(bytes(MAX_LIST + 1)),
}

JWT_ONLY: dict[str, tuple[type[e.Openid4vpError], Edit]] = {
    **{
        f"alg-{alg}": (e.HeaderNotAllowedError, header({"alg": alg}))
        for alg in ("none", "HS256", "ES384", "RS256", "EdDSA", "es256")
    },
    "SL3-typ-jwt": (e.HeaderNotAllowedError, header({"typ": "JWT"})),
    "SL3-typ-of-a-credential": (e.HeaderNotAllowedError, header({"typ": "dc+sd-jwt"})),
    "SL3-typ-with-application": (
        e.HeaderNotAllowedError,
        header({"typ": "application/statuslist+jwt"}),
    ),
    "SL3-typ-missing": (e.HeaderNotAllowedError, header({"typ": ...})),
    "crit": (e.HeaderNotAllowedError, header({"crit": ["exp"]})),
    "x5c-missing": (e.MissingClaimError, header({"x5c": ...})),
    "x5c-stranger": (
        e.IssuerNotTrustedError,
        header({"x5c": wallet.x5c(OTHER_LEAF, OTHER_CA)}),
    ),
    "x5c-with-anchor": (
        e.IssuerNotTrustedError,
        header({"x5c": wallet.x5c(*list_issuer.CHAIN, wallet.PID_ROOT)}),
    ),
    "x5c-of-another-leaf": (
        e.IssuerNotTrustedError,
        header({"x5c": wallet.x5c(wallet.ACCESS_LEAF, wallet.PID_CA)}),
    ),
    "jwk-in-header": (
        e.MissingClaimError,
        header({"x5c": ..., "jwk": wallet.public_jwk(wallet.key("mallory"))}),
    ),
    "lst-padded": (e.MalformedResponseError, stated(lst="eNrjYAIAABQACw==")),
    "lst-standard-alphabet": (e.MalformedResponseError, stated(lst="eNrb+/gAAhcBXQ")),
    "bytes-before": (e.MalformedResponseError, edited(lambda raw: b" " + raw)),
    "bytes-after": (e.MalformedResponseError, edited(lambda raw: raw + b"\n")),
    "not-ascii": (e.MalformedResponseError, edited(lambda raw: raw + b"\xff")),
    "two-segments": (
        e.MalformedResponseError,
        edited(lambda raw: raw.rpartition(b".")[0]),
    ),
    "empty": (e.MalformedResponseError, edited(lambda _: b"")),
    "html": (e.MalformedResponseError, edited(lambda _: b"<!doctype html>")),
    "above-4-mib": (
        e.MalformedResponseError,
        edited(lambda raw: raw + b"A" * (4 * 1024 * 1024)),
    ),
}

CWT_ONLY: dict[str, tuple[type[e.Openid4vpError], Edit]] = {
    "alg-es384": (e.HeaderNotAllowedError, header({1: -35})),
    "alg-missing": (e.HeaderNotAllowedError, header({1: ...})),
    "alg-unprotected": (
        e.HeaderNotAllowedError,
        lambda t: (t.header.pop(1), t.unprotected.update({1: -7})),
    ),
    "SL3-type-missing": (e.HeaderNotAllowedError, header({16: ...})),
    "SL3-type-of-the-other-list": (
        e.HeaderNotAllowedError,
        header({16: list_issuer.IDENTIFIER_CWT}),
    ),
    "SL3-type-of-a-jwt": (e.HeaderNotAllowedError, header({16: "statuslist+jwt"})),
    "SL3-type-unprotected": (
        e.HeaderNotAllowedError,
        lambda t: t.unprotected.update({16: t.header.pop(16)}),
    ),
    "x5chain-missing": (e.MissingClaimError, header({33: ...})),
    "x5chain-stranger": (
        e.IssuerNotTrustedError,
        lambda t: t.header.update(
            list_issuer.cwt_header(t.header[16], (OTHER_LEAF, OTHER_CA))
        ),
    ),
    "untagged": (e.MalformedResponseError, edited(lambda raw: raw[1:])),
    "cwt-tag-around": (e.MalformedResponseError, edited(lambda raw: b"\xd8\x3d" + raw)),
    "mac0-tag": (e.MalformedResponseError, edited(lambda raw: b"\xd1" + raw[1:])),
    "bytes-after": (e.MalformedResponseError, edited(lambda raw: raw + b"\0")),
    "cut-off": (e.MalformedResponseError, edited(lambda raw: raw[:-1])),
    "payload-is-a-list": (e.MalformedResponseError, payload(cbor2.dumps([1]))),
    "payload-is-a-text-map": (e.MissingClaimError, payload(cbor2.dumps({"sub": URI}))),
    "payload-twice-sub": (
        e.MalformedResponseError,
        payload(b"\xa2\x02\x61a\x02\x61b"),
    ),
    "payload-indefinite": (e.MalformedResponseError, payload(b"\xbf\x02\x61a\xff")),
    "crit": (e.HeaderNotAllowedError, header({2: [16]})),
}

IDENTIFIERS_ONLY: dict[str, tuple[type[e.Openid4vpError], Edit]] = {
    "exp-missing": (e.MissingClaimError, claims(exp=...)),
    "type-of-a-status-list": (
        e.HeaderNotAllowedError,
        header({16: list_issuer.STATUS_CWT}),
    ),
    "no-list": (e.MissingClaimError, claims(identifier_list=...)),
    "list-is-a-list": (e.WrongClaimTypeError, claims(identifier_list=[])),
    "no-identifiers": (e.MissingClaimError, claims(identifier_list={})),
    "identifiers-are-a-list": (
        e.WrongClaimTypeError,
        claims(identifier_list={"identifiers": [b"\1"]}),
    ),
    "identifier-is-text": (
        e.MalformedResponseError,
        claims(identifier_list={"identifiers": {"01": {}}}),
    ),
    "identifiers-of-two-kinds": (
        e.MalformedResponseError,
        claims(identifier_list={"identifiers": {b"\1": {}, "01": {}}}),
    ),
    "sub-of-another-list": (e.UntrustedPresentationError, claims(sub=URI + "0")),
    "expired": (e.ExpiredError, claims(exp=at(NOW))),
    "signed-by-another-key": (
        e.SignatureInvalidError,
        lambda t: setattr(t, "key", wallet.key("mallory")),
    ),
}


def rows(*tables: dict[str, tuple[type[e.Openid4vpError], Edit]]) -> Any:
    table = {name: row for part in tables for name, row in part.items()}
    return [pytest.param(*row, id=name) for name, row in table.items()]


@pytest.mark.parametrize(("error", "edit"), rows(BOTH, JWT_ONLY))
def test_status_list_jwt_refused(error: type[Exception], edit: Edit) -> None:
    token = list_issuer.status_jwt()
    edit(token)

    with pytest.raises(e.Openid4vpError) as refusal:
        status_list.parse_jwt(token.jwt(), uri=URI, trust=TRUST, now=NOW)

    assert type(refusal.value) is error


@pytest.mark.parametrize(("error", "edit"), rows(BOTH, CWT_ONLY))
def test_status_list_cwt_refused(error: type[Exception], edit: Edit) -> None:
    token = list_issuer.status_cwt()
    edit(token)

    with pytest.raises(e.Openid4vpError) as refusal:
        status_list.parse_cwt(token.cwt(), uri=URI, trust=TRUST, now=NOW)

    assert type(refusal.value) is error


@pytest.mark.parametrize(("error", "edit"), rows(IDENTIFIERS_ONLY))
def test_identifier_list_refused(error: type[Exception], edit: Edit) -> None:
    token = list_issuer.identifier_cwt(b"\x01")
    edit(token)

    with pytest.raises(e.Openid4vpError) as refusal:
        read_identifiers(token.cwt())

    assert type(refusal.value) is error


@pytest.mark.parametrize(
    "edit",
    [
        unchanged,
        claims(exp=...),
        claims(ttl=...),
        claims(iat=at(NOW + 60 * SECOND)),
        claims(nbf=at(NOW)),
        claims(exp=at(NOW + SECOND)),
        claims(iss="https://pid.example.se", aggregation_uri="https://x"),
        stated(aggregation_uri="https://pid.example.se/all"),
    ],
)
def test_the_unchanged_and_the_allowed_are_read(edit: Edit) -> None:
    jwt, cwt = list_issuer.status_jwt(), list_issuer.status_cwt()
    edit(jwt)
    edit(cwt)

    assert [read(content).value(9) for content in (jwt.jwt(), cwt.cwt())] == [1, 1]


def test_a_chain_in_the_unprotected_header_is_read_too() -> None:
    token = list_issuer.status_cwt()
    token.unprotected[33] = token.header.pop(33)

    assert read(token.cwt()).value(3) == 1


@pytest.mark.parametrize("compressed", COMPRESSED.values(), ids=COMPRESSED)
def test_what_is_not_one_whole_zlib_stream_is_refused(compressed: bytes) -> None:
    token = list_issuer.status_cwt()
    token.claims["status_list"]["lst"] = compressed

    with pytest.raises(e.MalformedResponseError):
        read(token.cwt())


def test_the_largest_list_is_read() -> None:
    token = list_issuer.status_cwt(1, zlib.compress(bytes(MAX_LIST)))

    assert read(token.cwt()).value(8 * MAX_LIST - 1) == 0


def test_a_bomb_takes_no_more_memory_than_the_largest_list() -> None:
    deflate = zlib.compressobj(9)
    block = bytes(1024 * 1024)
    bomb = b"".join(deflate.compress(block) for _ in range(1024)) + deflate.flush()
    content = list_issuer.status_cwt(1, bomb).cwt()

    tracemalloc.start()
    with pytest.raises(e.MalformedResponseError):
        read(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * MAX_LIST
