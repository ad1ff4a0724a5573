"""Fetch an RFC 3161 timestamp token over a signature value. Runs in the parent.

    1. request: SHA-256 imprint, a fresh nonce, certReq
    2. answer: bounded in size and in total time, no redirects
    3. granted; a TSTInfo over our imprint; our nonce came back  (RFC 3161 §2.4.2)

The token's own signature is verified where trust anchors are known: by
``Documents.validate`` on the finished file. A token that would fail there fails the
delivery, not the signer's trust.
"""

import hashlib
import secrets
import time
from datetime import datetime
from typing import ClassVar, Final

import httpx
from asn1crypto import cms, core, tsp

from app.ades.errors import TimestampUnavailableError

MAX_BYTES: Final = 64 * 1024
TOTAL_SECONDS: Final = 10.0
CONTENT_TYPE: Final = "application/timestamp-reply"
GRANTED: Final = ("granted", "granted_with_mods")


class _Response(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    """TimeStampResp as RFC 3161 has it: a refusal holds no token."""

    _fields: ClassVar[list[tuple[object, ...]]] = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def fetch_timestamp(url: str, signature_value: bytes, *, http: httpx.Client) -> bytes:
    """Return the DER TimeStampToken over ``signature_value``.

    Raises ``TimestampUnavailableError`` for everything that is not such a token.
    """
    token, _info = _fetch(url, signature_value, http)
    return token


def fetch_over_digest(
    url: str, digest: bytes, algorithm: str, *, http: httpx.Client
) -> bytes:
    """The same over a digest; ``algorithm``: sha256, sha384 or sha512."""
    token, _info = _ask(url, digest, algorithm, http)
    return token


def probe(url: str, *, http: httpx.Client) -> datetime:
    """Ask for a token over random bytes: the time it names, if the TSA answers now."""
    _token, info = _fetch(url, secrets.token_bytes(32), http)
    time_named: datetime = info["gen_time"].native
    return time_named


def _fetch(url: str, value: bytes, http: httpx.Client) -> tuple[bytes, tsp.TSTInfo]:
    return _ask(url, hashlib.sha256(value).digest(), "sha256", http)


def _ask(
    url: str, imprint: bytes, algorithm: str, http: httpx.Client
) -> tuple[bytes, tsp.TSTInfo]:
    nonce = secrets.randbits(63) | 1 << 62
    answer = _post(url, _request(imprint, nonce, algorithm), http)
    try:
        return _checked(answer, imprint, nonce, algorithm)
    except (AttributeError, LookupError, TypeError, ValueError) as fault:
        raise TimestampUnavailableError("the answer cannot be read") from fault


def _request(imprint: bytes, nonce: int, algorithm: str) -> bytes:
    request = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": algorithm, "parameters": core.Null()},
                "hashed_message": imprint,
            },
            "nonce": nonce,
            "cert_req": True,
        }
    )
    der: bytes = request.dump()
    return der


def _post(url: str, request: bytes, http: httpx.Client) -> bytes:
    deadline = time.monotonic() + TOTAL_SECONDS
    answer = bytearray()
    try:
        with http.stream(
            "POST",
            url,
            content=request,
            headers={"content-type": "application/timestamp-query"},
            timeout=TOTAL_SECONDS / 2,
            follow_redirects=False,
        ) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip()
            if response.status_code != httpx.codes.OK or kind.lower() != CONTENT_TYPE:
                raise TimestampUnavailableError(
                    f"the authority answered {response.status_code} {kind[:60]!r}"
                )
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > MAX_BYTES:
                    raise TimestampUnavailableError("the answer is too long")
                if time.monotonic() > deadline:
                    raise TimestampUnavailableError("the answer is too slow")
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise TimestampUnavailableError(f"no answer ({type(fault).__name__})") from None
    return bytes(answer)


def _checked(
    answer: bytes, imprint: bytes, nonce: int, algorithm: str
) -> tuple[bytes, tsp.TSTInfo]:
    response = _Response.load(answer, strict=True)
    status = response["status"]["status"].native
    if status not in GRANTED:
        raise TimestampUnavailableError(f"the authority refused: {status}")
    token = response["time_stamp_token"]
    if token is core.VOID or token["content_type"].native != "signed_data":
        raise TimestampUnavailableError("the token is not SignedData")
    signed_data: cms.SignedData = token["content"]
    info = signed_data["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TimestampUnavailableError("the token holds no TSTInfo")
    named = info["message_imprint"]
    if (
        named["hash_algorithm"]["algorithm"].native != algorithm
        or named["hashed_message"].native != imprint
    ):
        raise TimestampUnavailableError("the token is over something else")
    if info["nonce"].native != nonce:
        raise TimestampUnavailableError("the token does not echo our nonce")
    return token.dump(), info
