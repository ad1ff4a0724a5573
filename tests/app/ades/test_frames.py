import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ades.frames import FrameError, decode, encode

GOOD = b"".join(encode({"a": 1}, [b"one", b""]))


def framed(header: bytes, rest: bytes = b"") -> bytes:
    return len(header).to_bytes(4, "big") + header + rest


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(GOOD[:-1], id="last-byte-missing"),
        pytest.param(GOOD + b"x", id="a-byte-too-much"),
        pytest.param(framed(b"{"), id="not-json"),
        pytest.param(framed(b"[]"), id="not-an-object"),
        pytest.param(framed(b"{}"), id="no-blobs"),
        pytest.param(framed(b'{"blobs":{}}'), id="blobs-not-a-list"),
        pytest.param(framed(b'{"blobs":[-1]}'), id="negative-length"),
        pytest.param(framed(b'{"blobs":[true]}', b"x"), id="true-is-no-length"),
        pytest.param(framed(b'{"blobs":[1.0]}', b"x"), id="a-fraction"),
        pytest.param(framed(b"[" * 200_000), id="nested-deeply"),
        pytest.param(framed(b" " * (1 << 20) + b'{"blobs":[]}'), id="long-header"),
    ],
)
def test_what_is_not_exactly_one_frame_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        decode(data)


def test_a_frame_comes_back_as_it_was() -> None:
    frame = decode(GOOD)

    assert (frame.header, frame.blobs) == ({"a": 1}, (b"one", b""))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_frame_or_a_frame_error(data: bytes) -> None:
    try:
        decode(data)
    except FrameError:
        return
