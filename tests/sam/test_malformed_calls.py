"""What is not of the contract is refused before it reaches a call."""

import json

import httpx
import pytest

from sam import messages as m
from sam.server import MAX_CALL, Server
from tests.sam.files import described, prepared
from tests.sam.world import World

LEASE = prepared(b"%PDF lease")
GOOD_TX = "A" * 32


@pytest.fixture(scope="module")
def door(shared_world: World) -> httpx.Client:
    """An error the server does not know leaves as an exception, and fails the test."""
    transport = httpx.WSGITransport(app=Server(shared_world.sam))
    return httpx.Client(transport=transport, base_url="http://sam")


def line(**changed: object) -> bytes:
    call = json.loads(m.OpenSign(documents=(described(LEASE),)).model_dump_json())
    return json.dumps(call | changed).encode() + b"\n"


def document(**changed: object) -> dict[str, object]:
    values: dict[str, object] = json.loads(described(LEASE).model_dump_json())
    return values | changed


def keep(content: bytes = b"file", **changed: object) -> bytes:
    call = {"kind": "status_list", "uri": "https://pid.example/1", "length": 4}
    return json.dumps(call | changed).encode() + b"\n" + content


def quota(**person: object) -> bytes:
    return json.dumps({"policy": "p", "period": "2026-11"} | person).encode()


