"""What the demo reads out of a signed file, and what it refuses to read."""

import hashlib
import re
from collections.abc import Callable

import pytest

from tests.wallet_emulator.signing import sign_pdf
from wallet_emulator.errors import MalformedError
from wallet_emulator.sample.lease import LEASE_FILE
from wallet_emulator.signed_pdf import read_signed_pdf


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign_pdf(LEASE_FILE.read_bytes())


def covered(content: bytes) -> bytes:
    found = re.search(rb"/ByteRange\s*\[0 (\d+) (\d+) (\d+)\]", content)
    assert found is not None
    first, resume, _second = (int(number) for number in found.groups())
    return content[:first] + content[resume:]


def test_the_digest_in_the_cms_is_that_of_the_byte_range(signed: bytes) -> None:
    read = read_signed_pdf(signed)

    expected = hashlib.sha256(covered(signed)).hexdigest()
    assert read.message_digest == read.range_digest == expected


def test_the_signer_is_named(signed: bytes) -> None:
    assert read_signed_pdf(signed).signer == "TEST signer"


def test_a_signature_without_time_stamp_says_so(signed: bytes) -> None:
    assert not read_signed_pdf(signed).has_timestamp


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def flipped_signature(content: bytes) -> bytes:
    """The last bytes of the DER value are the ECDSA signature."""
    hole = re.search(rb"/Contents\s*<([0-9a-fA-F]+)>", content)
    assert hole is not None
    end = hole.start(1) + len(hole.group(1).rstrip(b"0"))
    digit = b"1" if content[end - 2 : end - 1] != b"1" else b"2"
    return content[: end - 2] + digit + content[end - 1 :]


CHANGES = [
    pytest.param(lambda c: c + b"\n", "whole file", id="appended"),
    pytest.param(lambda c: LEASE_FILE.read_bytes(), "not signed", id="unsigned"),
    pytest.param(lambda c: b"", "not signed", id="empty"),
    pytest.param(replaced(b"Lease", b"Lxase"), "other bytes", id="text-changed"),
    pytest.param(replaced(b"/ByteRange [0 ", b"/ByteRange [1 "), "whole", id="starts"),
    pytest.param(
        lambda c: re.sub(
            rb"(/ByteRange \[0 )(\d+)", lambda m: m[1] + b"%d" % (int(m[2]) - 1), c
        ),
        "leaves out more",
        id="gap-too-wide",
    ),
    pytest.param(flipped_signature, "does not verify", id="signature-changed"),
    pytest.param(
        lambda c: re.sub(
            rb"/Contents <[0-9a-fA-F]{2000}",
            lambda m: b"/Contents <" + b"f" * (len(m[0]) - 11),
            c,
        ),
        "CMS",
        id="no-cms",
    ),
    pytest.param(
        lambda c: re.sub(rb"/Contents <..", b"/Contents <zz", c), "hexa", id="no-hex"
    ),
]


@pytest.mark.parametrize(("change", "complaint"), CHANGES)
def test_a_changed_file_is_refused(
    signed: bytes, change: Callable[[bytes], bytes], complaint: str
) -> None:
    with pytest.raises(MalformedError, match=complaint):
        read_signed_pdf(change(signed))
