"""A trusted list in its confined child, and what xmlsec1 makes of the same list."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from app.ades import trusted_lists
from app.ades.errors import UnreadableListError
from sam.trust import trusted_list
from tests.sam.trust.xml_lists import (
    MORE,
    NOW,
    Draft,
    Operator,
    Provider,
    key_of,
    operator,
)

OPERATOR = Operator()
SIGNED = OPERATOR.sign(Draft().text())
XML = SIGNED.xml().decode()
XMLSEC1 = shutil.which("xmlsec1")


def before(place: str, text: str) -> bytes:
    assert place in XML
    return XML.replace(place, text + place, 1).encode()


def test_the_child_takes_a_list_apart() -> None:
    assert trusted_lists.signed_parts(SIGNED.xml()) == SIGNED.parts()


BEFORE_THE_CHILD: dict[str, tuple[bytes, str]] = {
    "doctype": (before("<Trust", "<!DOCTYPE TrustServiceStatusList>"), "DOCTYPE"),
    "entity": (before("Agency", "<![CDATA[<!ENTITY]]>"), "ENTITY"),
    "nul": (b"<a>\0</a>", "x00"),
    "utf-16": (XML.encode("utf-16"), "UTF-8"),
    "too-long": (b" " * (trusted_lists.MAX_LIST_BYTES + 1), "longer"),
}


@pytest.mark.parametrize("name", BEFORE_THE_CHILD)
def test_no_child_is_started_for_bytes_that_tell_it_themselves(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusted_lists, "Children", None)
    content, complaint = BEFORE_THE_CHILD[name]

    with pytest.raises(UnreadableListError, match=complaint):
        trusted_lists.signed_parts(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(SIGNED.document.encode(), id="unsigned"),
        pytest.param(XML[:-9].encode(), id="cut-off"),
        pytest.param(b"<a>" * 5_000_000, id="deep"),
        pytest.param(b"<a" + b' b:c=""' * 2_000_000 + b"/>", id="attributes"),
    ],
)
def test_what_the_child_cannot_read_is_refused(content: bytes) -> None:
    started = time.monotonic()

    with pytest.raises(UnreadableListError):
        trusted_lists.signed_parts(content)

    assert time.monotonic() - started < trusted_lists.WALL_SECONDS + 5


def test_a_child_that_uses_too_much_time_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trusted_lists, "CPU_SECONDS", 1)
    attributes = " ".join(f'a{n}=""' for n in range(100_000))

    with pytest.raises(UnreadableListError, match="child failed"):
        trusted_lists.signed_parts(before("<TSPS", f"<a {attributes}/>"))


def test_a_child_that_uses_too_much_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trusted_lists, "MEMORY_BYTES", 100 << 20)

    with pytest.raises(UnreadableListError):
        trusted_lists.signed_parts(b"<a>" + b"<b/>" * 4_000_000 + b"</a>")


def test_what_comes_back_too_long_is_refused() -> None:
    with pytest.raises(UnreadableListError, match="canonical form is above"):
        trusted_lists.signed_parts(SIGNED.xml(), max_bytes=len(SIGNED.parts()) - 1)


def test_a_large_list_comes_through() -> None:
    signed = OPERATOR.sign(Draft(providers=(Provider(),) * 5000).text())

    held = trusted_list.parse(
        trusted_lists.signed_parts(signed.xml()),
        signers=[OPERATOR.certificate],
        now=NOW,
    )

    assert len(signed.xml()) > 5_000_000
    assert len(held.entries) == 1  # five thousand times the same


# --- what others make of it ---


def run_xmlsec1(folder: Path, *arguments: str) -> str:
    assert XMLSEC1 is not None
    done = subprocess.run(
        [XMLSEC1, *arguments, str(folder / "list.xml")],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout + done.stderr


IDS = ("--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties")


@pytest.mark.skipif(XMLSEC1 is None, reason="xmlsec1 is not installed")
@pytest.mark.parametrize("kind", ["rsa3072", "SECP256R1"])
def test_xmlsec1_finds_the_builder_s_signature_right(kind: str, tmp_path: Path) -> None:
    name = "rsa-sha256" if kind == "rsa3072" else "ecdsa-sha256"
    signer = operator(kind, f"{MORE}{name}")
    (tmp_path / "list.xml").write_bytes(signer.sign(Draft().text()).xml())
    pem = signer.certificate.public_bytes(Encoding.PEM)
    (tmp_path / "signer.pem").write_bytes(pem)

    said = run_xmlsec1(
        tmp_path, "--verify", *IDS, "--pubkey-cert-pem", str(tmp_path / "signer.pem")
    )

    assert "OK\nSignedInfo References (ok/all): 2/2" in said


@pytest.mark.skipif(XMLSEC1 is None, reason="xmlsec1 is not installed")
def test_a_list_that_xmlsec1_signed_is_read(tmp_path: Path) -> None:
    signer = operator("rsa3072", f"{MORE}rsa-sha256")
    template = re.sub(
        "(<ds:DigestValue>)[^<]*",
        "\\1",
        signer.sign(Draft().text()).xml().decode(),
        count=2,
    )
    template = re.sub("(<ds:SignatureValue>)[^<]*", "\\1", template)
    (tmp_path / "list.xml").write_text(template)
    key = key_of("rsa3072").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(key)

    signed = run_xmlsec1(
        tmp_path, "--sign", *IDS, "--privkey-pem", str(tmp_path / "key.pem")
    )

    held = trusted_list.parse(
        trusted_lists.signed_parts(signed.encode()),
        signers=[signer.certificate],
        now=NOW,
    )
    assert (held.sequence, len(held.entries)) == (42, 1)
