"""One text for each byte string."""

import pytest

from openid4vp import base64url
from openid4vp.errors import MalformedResponseError

BAD = [
    pytest.param("AA==", id="padded"),
    pytest.param("A", id="impossible-length"),
    pytest.param("AB", id="stray-bits"),
    pytest.param("AA A", id="space"),
    pytest.param("AA\nAA", id="line-break"),
    pytest.param("+/+/", id="other-alphabet"),
    pytest.param("AAé", id="not-ascii"),
    pytest.param("AA.AA", id="foreign-character"),
    pytest.param("=", id="only-padding"),
]


@pytest.mark.parametrize("text", BAD)
def test_base64url_that_no_encoder_writes_is_refused(text: str) -> None:
    with pytest.raises(MalformedResponseError):
        base64url.decode(text, "test")


BAD_PADDED = [
    pytest.param("AA", id="no-padding"),
    pytest.param("AB==", id="stray-bits"),
    pytest.param("AA==AA==", id="two-texts"),
    pytest.param("-_-_", id="other-alphabet"),
    pytest.param("AAAA\n", id="line-break"),
    pytest.param("é", id="not-ascii"),
]


@pytest.mark.parametrize("text", BAD_PADDED)
def test_base64_that_no_encoder_writes_is_refused(text: str) -> None:
    with pytest.raises(MalformedResponseError):
        base64url.decode_padded(text, "test")


@pytest.mark.parametrize("raw", [b"", b"\xfb", b"\xff\xfe", b"abc", bytes(range(256))])
def test_what_is_encoded_decodes_to_itself(raw: bytes) -> None:
    assert base64url.decode(base64url.encode(raw), "test") == raw


def test_padded_base64_decodes() -> None:
    assert base64url.decode_padded("+/8=", "test") == b"\xfb\xff"
