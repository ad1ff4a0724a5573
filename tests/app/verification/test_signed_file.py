"""What a person is told of a file: real files, judged by the real validator."""

import hashlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from app.ades import validate
from app.ades.documents import Documents
from app.verification import signed_file
from app.verification.signed_file import Judgement, SignedFiles, Verdict
from app.verification.spoken import spoken
from app.verification.validation_trust import ValidationTrustError
from tests.app.ades import pdfs
from tests.app.ades.pki import NOW, Pki, Signer, der, key_usage, name, new_root
from tests.app.verification.conftest import Sign


@dataclass
class GivenTrust:
    given: tuple[bytes, ...]
    lists: tuple[bytes, ...] = field(default=())

    def anchors(self) -> tuple[bytes, ...]:
        if not self.given:
            raise ValidationTrustError("none")
        return self.given

    def crls(self) -> tuple[bytes, ...]:
        return self.lists


@dataclass
class Judge:
    documents: Documents
    pki: Pki

    def __call__(
        self,
        content: bytes,
        *,
        anchors: tuple[bytes, ...] | None = None,
        crls: tuple[bytes, ...] | None = None,
        at: datetime = NOW,
    ) -> Judgement:
        trust = GivenTrust(
            self.pki.anchors if anchors is None else anchors,
            (self.pki.issuing.crl(),) if crls is None else crls,
        )
        files = SignedFiles(documents=self.documents, trust=trust, clock=lambda: at)
        return files.judge(content)


@pytest.fixture
def judge(documents: Documents, pki: Pki) -> Judge:
    return Judge(documents, pki)


def with_another_page(signed: bytes) -> bytes:
    return signed.replace(b"[0 0 595 842]", b"[0 0 595 843]")


def test_a_good_file_names_signer_issuer_and_proven_time(
    judge: Judge, signed: bytes
) -> None:
    judgement = judge(signed)

    (signer,) = judgement.signers
    assert (judgement.verdict, judgement.headline) == (Verdict.VALID, "Valid signature")
    assert (signer.name, signer.issuer) == ("TEST Erika", "TEST issuing CA")
    assert signer.signed_at == NOW
    assert (signer.covers_whole_file, judgement.whole, judgement.test) == (True,) * 3


def test_without_a_time_stamp_no_time_is_proven(judge: Judge, sign: Sign) -> None:
    judgement = judge(sign(pdfs.plain(), stamped=None))

    assert judgement.verdict is Verdict.VALID
    assert judgement.signers[0].signed_at is None


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        pytest.param(lambda pdf: pdf, Verdict.VALID, id="unchanged"),
        pytest.param(with_another_page, Verdict.CHANGED, id="page-changed"),
        pytest.param(lambda _: pdfs.plain(), Verdict.NO_SIGNATURE, id="unsigned"),
        pytest.param(lambda _: b"", Verdict.UNREADABLE, id="empty"),
        pytest.param(lambda _: b"MZ" * 100, Verdict.UNREADABLE, id="not-a-pdf"),
        pytest.param(
            lambda _: b"%PDF-1.7\n" + b"\x00\xff" * 10_000_000,
            Verdict.UNREADABLE,
            id="20-mb-garbage",
        ),
        pytest.param(lambda pdf: pdf[:-200], Verdict.UNREADABLE, id="truncated"),
        pytest.param(
            lambda _: pdfs.deep_array(100_000), Verdict.UNREADABLE, id="deep-array"
        ),
    ],
)
def test_the_headline_fits_the_file(
    judge: Judge,
    signed: bytes,
    change: Callable[[bytes], bytes],
    verdict: Verdict,
) -> None:
    assert judge(change(signed)).verdict is verdict


def test_a_stranger_is_neither_valid_nor_called_forged(
    judge: Judge, signed: bytes
) -> None:
    assert judge(signed, anchors=Pki().anchors).verdict is Verdict.UNSURE


def test_without_anchors_nobody_is_sure(judge: Judge, signed: bytes) -> None:
    assert judge(signed, anchors=()).verdict is Verdict.UNSURE


def test_without_a_crl_nobody_is_sure(judge: Judge, signed: bytes) -> None:
    assert judge(signed, crls=()).verdict is Verdict.UNSURE


def test_a_change_is_certain_even_where_nothing_else_is(
    judge: Judge, signed: bytes
) -> None:
    judgement = judge(with_another_page(signed), crls=(), anchors=())

    assert judgement.verdict is Verdict.CHANGED
    assert judgement.reason == "The document was changed after it was signed."


