"""Time stamps: OpenSSL asks and verifies; what is no question gets no token."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asn1crypto import cms, core, tsp

QUERY = "application/timestamp-query"
SHA256, SHA1, MD5 = "2.16.840.1.101.3.4.2.1", "1.3.14.3.2.26", "1.2.840.113549.2.5"
SHA512, SHA3_256 = "2.16.840.1.101.3.4.2.3", "2.16.840.1.101.3.4.2.8"


class Response(core.Sequence):
    """TimeStampResp as in RFC 3161 §2.4.2: the token is OPTIONAL."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def _ask(pki: Any, query: bytes) -> Any:
    answer = pki.public().post("/tsa", data=query, content_type=QUERY)
    assert (answer.status_code, answer.content_type) == (
        200,
        "application/timestamp-reply",
    )
    return answer


def _response(pki: Any, query: bytes) -> Any:
    return Response.load(_ask(pki, query).data, strict=True)


def _info(pki: Any, query: bytes) -> Any:
    token = _response(pki, query)["time_stamp_token"]
    return token["content"]["encap_content_info"]["content"].parsed


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document"
    path.write_bytes(b"to be stamped")
    return path


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_openssl_verifies_a_token_it_asked_for(
    pki: Any, openssl: Callable[..., str], document: Path, algorithm: str
) -> None:
    folder, at = pki.folder, int(pki.clock.now.timestamp()) + 1
    openssl(
        "ts", "-query", "-data", document, f"-{algorithm}", "-cert",
        "-out", folder / "query",
    )  # fmt: skip
    (folder / "reply").write_bytes(_ask(pki, (folder / "query").read_bytes()).data)

    text = openssl(
        "ts", "-verify", "-queryfile", folder / "query", "-in", folder / "reply",
        "-CAfile", folder / "root.pem", "-attime", at,
    )  # fmt: skip

    assert "Verification: OK" in text


def test_openssl_verifies_a_token_without_certificates_when_it_has_them(
    pki: Any, openssl: Callable[..., str], document: Path
) -> None:
    folder, at = pki.folder, int(pki.clock.now.timestamp()) + 1
    openssl("ts", "-query", "-data", document, "-sha256", "-out", folder / "query")
    (folder / "reply").write_bytes(_ask(pki, (folder / "query").read_bytes()).data)

    text = openssl(
        "ts", "-verify", "-data", document, "-in", folder / "reply", "-attime", at,
        "-CAfile", folder / "root.pem", "-untrusted", folder / "tsa.pem",
    )  # fmt: skip

    assert "Verification: OK" in text


def test_openssl_refuses_the_token_for_other_data(
    pki: Any, openssl: Callable[..., str], document: Path
) -> None:
    """Guards the two above: the tool does look."""
    folder, at = pki.folder, int(pki.clock.now.timestamp()) + 1
    openssl(
        "ts", "-query", "-data", document, "-sha256", "-cert", "-out", folder / "query"
    )
    (folder / "reply").write_bytes(_ask(pki, (folder / "query").read_bytes()).data)
    document.write_bytes(b"something else")

    with pytest.raises(AssertionError, match="message imprint mismatch"):
        openssl(
            "ts", "-verify", "-data", document, "-in", folder / "reply",
            "-CAfile", folder / "root.pem", "-attime", at,
        )  # fmt: skip


def _query(box: Any, **change: Any) -> bytes:
    """A TimeStampReq, octet by octet; ``change`` replaces one field's encoding."""
    imprint = box.sequence(
        box.sequence(box.oid(change.pop("algorithm", SHA256))),
        box.tlv(0x04, change.pop("hashed", hashlib.sha256(b"x").digest())),
    )
    fields = {
        "version": box.integer(1),
        "imprint": imprint,
        "policy": b"",
        "nonce": box.integer(0x1234567890),
        "cert_req": b"\x01\x01\xff",
        "extensions": b"",
    }
    return box.sequence(*{**fields, **change}.values())


def test_a_token_holds_the_time_to_the_second_and_says_how_exact(
    pki: Any, box: Any
) -> None:
    pki.clock.advance(timedelta(microseconds=999_999))

    info = _info(pki, _query(box))

    assert info["gen_time"].native == box.NOW
    assert info["accuracy"].native == {"seconds": 1, "millis": None, "micros": None}


def test_the_nonce_comes_back(pki: Any, box: Any) -> None:
    assert _info(pki, _query(box))["nonce"].native == 0x1234567890


def test_no_nonce_comes_back_when_none_was_sent(pki: Any, box: Any) -> None:
    assert _info(pki, _query(box, nonce=b""))["nonce"].native is None


