import dataclasses
import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.ades.byte_range import sdr
from app.ades.documents import CmsParts, Documents, Prepared
from app.ades.errors import EmbeddingError
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki, Signer


def message_in(signed: bytes, prepared: Prepared) -> bytes:
    _start, before, resume, _after = prepared.byte_range
    padded = bytes.fromhex(signed[before + 1 : resume - 1].decode())
    return cms.ContentInfo.load(padded).dump()


def test_only_the_gap_changes(signed: bytes, prepared: Prepared) -> None:
    _start, before, resume, _after = prepared.byte_range

    outside = signed[:before] + signed[resume:]

    assert outside == prepared.content[:before] + prepared.content[resume:]


def test_the_signed_attributes_are_kept_byte_for_byte(
    signed: bytes, prepared: Prepared, parts: CmsParts
) -> None:
    assert b"\xa0" + parts.signed_attributes[1:] in message_in(signed, prepared)


def test_the_message_is_der(signed: bytes, prepared: Prepared) -> None:
    message = message_in(signed, prepared)

    assert cms.ContentInfo.load(message, strict=True).copy().dump(force=True) == message


def test_openssl_finds_a_good_cades_signature(
    signed: bytes, prepared: Prepared, pki: Pki, tmp_path: Path
) -> None:
    _start, before, resume, _after = prepared.byte_range
    (tmp_path / "cms").write_bytes(message_in(signed, prepared))
    (tmp_path / "content").write_bytes(signed[:before] + signed[resume:])
    root = pki.root.certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(root)

    checked = subprocess.run(
        [
            *("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER"),
            *("-in", "cms", "-content", "content", "-CAfile", "root.pem"),
            *("-purpose", "any", "-attime", str(int(NOW.timestamp()))),
            *("-out", "/dev/null"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "CAdES Verification successful" in checked.stderr


def test_pdfsig_finds_a_valid_signature(signed: bytes, tmp_path: Path) -> None:
    (tmp_path / "signed.pdf").write_bytes(signed)

    shown = subprocess.run(
        ["pdfsig", "-nocert", str(tmp_path / "signed.pdf")],
        capture_output=True,
        text=True,
        check=False,
    ).stdout

    assert "Signature is Valid." in shown
    assert "Total document signed" in shown
    assert "ETSI.CAdES.detached" in shown


def flipped(value: bytes, position: int = -1) -> bytes:
    changed = bytearray(value)
    changed[position] ^= 1
    return bytes(changed)


def refuse(
    documents: Documents,
    prepared: Prepared,
    parts: CmsParts,
    token: bytes | None,
    complaint: str,
) -> None:
    with pytest.raises(EmbeddingError, match=complaint):
        documents.embed(prepared.content, prepared.byte_range, parts, token)


def test_attributes_of_another_document_are_refused(
    documents: Documents, prepared: Prepared, signer: Signer
) -> None:
    other = signer.sign(dataclasses.replace(prepared, sdr=bytes(32)))

    refuse(documents, prepared, other, None, "not those of this file")


def test_attributes_of_another_certificate_are_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts, pki: Pki
) -> None:
    other = pki.signer().sign(prepared)
    mixed = dataclasses.replace(parts, chain=other.chain)

    refuse(documents, prepared, mixed, None, "not those of this file and certificate")


@pytest.mark.parametrize("position", [-1, 8])
def test_a_damaged_signature_is_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts, position: int
) -> None:
    damaged = dataclasses.replace(parts, signature=flipped(parts.signature, position))

    refuse(documents, prepared, damaged, None, "does not verify")


def test_a_signature_by_another_key_is_refused(
    documents: Documents, prepared: Prepared, signer: Signer
) -> None:
    thief = dataclasses.replace(signer, key=ec.generate_private_key(ec.SECP256R1()))

    refuse(documents, prepared, thief.sign(prepared), None, "does not verify")


def test_a_token_over_another_signature_is_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts, pki: Pki
) -> None:
    foreign = pki.timestamp(b"something else")

    refuse(documents, prepared, parts, foreign, "not over this signature")