MALFORMED = {
    "get": ("GET", "/info", b"{}"),
    "put": ("PUT", "/info", b"{}"),
    "no-name": ("POST", "/", b"{}"),
    "unknown": ("POST", "/sign", b"{}"),
    "unknown-below": ("POST", "/info/x", b"{}"),
    "private": ("POST", "/_sweep", b"{}"),
    "dunder": ("POST", "/__init__", b"{}"),
    "upper-case": ("POST", "/INFO", b"{}"),
    "no-body": ("POST", "/info", b""),
    "no-json": ("POST", "/info", b"hello"),
    "no-utf-8": ("POST", "/status", b'{"tx":"\xff"}'),
    "surrogate": ("POST", "/submit", b'{"tx":"%s","body":"\\ud800"}' % (b"A" * 32)),
    "list": ("POST", "/info", b"[]"),
    "null": ("POST", "/info", b"null"),
    "extra-member": ("POST", "/info", b'{"verified":true}'),
    "missing-member": ("POST", "/status", b"{}"),
    "wrong-type": ("POST", "/status", b'{"tx":7}'),
    "null-member": ("POST", "/status", b'{"tx":null}'),
    "nan": ("POST", "/releases", b'{"release":NaN}'),
    "text-for-a-number": ("POST", "/releases", b'{"release":"0"}'),
    "true-for-a-number": ("POST", "/releases", b'{"release":true}'),
    "negative": ("POST", "/releases", b'{"release":-1}'),
    "short-tx": ("POST", "/status", b'{"tx":"A"}'),
    "tx-with-a-newline": ("POST", "/status", b'{"tx":"' + b"A" * 32 + b'\\n"}'),
    "tx-with-a-quote": ("POST", "/status", b'{"tx":"' + b"A" * 30 + b"';\"}"),
    "unknown-grant": ("POST", "/open_identify", b'{"grants":["seal"]}'),
    "unknown-rule": (
        "POST",
        "/open_identify",
        b'{"grants":[],"match_rules":[{"claim":"sex","equals":"1"}]}',
    ),
    "six-rules": (
        "POST",
        "/open_identify",
        json.dumps(
            {"grants": [], "match_rules": [{"claim": "birthdate", "equals": "1"}] * 6}
        ).encode(),
    ),
    "empty-rule": (
        "POST",
        "/open_identify",
        b'{"grants":[],"match_rules":[{"claim":"birthdate","equals":""}]}',
    ),
    "too-large": ("POST", "/info", b" " * MAX_CALL + b"{}"),
    "too-large-behind": ("POST", "/info", b"{}" + b" " * MAX_CALL),
    "array-bomb": ("POST", "/info", b"[" * 200_000),
    "object-bomb": ("POST", "/status", b'{"tx":' * 60_000),
    "long-answer": (
        "POST",
        "/submit",
        json.dumps({"tx": GOOD_TX, "body": "x" * (m.MAX_ANSWER_BYTES + 1)}).encode(),
    ),
    "long-proof": (
        "POST",
        "/issue_pass",
        json.dumps({"handle": "A" * 43, "proof": "x" * 16_385}).encode(),
    ),
    "quota-of-nobody": ("POST", "/quota_tag", quota()),
    "quota-of-two": ("POST", "/quota_tag", quota(tx=GOOD_TX, handle="A" * 43)),
    "quota-of-a-signer": ("POST", "/quota_tag", quota(tx=GOOD_TX, signer_id="x")),
    "quota-without-policy": ("POST", "/quota_tag", quota(tx=GOOD_TX, policy="")),
    "quota-long-policy": ("POST", "/quota_tag", quota(tx=GOOD_TX, policy="x" * 65)),
    "quota-no-period": ("POST", "/quota_tag", quota(tx=GOOD_TX, period="now")),
    "quota-other-digits": ("POST", "/quota_tag", quota(tx=GOOD_TX, period="٢٠٢٦")),
    "quota-more-behind": ("POST", "/quota_tag", quota(tx=GOOD_TX, period="2026-11\n")),
    "keep-unknown-kind": ("POST", "/keep_file", keep(kind="verdict")),
    "keep-no-uri": ("POST", "/keep_file", keep(uri="")),
    "keep-a-path": ("POST", "/keep_file", keep(uri="file:///etc/passwd")),
    "keep-nul": ("POST", "/keep_file", keep(uri="https://pid.example/\0")),
    "keep-long-uri": ("POST", "/keep_file", keep(uri="https://" + "a" * 2048)),
    "keep-nothing": ("POST", "/keep_file", keep(b"", length=0)),
    "keep-huge": ("POST", "/keep_file", keep(length=m.MAX_FILE_BYTES + 1)),
    "keep-cut-file": ("POST", "/keep_file", keep(b"fil")),
    "keep-more": ("POST", "/keep_file", keep(b"files")),
    "keep-a-verdict": ("POST", "/keep_file", keep(verified=True)),
    "sign-nothing": ("POST", "/open_sign", line(documents=[])),
    "sign-too-many": ("POST", "/open_sign", line(documents=[document()] * 21)),
    "sign-no-line": ("POST", "/open_sign", b""),
    "sign-long-line": ("POST", "/open_sign", b" " * MAX_CALL + line() + LEASE),
    "sign-no-file": ("POST", "/open_sign", line()),
    "sign-cut-file": ("POST", "/open_sign", line() + LEASE[:-1]),
    "sign-more": ("POST", "/open_sign", line() + LEASE + b"x"),
    "sign-extra": ("POST", "/open_sign", line(signer="erika") + LEASE),
    "sign-for-work": ("POST", "/open_sign", line(purpose="professional") + LEASE),
    "sign-bad-handle": ("POST", "/open_sign", line(handle="x") + LEASE),
    "sign-no-name": ("POST", "/open_sign", line(documents=[document(name="")]) + LEASE),
    "sign-huge": (
        "POST",
        "/open_sign",
        line(documents=[document(length=m.MAX_DOCUMENT_BYTES + 1)]) + LEASE,
    ),
    "sign-short-range": (
        "POST",
        "/open_sign",
        line(documents=[document(byte_range=[0, 1, 2])]) + LEASE,
    ),
}


@pytest.mark.parametrize(("method", "path", "body"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_of_the_contract_is_refused(
    door: httpx.Client, method: str, path: str, body: bytes
) -> None:
    response = door.request(method, path, content=body)

    assert response.status_code == 400
    assert response.json()["code"] == "malformed_call"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/info", b"{}"),
        ("/pass_nonce", b"{}"),
        ("/releases", b'{"release":0}'),
        ("/open_identify", b'{"grants":["pass"]}'),
        ("/open_sign", line() + LEASE),
        ("/info", b"{}" + b" " * (MAX_CALL - 2)),
    ],
)
def test_what_is_of_the_contract_is_answered(
    door: httpx.Client, path: str, body: bytes
) -> None:
    """Guards the table above."""
    assert door.post(path, content=body).status_code == 200
