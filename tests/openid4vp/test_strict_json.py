"""JSON that could be read in two ways is not read at all."""

import pytest

from openid4vp.errors import MalformedResponseError
from openid4vp.strict_json import parse, parse_object

BAD = [
    pytest.param(b"", id="empty"),
    pytest.param(b'{"a":1,"a":1}', id="duplicate-name"),
    pytest.param(b'{"a":1,"\\u0061":1}', id="duplicate-name-in-disguise"),
    pytest.param(b'{"a":{"b":1,"b":2}}', id="duplicate-name-deeper"),
    pytest.param(b"NaN", id="nan"),
    pytest.param(b"[-Infinity]", id="infinity"),
    pytest.param(b"1e999", id="float-overflow"),
    pytest.param(b"0." + b"1" * 31, id="float-of-33-characters"),
    pytest.param(b"9007199254740992", id="integer-2-53"),
    pytest.param(b"-9007199254740992", id="integer-minus-2-53"),
    pytest.param(b"1" * 5000, id="integer-of-5000-digits"),
    pytest.param(b'"\\ud800"', id="lone-surrogate"),
    pytest.param(b'{"\\udfff":1}', id="lone-surrogate-in-a-name"),
    pytest.param(b"\xef\xbb\xbf{}", id="bom"),
    pytest.param('{"a":1}'.encode("utf-16"), id="utf-16"),
    pytest.param(b'"\xff"', id="not-utf-8"),
    pytest.param(b"[" * 17 + b"]" * 17, id="17-levels"),
    pytest.param(b'{"a":' * 100_000, id="100000-levels"),
    pytest.param(b"{} {}", id="two-values"),
    pytest.param(b"{'a':1}", id="other-quotes"),
    pytest.param(b'"\n"', id="raw-control-character"),
    pytest.param(b'"unterminated' + b"[" * 20, id="unterminated-string"),
]


@pytest.mark.parametrize("raw", BAD)
def test_json_with_two_readings_or_none_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        parse(raw, "test")


GOOD = [
    pytest.param(b' {"a": [1, -2.5, true, null, "x"]} ', id="ordinary"),
    pytest.param(b"[" * 16 + b"]" * 16, id="16-levels"),
    pytest.param(
        b"[" + b"[]," * 9 + b"[" * 15 + b"]" * 16, id="16-levels-among-others"
    ),
    pytest.param(b"0." + b"1" * 30, id="float-of-32-characters"),
    pytest.param(b'["' + b"[" * 50 + b'\\"{{"]', id="brackets-in-a-string"),
    pytest.param(b"[" + b"{}," * 50 + b"1]", id="wide"),
    pytest.param(b'"\\ud83d\\ude00"', id="surrogate-pair"),
    pytest.param(b"[9007199254740991,-9007199254740991]", id="largest-integers"),
]


@pytest.mark.parametrize("raw", GOOD)
def test_json_with_one_reading_is_read(raw: bytes) -> None:
    assert parse(raw, "test") is not None


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(MalformedResponseError, match="not a JSON object"):
        parse_object(b"[]", "test")