@pytest.mark.parametrize(
    "token", [b"\x30\x00", b"no token", b"\x30\x84\xff\xff\xff\xff"]
)
def test_a_token_that_is_none_is_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts, token: bytes
) -> None:
    refuse(documents, prepared, parts, token, "not readable")


def test_bytes_after_a_token_are_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts, token: bytes
) -> None:
    refuse(documents, prepared, parts, token + b"\0", "not readable")


def test_a_chain_without_certificates_is_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts
) -> None:
    bare = dataclasses.replace(parts, chain=())

    refuse(documents, prepared, bare, None, "no signing certificate")


@pytest.mark.parametrize("certificate", [b"", b"\x30\x00", b"not DER"])
def test_a_certificate_that_is_none_is_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts, certificate: bytes
) -> None:
    broken = dataclasses.replace(parts, chain=(certificate,))

    refuse(documents, prepared, broken, None, "not DER|not those")


def test_a_key_on_another_curve_is_refused(
    documents: Documents, prepared: Prepared, pki: Pki
) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    certificate = pki.issuing.certify(
        "TEST P-384", key.public_key(), start=NOW, end=NOW.replace(hour=23)
    )
    signer = Signer(key=key, certificate=certificate, issuer=pki.issuing.certificate)

    refuse(documents, prepared, signer.sign(prepared), None, "of another kind")


def test_a_signed_file_is_not_filled_again(
    documents: Documents, prepared: Prepared, parts: CmsParts, signed: bytes
) -> None:
    again = dataclasses.replace(prepared, content=signed)

    refuse(documents, again, parts, None, "signed already")


def test_a_message_larger_than_the_gap_is_refused(
    documents: Documents, prepared: Prepared, parts: CmsParts
) -> None:
    fat = dataclasses.replace(parts, chain=(*parts.chain, bytes(17_000)))

    refuse(documents, prepared, fat, None, "needs .* of 32768 characters")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param((1, 0, 0, 0), id="does-not-start-at-zero"),
        pytest.param((0, 1, 0, 0), id="gap-starts-late"),
        pytest.param((0, 0, -1, 0), id="gap-ends-early"),
        pytest.param((0, 0, 0, 1), id="ends-after-the-file"),
        pytest.param((0, 0, 0, -1), id="ends-before-the-file"),
    ],
)
def test_a_byte_range_that_does_not_fit_is_refused(
    documents: Documents,
    prepared: Prepared,
    parts: CmsParts,
    change: tuple[int, int, int, int],
) -> None:
    a, b, c, d = (x + y for x, y in zip(prepared.byte_range, change, strict=True))
    moved = dataclasses.replace(prepared, byte_range=(a, b, c, d))

    refuse(documents, moved, parts, None, "range|gap|not those|ByteRange")


def test_a_signature_that_leaves_out_the_end_is_refused(
    documents: Documents, prepared: Prepared, signer: Signer
) -> None:
    """Even if signer and digest agree on the shorter range."""
    start, before, resume, after = prepared.byte_range
    short = (start, before, resume, after - 1)
    digest = sdr(prepared.content, short)
    cut = dataclasses.replace(prepared, byte_range=short, sdr=digest)

    refuse(documents, cut, signer.sign(cut), None, "ends before the file")


def test_a_message_without_timestamp_is_embedded(
    documents: Documents, prepared: Prepared, parts: CmsParts
) -> None:
    """Guards the refusals above: the unchanged parts are accepted."""
    signed = documents.embed(prepared.content, prepared.byte_range, parts)

    assert len(signed) == len(prepared.content)


def test_object_streams_survive_signing(
    documents: Documents, signer: Signer, tmp_path: Path
) -> None:
    prepared = documents.prepare(pdfs.plain_in_object_streams(), signed_at=NOW)
    signed = documents.embed(
        prepared.content, prepared.byte_range, signer.sign(prepared)
    )
    (tmp_path / "signed.pdf").write_bytes(signed)

    shown = subprocess.run(
        ["pdfsig", "-nocert", str(tmp_path / "signed.pdf")],
        capture_output=True,
        text=True,
        check=False,
    ).stdout

    assert "Signature is Valid." in shown
