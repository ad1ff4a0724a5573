"""NIST PKITS through ``AnchorStore``: what is invalid is refused, and mostly for that.

The path part alone: the leaves are RSA keys, which ``x5c.leaf_key`` refuses, and
revocation is no part of a path here. Refused and valid is a difference, never a
surprise: each has its reason in ``tests.json`` and in ``docs/reference/proofs.md``.
"""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from openid4vp import x5c
from openid4vp.errors import IssuerNotTrustedError
from openid4vp.trust import AnchorStore
from tests.openid4vp.wallet import NOW

FOLDER = Path(__file__).parent / "pkits"
ROWS: list[dict[str, Any]] = json.loads((FOLDER / "tests.json").read_text())
ROOT = "TrustAnchorRootCertificate"
# What the verifier says when it refuses for a rule.
SAYS = {
    "algorithm": "Forbidden public key algorithm",
    "basic constraints": "basicConstraints",
    "critical extension": "unaccounted-for critical extensions",
    "encoding of dates": "must be UtcTime",
    "key usage": "may not sign certificates",
    "kind of name constraint": "unsupported (name|directoryName) constraint",
    "leaf is a CA": "the leaf is a CA",
    "name constraint": "name constraints? matched SAN",
    "names": "no interior errors",
    "path length": "path length constraint violated",
    "signature": "signature does not match",
    "time": "not valid at validation time",
}


def certificates() -> dict[str, x509.Certificate]:
    bundle = (FOLDER / "certificates.pem").read_text()
    named = (part.split("\n", 1) for part in bundle.split("# ")[1:])
    return {n: x509.load_pem_x509_certificate(pem.encode()) for n, pem in named}


CERTIFICATES = certificates()


def resolve(row: dict[str, Any], now: datetime = NOW) -> str:
    anchor = CERTIFICATES[row.get("anchor", ROOT)]
    path = [CERTIFICATES[name] for name in row["path"]]
    return AnchorStore({"pkits": anchor}).resolve(path, now)


def rows(*, accepted: bool) -> list[Any]:
    return [
        pytest.param(row, id=row["test"])
        for row in ROWS
        if (row["refused_for"] is None) is accepted
    ]


def outcome(row: dict[str, Any]) -> str:
    if row["refused_for"] is None:
        return "as published" if row["published"] == "valid" else "more lenient"
    if row["published"] == "valid":
        return "stricter"
    tested = row["tests"] == row["refused_for"]
    return "as published" if tested else "refused for another rule"


@pytest.mark.parametrize("row", rows(accepted=False))
def test_a_path_is_refused_for_this_rule(row: dict[str, Any]) -> None:
    """PK1"""
    with pytest.raises(IssuerNotTrustedError, match=SAYS[row["refused_for"]]):
        resolve(row)


@pytest.mark.parametrize("row", rows(accepted=True))
def test_a_path_leads_to_the_anchor(row: dict[str, Any]) -> None:
    """PK1: guards the table above."""
    assert resolve(row) == "pkits"


@pytest.mark.parametrize("year", [2009, 2031])
def test_the_first_path_leads_nowhere_at_another_time(year: int) -> None:
    """By the time that is given, whatever the clock of this machine says."""
    with pytest.raises(IssuerNotTrustedError, match=SAYS["time"]):
        resolve(ROWS[0], datetime(year, 1, 1, tzinfo=UTC))


def test_every_test_that_applies_has_its_outcome() -> None:
    assert Counter(map(outcome, ROWS)) == {
        "as published": 42,
        "refused for another rule": 24,
        "stricter": 22,
    }


def test_each_test_is_there_once() -> None:
    assert len({row["test"] for row in ROWS}) == len(ROWS) == 88


def test_a_leaf_of_the_suite_has_no_key_for_a_credential() -> None:
    """Why the path is all that is tested here."""
    with pytest.raises(IssuerNotTrustedError, match="P-256"):
        x5c.leaf_key(CERTIFICATES["ValidCertificatePathTest1EE"])
