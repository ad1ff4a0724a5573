"""Every check behind a signature, one by one: the forger signs everything himself."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from app.verification import chains
from app.verification.evidence import Trust, verify
from app.verification.report import NotShownError, Report
from tests.app.ades.pki import NOW, Pki, der, new_root
from tests.app.verification.conftest import packed
from tests.app.verification.forger import Change, Forger, Json, Party, header, seconds


@pytest.fixture(scope="module")
def forger() -> Forger:
    return Forger()


def judged(forger: Forger, **changes: Change) -> Report:
    root = [forger.root.certificate]
    trust = Trust(anchors=root, request_anchors=root)
    return verify(packed(forger.files(**changes)), documents={}, trust=trust)


def first_failure(report: Report) -> str | None:
    return report.failed[0].name if report.failed else None


def put(**members: Any) -> Change:
    def change(part: Json) -> None:
        part.update(members)

    return change


def drop(member: str) -> Change:
    return lambda part: part.pop(member)


def document(**members: Any) -> Change:
    """In the first document of a statement, or of transaction data."""

    def change(part: Json) -> None:
        listed = "documents" if "documents" in part else "documentDigests"
        part[listed][0].update(members)

    return change


def twice(part: Json) -> None:
    part["documentDigests"] *= 2


def disclosed(part: Json) -> None:
    part["sd_hash"] = "A" * 43


def other_curve(part: Json) -> None:
    part["cnf"]["jwk"]["crv"] = "P-384"


def off_the_curve(part: Json) -> None:
    part["cnf"]["jwk"]["x"] = "A" * 43


def name_twice(part: Json) -> None:
    """Two names to Python, one and the same in JSON."""
    names: dict[Any, Any] = part
    names.update({1: 0, "1": 0})


def stray_bits(part: Json) -> None:
    """The character before the padding says more than the bytes need."""
    listed = part["documentDigests"][0]
    text = listed["hash"]
    listed["hash"] = text[:-2] + chr(ord(text[-2]) + 1) + "="


OTHER = "o" * 43
OTHERS_ID = "x509_hash:" + OTHER
LATER = NOW + timedelta(hours=2)

ROWS: list[tuple[str, dict[str, Change], str | None]] = [
    ("unchanged", {}, None),
    # the request
    ("request-alg", {"request_header": put(alg="none")}, "request"),
    ("request-typ", {"request_header": put(typ="JWT")}, "request"),
    ("request-crit", {"request_header": put(crit=["x"])}, "request"),
    ("request-no-x5c", {"request_header": drop("x5c")}, "request"),
    ("request-no-client-id", {"request": drop("client_id")}, "request"),
    ("request-no-nonce", {"request": drop("nonce")}, "request"),
    ("request-no-time", {"request": drop("iat")}, "request"),
    ("request-time-as-text", {"request": put(iat="1")}, "request"),
    ("request-beyond-time", {"request": put(exp=1 << 60)}, "request"),
    ("request-name-twice", {"request": name_twice}, "request"),
    ("request-with-nan", {"request": put(extra=float("nan"))}, "request"),
    ("client-id-of-another", {"request": put(client_id=OTHERS_ID)}, "request"),
    ("client-id-plain", {"request": put(client_id="sign.example")}, "request"),
    ("dns-not-in-cert", {"request": put(client_id="x509_san_dns:a.eu")}, "request"),
    ("request-years-ago", {"request": put(iat=seconds(NOW) - 10**8)}, "request"),
    ("two-transaction-data", {"request": lambda r: r["transaction_data"].append("x")},
     "transaction_data"),
    ("other-transaction-data", {"request": put(transaction_data=["e30"])},
     "transaction_data"),
    # what is approved
    ("unknown-member", {"data": put(extra=1)}, "transaction_data"),
    ("other-type", {"data": put(type="urn:other")}, "transaction_data"),
    ("two-credentials", {"data": put(credential_ids=["signing_pass", "pid"])},
     "transaction_data"),
    ("miscounted", {"data": put(numSignatures=2)}, "transaction_data"),
    ("no-documents", {"data": put(documentDigests=[], numSignatures=0)},
     "transaction_data"),
    ("other-hash", {"data": put(hashAlgorithmOID="1.3.14.3.2.26")}, "transaction_data"),
    ("short-digest", {"data": document(hash="AAAA")}, "transaction_data"),
    ("digest-with-stray-bits", {"data": stray_bits}, "transaction_data"),
    ("hash-type", {"data": document(hashType="sodr")}, "transaction_data"),
    # the pass
    ("pass-typ", {"pass_header": put(typ="JWT")}, "pass"),
    ("pass-of-other-type", {"pass": put(vct="urn:eudi:pid:1")}, "pass"),
    ("pass-without-key", {"pass": drop("cnf")}, "pass"),
    ("pass-key-of-other-curve", {"pass": other_curve}, "holder_proof"),
    ("pass-key-of-other-kind", {"pass": put(cnf={"jwk": "x"})}, "holder_proof"),
    ("pass-key-no-point", {"pass": off_the_curve}, "holder_proof"),
    ("pass-without-id", {"pass": drop("pass_id")}, "pass"),
    ("pass-without-end", {"pass": drop("exp")}, "pass"),
    ("pass-expired", {"pass": put(exp=seconds(NOW) - 1)}, "holder_proof"),
    ("pass-from-the-future", {"pass": put(iat=seconds(NOW) + 400)}, "holder_proof"),
    ("proof-typ", {"proof_header": put(typ="JWT")}, "holder_proof"),
    ("other-nonce", {"proof": put(nonce=OTHER)}, "holder_proof"),
    ("other-audience", {"proof": put(aud=OTHERS_ID)}, "holder_proof"),
    ("other-presentation", {"proof": disclosed}, "holder_proof"),
    ("proof-too-early", {"proof": put(iat=seconds(NOW) - 301)}, "holder_proof"),
    ("proof-too-late", {"proof": put(iat=seconds(NOW) + 601)}, "holder_proof"),
    ("nothing-approved", {"proof": drop("transaction_data_hashes")}, "approval"),
    ("else-approved", {"proof": put(transaction_data_hashes=[OTHER])}, "approval"),
    ("more-approved",
     {"proof": lambda p: p["transaction_data_hashes"].append(OTHER)}, "approval"),
    ("hash-alg", {"proof": put(transaction_data_hashes_alg="sha-1")}, "approval"),
    ("qes-approval-of-else",
     {"proof": put(**{"org.cloudsignatureconsortium.dm.1.qesApproval": OTHER})},
     "approval"),
    # the service's own words
    ("statement-nonce", {"statement": put(nonce=OTHER)}, "statement"),
    ("statement-client", {"statement": put(client_id="x")}, "statement"),
    ("statement-tx", {"statement": put(tx="u" * 32)}, "statement"),
    ("statement-pass", {"statement": put(pass_id="q")}, "statement"),
    ("statement-data", {"statement": put(transaction_data_sha256="44" * 32)},
     "statement"),
    ("statement-sdr", {"statement": document(sdr="44" * 32)}, "statement"),
    ("statement-label", {"statement": document(label="TEST · x.pdf · 1234 5678")},
     "statement"),
    ("verified-after-signed",
     {"statement": put(verified_at=LATER.isoformat(timespec="milliseconds"))},
     "statement"),
    ("verified-before-approval",
     {"statement": put(verified_at="2026-11-19T12:00:00.000+00:00")}, "statement"),
    ("time-without-zone", {"statement": put(signed_at="2026-11-20T12:00:00")}, "chain"),
    ("statement-certificate", {"statement": put(certificate_sha256="44" * 32)},
     "chain"),
    ("private-not-in-label", {"statement": put(purpose="private")}, "labels"),
    ("production-but-test-label", {"statement": put(test_mode=False)}, "labels"),
    ("statement-dtbsr", {"statement": document(dtbsr="44" * 32)}, "signature_inputs"),
    ("statement-short-digest", {"statement": document(sodr="44")}, "statement_form"),
    ("statement-foreign-type", {"statement": put(release="7")}, "statement_form"),
    ("statement-no-documents", {"statement": put(documents=[])}, "statement_form"),
    ("record-of-other-statement", {"record": put(statement_sha256="44" * 32)}, "audit"),
    ("record-of-other-tx", {"record": put(tx="u" * 32)}, "audit"),
    ("record-of-other-event", {"record": put(event="pass_issued")}, "audit"),
    ("record-of-other-release", {"record": put(release=8)}, "audit"),
    ("record-of-other-answer", {"record": put(answer_sha256="44" * 32)}, "audit"),
    ("record-of-other-time", {"record": put(at="2026-11-20T12:00:01.000+00:00")},
     "audit"),
    ("record-of-other-dtbsr", {"record": put(dtbsrs=[])}, "audit"),
    ("record-of-other-certificate", {"record": put(certificate_sha256="44" * 32)},
     "audit"),
    ("record-of-other-sequence", {"record": put(sequence=8)}, "audit"),
    ("audit-chain-value", {"audit": put(hash="44" * 32)}, "audit"),
    ("audit-previous", {"audit": put(previous_hash="44" * 32)}, "audit"),
    ("audit-more-members", {"audit": put(extra=1)}, "audit"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "failing"), [pytest.param(c, f, id=name) for name, c, f in ROWS]
)
def test_what_is_signed_but_wrong_is_refused_by_the_check_for_it(
    forger: Forger, changes: dict[str, Change], failing: str | None
) -> None:
    assert first_failure(judged(forger, **changes)) == failing


def test_a_proof_by_another_key_than_the_passs_is_refused(forger: Forger) -> None:
    report = judged(forger, keys=put(holder=forger.stranger))

    assert first_failure(report) == "holder_proof"


def test_the_label_with_a_wrong_code_is_refused(forger: Forger) -> None:
    wrong = document(label="TEST · lease.pdf · 0000 0000")

    report = judged(forger, data=wrong, statement=wrong)

    assert first_failure(report) == "labels"


@pytest.mark.parametrize(
    ("party", "part", "failing"),
    [
        ("service", "request_header", "request"),
        ("issuer", "pass_header", "holder_proof"),
    ],
)
def test_a_trusted_certificate_behind_a_stranger_is_no_chain(
    party: str, part: str, failing: str
) -> None:
    """The last certificate leads to the anchor, and never issued the first."""
    forger = Forger()
    unknown = Party(new_root("TEST unknown"), "TEST service")
    setattr(forger, party, unknown)
    listed = [*unknown.x5c(), *forger.stranger.x5c()]

    assert first_failure(judged(forger, **{part: put(x5c=listed)})) == failing


def test_a_request_signed_under_another_certificate_is_refused(forger: Forger) -> None:
    theirs = header("oauth-authz-req+jwt", forger.stranger)

    assert first_failure(judged(forger, request_header=put(**theirs))) == "request"


def test_a_pass_signed_under_another_certificate_is_refused(forger: Forger) -> None:
    theirs = header("dc+sd-jwt", forger.stranger)

    assert first_failure(judged(forger, pass_header=put(**theirs))) == "pass"


@pytest.mark.parametrize(
    ("chain", "failing"),
    [
        pytest.param(lambda f: [f.signer.certificate], None, id="leaf"),
        pytest.param(
            lambda f: [f.signer.certificate, f.root.certificate], None, id="with-root"
        ),
        pytest.param(lambda _: [], "chain", id="empty"),
        pytest.param(
            lambda f: [f.root.certificate, f.signer.certificate], "chain", id="reversed"
        ),
        pytest.param(
            lambda f: [f.signer.certificate, f.issuer.certificate],
            "chain",
            id="not-its-issuer",
        ),
        pytest.param(
            lambda f: [f.signer.certificate] + [f.root.certificate] * 5,
            "chain",
            id="too-long",
        ),
    ],
)
def test_the_chain_is_leaf_first_and_linked(
    forger: Forger,
    chain: Callable[[Forger], list[x509.Certificate]],
    failing: str | None,
) -> None:
    report = judged(forger, chain=put(list=chain(forger)))

    assert first_failure(report) == failing


def test_a_certificate_that_is_no_ca_issues_nothing(forger: Forger) -> None:
    leaf = Party(forger.rogue_ca, "TEST Erika", usage="content_commitment").certificate
    listed = [leaf, forger.stranger.certificate]
    stated = hashlib.sha256(der(leaf)).hexdigest()

    report = judged(
        forger, chain=put(list=listed), statement=put(certificate_sha256=stated)
    )

    assert first_failure(report) == "chain"
    assert "may not issue" in report.failed[0].sentence


def test_a_certificate_that_had_expired_is_refused(forger: Forger) -> None:
    late = put(signed_at=(NOW + timedelta(days=2)).isoformat(timespec="milliseconds"))

    assert first_failure(judged(forger, statement=late)) == "chain"


def test_an_anchor_that_had_expired_anchors_nothing(forger: Forger) -> None:
    chain = (forger.signer.certificate,)

    with pytest.raises(NotShownError, match="does not lead"):
        chains.check_anchored(
            chain, [forger.root.certificate], NOW + timedelta(days=4000)
        )


def test_only_keys_on_p256_count(forger: Forger, pki: Pki) -> None:
    """ES256 with another curve, or an RSA key, is another algorithm than stated."""
    larger = ec.generate_private_key(ec.SECP384R1()).public_key()
    other = forger.root.certify(
        "TEST P-384", larger, start=NOW, end=NOW + timedelta(days=1)
    )

    assert chains.p256_key(forger.signer.certificate)
    for certificate in (other, pki.tsa):
        with pytest.raises(NotShownError, match="not on P-256"):
            chains.p256_key(certificate)