def test_two_tokens_have_two_serial_numbers(pki: Any, box: Any) -> None:
    first, second = (_info(pki, _query(box)) for _ in range(2))

    assert first["serial_number"].native != second["serial_number"].native


@pytest.mark.parametrize(
    ("cert_req", "count"),
    [pytest.param(b"\x01\x01\xff", 2, id="asked-for"), pytest.param(b"", 0, id="not")],
)
def test_certificates_come_only_when_asked_for(
    pki: Any, box: Any, cert_req: bytes, count: int
) -> None:
    """RFC 3161 §2.4.1: without certReq they MUST NOT be present."""
    token = _response(pki, _query(box, cert_req=cert_req))["time_stamp_token"]

    assert len(token["content"]["certificates"]) == count


def test_our_policy_may_be_asked_for(pki: Any, box: Any) -> None:
    policy = _info(pki, _query(box))["policy"].native

    assert _info(pki, _query(box, policy=box.oid(policy)))["policy"].native == policy


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        pytest.param({"algorithm": SHA1, "hashed": bytes(20)}, "bad_alg", id="sha1"),
        pytest.param({"algorithm": MD5, "hashed": bytes(16)}, "bad_alg", id="md5"),
        pytest.param({"algorithm": SHA3_256}, "bad_alg", id="sha3"),
        pytest.param({"hashed": bytes(31)}, "bad_data_format", id="short-imprint"),
        pytest.param({"hashed": bytes(33)}, "bad_data_format", id="long-imprint"),
        pytest.param({"hashed": b""}, "bad_data_format", id="empty-imprint"),
        pytest.param({"algorithm": SHA512}, "bad_data_format", id="imprint-of-other"),
        pytest.param({"version": b"\x02\x01\x02"}, "bad_request", id="version-2"),
        pytest.param({"version": b""}, "bad_data_format", id="no-version"),
        pytest.param(
            {"policy": b"\x06\x03\x2a\x03\x04"}, "unaccepted_policy", id="policy"
        ),
        pytest.param(
            {"extensions": b"\xa0\x09\x30\x07\x06\x02\x2a\x03\x04\x01\x00"},
            "unaccepted_extensions",
            id="extension",
        ),
        pytest.param(
            {"nonce": b"\x02\x22\x01" + bytes(33)}, "bad_request", id="huge-nonce"
        ),
    ],
)
def test_a_query_with_one_fault_gets_a_reason_and_no_token(
    pki: Any, box: Any, change: dict[str, Any], failure: str
) -> None:
    response = _response(pki, _query(box, **change))

    assert response["status"]["status"].native == "rejection"
    assert response["status"]["fail_info"].native == {failure}
    assert response["time_stamp_token"].native is None


def test_the_unchanged_query_gets_a_token(pki: Any, box: Any) -> None:
    """Guards the table above."""
    assert _response(pki, _query(box))["status"]["status"].native == "granted"


@pytest.mark.parametrize(
    "data", [b"\0", b"not ASN.1", b"\x30\x80\0\0", b"\x30" * 4000, bytes(4096)]
)
def test_garbage_gets_bad_data_format(pki: Any, data: bytes) -> None:
    response = _response(pki, data)

    assert response["status"]["fail_info"].native == {"bad_data_format"}


@pytest.mark.parametrize("days", [1826, -1])
def test_a_tsa_outside_its_validity_stamps_nothing(
    pki: Any, box: Any, days: int
) -> None:
    pki.clock.advance(timedelta(days=days))

    response = _response(pki, _query(box))

    assert response["status"]["fail_info"].native == {"system_failure"}


@pytest.mark.parametrize(
    ("method", "content_type", "data", "status"),
    [
        pytest.param("GET", QUERY, b"", 405, id="get"),
        pytest.param("PUT", QUERY, b"x", 405, id="put"),
        pytest.param("POST", "application/json", b"{}", 415, id="json"),
        pytest.param("POST", "", b"x", 415, id="no-type"),
        pytest.param("POST", QUERY, bytes(4097), 413, id="too-long"),
    ],
)
def test_what_is_not_a_query_by_http_gets_a_status(
    pki: Any, method: str, content_type: str, data: bytes, status: int
) -> None:
    answer = pki.public().open(
        "/tsa", method=method, content_type=content_type, data=data
    )

    assert answer.status_code == status


def test_openssl_reads_a_refusal(
    pki: Any, box: Any, openssl: Callable[..., str]
) -> None:
    answer = _ask(pki, _query(box, algorithm=SHA1, hashed=bytes(20)))
    (pki.folder / "reply").write_bytes(answer.data)

    text = openssl("ts", "-reply", "-in", pki.folder / "reply", "-text")

    assert "Status: Rejected." in text
    assert "unrecognized or unsupported algorithm identifier" in text
