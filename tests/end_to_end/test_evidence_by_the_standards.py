"""What a stranger can check with the two files, the demo's root and the standards.

Nothing of the service or the emulator is imported here: base64, hashes, JSON and
OpenSSL. ISO 32000-2 §12.8.1 for the ByteRange, RFC 5652 §11.2 for the message digest,
RFC 9901 §4.3 for the key binding, OpenID4VP 1.0 B.3.3.1 for the transaction data.
"""

import base64
import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

MESSAGE_DIGEST = "06092a864886f70d010904312204 20".replace(" ", "")
FILES = {
    "request-object.jwt",
    "transaction-data.txt",
    "pass-presentation.txt",
    "certificate-chain.pem",
    "audit.json",
    "statement.json",
    "README.txt",
}


@pytest.fixture
def pdf(delivered: Path) -> bytes:
    return (delivered / "signed.pdf").read_bytes()


@pytest.fixture
def evidence(delivered: Path) -> dict[str, str]:
    with zipfile.ZipFile(delivered / "evidence.zip") as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


@pytest.fixture
def anchor(service: object) -> Path:
    return Path(service.layout.demo / "trust-anchor.pem")  # type: ignore[attr-defined]


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def json_of(text: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(decoded(text))
    return value


def split(pdf: bytes) -> tuple[bytes, bytes]:
    """(bytes the signature covers, CMS in the hole)."""
    found = re.search(rb"/ByteRange\s*\[(\d+) (\d+) (\d+) (\d+)\s*\]", pdf)
    assert found
    start, first, resume, rest = (int(n) for n in found.groups())
    assert (start, resume + rest) == (0, len(pdf))
    hole = pdf[first:resume]
    assert (hole[:1], hole[-1:]) == (b"<", b">")
    return pdf[:first] + pdf[resume:], bytes.fromhex(hole[1:-1].decode())


def verified_jws(text: str, jwk: dict[str, str]) -> dict[str, object]:
    """The payload of an ES256 JWS under ``jwk``."""
    header, payload, signature = text.split(".")
    x, y = (int.from_bytes(decoded(jwk[n]), "big") for n in ("x", "y"))
    raw = decoded(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key().verify(
        utils.encode_dss_signature(r, s),
        f"{header}.{payload}".encode(),
        ec.ECDSA(hashes.SHA256()),
    )
    return json_of(payload)


@pytest.mark.processes
def test_the_evidence_holds_exactly_its_files(evidence: dict[str, str]) -> None:
    assert set(evidence) == FILES


@pytest.mark.processes
def test_the_digest_the_wallets_key_approved_is_the_digest_in_the_cms(
    pdf: bytes, evidence: dict[str, str]
) -> None:
    credential, *disclosures, proof = evidence["pass-presentation.txt"].split("~")
    holder_key = json_of(credential.split(".")[1])["cnf"]["jwk"]  # type: ignore[index]
    bound = verified_jws(proof, holder_key)
    presented = "~".join([credential, *disclosures, ""])
    asked = json_of(evidence["request-object.jwt"].split(".")[1])
    text = evidence["transaction-data.txt"]
    approval = json_of(text)
    (document,) = approval["documentDigests"]  # type: ignore[misc]
    covered, cms = split(pdf)
    digest = hashlib.sha256(covered).digest()

    assert decoded(str(bound["sd_hash"])) == hashlib.sha256(presented.encode()).digest()
    assert (bound["nonce"], bound["aud"]) == (asked["nonce"], asked["client_id"])
    assert asked["transaction_data"] == [text]
    (text_hash,) = bound["transaction_data_hashes"]  # type: ignore[misc]
    assert decoded(text_hash) == hashlib.sha256(text.encode()).digest()
    assert base64.b64decode(document["hash"]) == digest
    assert MESSAGE_DIGEST + digest.hex() in cms.hex()


@pytest.mark.processes
def test_openssl_verifies_the_cms_to_the_demo_root(
    pdf: bytes, anchor: Path, tmp_path: Path
) -> None:
    covered, cms = split(pdf)
    (tmp_path / "content").write_bytes(covered)
    (tmp_path / "cms").write_bytes(cms)

    command = "openssl cms -verify -cades -binary -inform DER -in cms -content content"
    verified = subprocess.run(
        [*command.split(), "-out", "/dev/null", "-purpose", "any", "-CAfile", anchor],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert verified.returncode == 0, verified.stderr
    assert "CAdES Verification successful" in verified.stderr


@pytest.mark.processes
def test_poppler_finds_one_valid_pades_signature_over_the_whole_file(
    delivered: Path,
) -> None:
    shown = subprocess.run(
        ["pdfsig", str(delivered / "signed.pdf")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert shown.count("Signature is Valid") == 1
    assert "Signature Type: ETSI.CAdES.detached" in shown
    assert "Total document signed" in shown


@pytest.mark.processes
def test_the_original_is_an_exact_prefix(pdf: bytes, evidence: dict[str, str]) -> None:
    statement = json.loads(evidence["statement.json"])
    (document,) = statement["documents"]
    prefixes = re.finditer(rb"%%EOF\s?", pdf)
    digests = {hashlib.sha256(pdf[: p.end()]).hexdigest() for p in prefixes}

    assert document["sodr"] in digests


@pytest.mark.processes
def test_statement_and_audit_record_hold_each_other(evidence: dict[str, str]) -> None:
    audit = json.loads(evidence["audit.json"])
    record = json.loads(audit["record"])
    previous = bytes.fromhex(audit["previous_hash"])
    chained = hashlib.sha256(previous + audit["record"].encode()).hexdigest()
    stated = hashlib.sha256(evidence["statement.json"].encode()).hexdigest()

    assert audit["hash"] == chained
    assert record["statement_sha256"] == stated


@pytest.mark.processes
def test_nothing_can_be_taken_for_qualified(evidence: dict[str, str]) -> None:
    approval = json_of(evidence["transaction-data.txt"])
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-text"],
        input=evidence["certificate-chain.pem"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert approval["signatureQualifier"] == "eu_eidas_aes"
    assert approval["documentDigests"][0]["label"].startswith("TEST · ")  # type: ignore[index]
    assert "CN = TEST " in shown
    assert "1.3.6.1.5.5.7.1.3" not in shown
    assert "qcStatements" not in shown
    assert "0.4.0.194112" not in shown