def test_a_revoked_certificate_is_not_valid(
    judge: Judge, documents: Documents, pki: Pki
) -> None:
    signer = pki.signer("TEST Revoked")
    prepared = documents.prepare(pdfs.plain(), signed_at=NOW)
    parts = signer.sign(prepared)
    token = pki.timestamp(parts.signature)
    signed = documents.embed(prepared.content, prepared.byte_range, parts, token)

    judgement = judge(signed, crls=(pki.issuing.crl(signer.certificate),))

    assert judgement.verdict is Verdict.INVALID


def test_a_time_stamp_from_the_future_is_not_valid(judge: Judge, sign: Sign) -> None:
    signed = sign(pdfs.plain(), stamped=NOW + timedelta(minutes=30))

    assert judge(signed).verdict is Verdict.INVALID


def test_every_sentence_with_a_verdict_is_one_of_the_validator() -> None:
    source = re.sub(r'"\s+"', "", inspect.getsource(validate))

    assert [s for s in signed_file._VERDICTS if s not in source] == []


def test_a_file_is_as_good_as_its_worst_signature(
    judge: Judge, documents: Documents, signed: bytes
) -> None:
    stranger = Pki()
    prepared = documents.prepare(signed, signed_at=NOW)
    parts = stranger.signer("TEST Stranger").sign(prepared)
    token = stranger.timestamp(parts.signature)
    twice = documents.embed(prepared.content, prepared.byte_range, parts, token)

    judgement = judge(twice)

    assert judgement.verdict is Verdict.UNSURE
    verdicts = [signer.verdict for signer in judgement.signers]
    assert verdicts == [Verdict.VALID, Verdict.UNSURE]


def test_an_earlier_signature_covers_the_file_as_it_was(
    judge: Judge, sign: Sign, signed: bytes
) -> None:
    judgement = judge(sign(signed, "TEST Max"))

    assert judgement.verdict is Verdict.VALID
    assert [s.covers_whole_file for s in judgement.signers] == [False, True]
    assert [s.last for s in judgement.signers] == [False, True]


def under_another_ca(
    documents: Documents, pki: Pki, *extensions: x509.ExtensionType
) -> tuple[bytes, tuple[bytes, ...]]:
    """A file signed under a CA that says TEST nowhere, and the anchors for it."""
    root = new_root("Example CA")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name("Ana Horvat"))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(NOW - timedelta(minutes=1))
        .not_valid_after(NOW + timedelta(hours=1))
        .add_extension(key_usage("content_commitment"), True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    certificate = builder.sign(root.key, hashes.SHA256())
    signer = Signer(key=key, certificate=certificate, issuer=root.certificate)
    prepared = documents.prepare(pdfs.plain(), signed_at=NOW)
    parts = signer.sign(prepared)
    token = pki.timestamp(parts.signature)
    content = documents.embed(prepared.content, prepared.byte_range, parts, token)
    return content, (der(root.certificate), *pki.anchors)


def test_without_claim_and_without_test_it_is_valid_but_not_qualified(
    judge: Judge, documents: Documents, pki: Pki
) -> None:
    content, anchors = under_another_ca(documents, pki)

    judgement = judge(content, anchors=anchors)

    assert judgement.headline == "Valid, but not qualified"
    assert judgement.test is False


def test_a_claim_to_be_qualified_is_passed_on_as_a_claim(
    judge: Judge, documents: Documents, pki: Pki
) -> None:
    statements = bytes.fromhex("300a3008") + signed_file.QC_COMPLIANCE
    extension = x509.UnrecognizedExtension(signed_file.QC_STATEMENTS, statements)
    content, anchors = under_another_ca(documents, pki, extension)

    judgement = judge(content, anchors=anchors)

    assert judgement.headline == "Valid signature"
    assert judgement.signers[0].claims_qualified
    text = " ".join(" ".join(spoken(judgement, "lease.pdf")).split())
    assert "not compared with the EU trusted lists" in text


def test_a_pasted_fingerprint_is_compared_with_file_and_signature(
    judge: Judge, signed: bytes
) -> None:
    judgement = judge(signed)
    whole = hashlib.sha256(signed).hexdigest()

    assert judgement.same_as(f" {whole[:32].upper()} {whole[32:]}\n") is True
    assert judgement.same_as(judgement.signers[0].digest) is True
    assert judgement.same_as("0" * 64) is False
    assert judgement.same_as("  ") is None


def test_what_is_spoken_fits_a_terminal_and_says_what_is_not_proven(
    judge: Judge, signed: bytes
) -> None:
    text = "\n".join(spoken(judge(signed), "lease.pdf"))

    assert max(map(len, text.splitlines())) < 80
    assert "Valid signature (TEST — no legal effect)" in text
    assert "2026-11-20" in text
    assert "What this does not prove: that the content is true" in " ".join(
        text.split()
    )
    assert "qualified" not in text
    assert "\x1b" not in text
