"""Chains, each with one fault and its sentence; the verdict is the verifier's own."""

import re
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from openid4vp import x5c
from openid4vp.errors import Openid4vpError
from sam.trust import chain_doctor
from sam.trust.anchors import Anchors
from sam.trust.categories import Category
from sam.trust.chain_doctor import UNEXPLAINED
from tests.openid4vp.test_trust import CRITICAL, NAMED, ONLY_OTHER_NAMES
from tests.openid4vp.wallet import (
    NOW,
    PASS_LEAF,
    PID_CA,
    PID_LEAF,
    PID_ROOT,
    SECOND,
    authority,
    certificate,
    key,
    leaf,
)

Chain = list[x509.Certificate]
PIDS, WALLETS = Category.PID_PROVIDERS, Category.WALLET_PROVIDERS
ROOT = "TEST PID root"

EXPIRED_ROOT = authority("old root", end=NOW - SECOND)
FUTURE_ROOT = authority("next root", start=NOW + SECOND)
FLAT_ROOT = authority("flat root", path_length=0)
NO_CA_ROOT = authority("no CA", ca=False)
LISTED_SIGNER = leaf("listed signer", issuer="somebody")
OLD_SIGNER = leaf("old signer", issuer="somebody", end=NOW - SECOND)
TRUST = {
    PIDS: Anchors(
        {
            "se-pid": PID_ROOT,
            "old": EXPIRED_ROOT,
            "next": FUTURE_ROOT,
            "flat": FLAT_ROOT,
            "no-ca": NO_CA_ROOT,
        }.items(),
        {"eu/listed": LISTED_SIGNER, "eu/old": OLD_SIGNER}.items(),
    ),
    WALLETS: Anchors([("wallets", authority("wallet root"))]),
}
K1 = ec.derive_private_key(7, ec.SECP256K1())
P384 = ec.derive_private_key(7, ec.SECP384R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
POLICIES = x509.CertificatePolicies(
    [x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)]
)
COUNTRY = x509.NameConstraints(
    [
        x509.DirectoryName(
            x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "SE")])
        )
    ],
    None,
)


def direct(**options: Any) -> Chain:
    return [leaf("L", issuer=options.pop("issuer", ROOT), **options)]


def under(ca: x509.Certificate, *more: x509.Certificate, **options: Any) -> Chain:
    name = ca.subject.rfc4514_string().removeprefix("CN=")
    return [leaf("L", issuer=name, **options), ca, *more]


def ca(name: str = "I", issuer: str = ROOT, **options: Any) -> x509.Certificate:
    return authority(name, issuer=issuer, **options)


def k1_ca() -> Chain:
    middle = certificate(
        "I",
        issuer=ROOT,
        signer=key(ROOT),
        public=K1.public_key(),
        ca=True,
        usage="key_cert_sign",
    )
    return [certificate("L", issuer="I", signer=K1), middle]


def deep() -> Chain:
    return under(ca("A", "B"), ca("B", "C"), ca("C", "D"), ca("D"))


FAULTS: dict[str, tuple[Chain, str, str]] = {
    "no-certificate": ([], "empty", "no certificate"),
    "five-certificates": (deep(), "too-many", "5 certificates, at most 4"),
    "missing-intermediate": (
        [PID_LEAF],
        "unknown-issuer",
        r"issued by CN=TEST PID CA.*put the missing intermediate in.*"
        r"Nearest anchor: se-pid \(CN=TEST PID root\)",
    ),
    "root-shipped": (
        [PID_LEAF, PID_CA, PID_ROOT],
        "anchor-in-x5c",
        r"certificate 3 \(CN=TEST PID root\) is the anchor itself: leave it out",
    ),
    "foreign-root-shipped": (
        under(authority("rogue")),
        "root-in-x5c",
        "certificate 2 .* is a root that nobody here trusts",
    ),
    "root-of-the-same-name": (
        [
            leaf("L", issuer=ROOT),
            certificate(
                ROOT,
                issuer=ROOT,
                signer=key("x"),
                public=key("x").public_key(),
                ca=True,
                usage="key_cert_sign",
            ),
        ],
        "root-in-x5c",
        "leave it out of x5c",
    ),
    "anchor-as-leaf": ([PID_ROOT], "leaf-is-a-ca", "certificate 1 .* is a CA"),
    "leaf-self-signed": (
        [leaf("L", issuer="L")],
        "leaf-self-signed",
        "signed itself: it must be issued by a CA",
    ),
    "ca-first": (
        [PID_CA, PID_LEAF],
        "leaf-is-a-ca",
        "an end entity below it, which comes first",
    ),
    "leaf-of-another-behind": (
        [PID_LEAF, PID_CA, PASS_LEAF],
        "ballast",
        "certificate 3 .* issued none of the certificates before it",
    ),
    "twice": ([PID_LEAF, PID_CA, PID_CA], "twice", "one certificate twice"),
    "same-name-other-key": (
        [certificate("L", issuer=ROOT, signer=key("other"))],
        "anchor-other-key",
        "names the anchor se-pid .* signed with another key",
    ),
    "intermediate-of-another-key": (
        [certificate("L", issuer="TEST PID CA", signer=key("other")), PID_CA],
        "signature",
        r"certificate 1 .* names certificate 2 \(CN=TEST PID CA\) as its issuer",
    ),
    "leaf-expired": (direct(end=NOW - SECOND), "expired", "certificate 1 .* renew it"),
    "leaf-not-yet": (
        direct(start=NOW + SECOND),
        "not-yet-valid",
        "certificate 1 .* compare the clocks",
    ),
    "intermediate-expired": (
        under(ca(end=NOW - SECOND)),
        "expired",
        "certificate 2 .* ended on 2026",
    ),
    "anchor-expired": (direct(issuer="old root"), "expired", "the anchor old ended"),
    "anchor-not-yet": (
        direct(issuer="next root"),
        "not-yet-valid",
        "the anchor next is valid from",
    ),
    "anchor-is-no-ca": (direct(issuer="no CA"), "issuer-is-no-ca", "the anchor no-ca"),
    "issuer-is-no-ca": (under(ca(ca=False)), "issuer-is-no-ca", "says CA:FALSE"),
    "ca-without-constraints": (
        under(ca(ca=None)),
        "ca-without-basic-constraints",
        "certificate 2 .* basicConstraints CA:TRUE",
    ),
    "ca-without-key-cert-sign": (
        under(ca(usage="crl_sign")),
        "ca-may-not-sign",
        "certificate 2 .* keyUsage without keyCertSign",
    ),
    "leaf-without-usage": (
        direct(usage=None),
        "leaf-without-key-usage",
        "issue it with keyUsage digitalSignature",
    ),
    "leaf-without-digital-signature": (
        direct(usage="key_agreement"),
        "leaf-may-not-sign",
        "keyUsage without digitalSignature",
    ),
    "leaf-is-a-ca": (direct(ca=True), "leaf-is-a-ca", "certificate 1 .* is a CA"),
    "leaf-on-p384": (
        direct(public=P384.public_key()),
        "leaf-curve",
        "a key on secp384r1: .* needs a key on P-256",
    ),
    "leaf-with-rsa": (
        direct(public=RSA.public_key()),
        "leaf-curve",
        "an RSA key of 2048 bits",
    ),
    "ca-on-secp256k1": (k1_ca(), "ca-key", "certificate 2 .* a key on secp256k1"),
    "critical-extension": (
        direct(extensions=((CRITICAL, True),)),
        "critical-extension-unknown",
        "critical extension 1.2.3.4, which is not processed here",
    ),
    "critical-policies": (
        under(ca(extensions=((POLICIES, True),))),
        "critical-extension-unknown",
        "certificate 2 .* critical extension 2.5.29.32",
    ),
    "path-length": (
        under(ca("J", "I"), ca("I", path_length=0)),
        "path-too-long",
        r"certificate 3 .* allows 0 CAs below it \(pathLenConstraint\), .* are 1",
    ),
    "path-length-of-the-anchor": (
        under(ca("I", "flat root")),
        "path-too-long",
        "the anchor flat allows 0 CAs",
    ),
    "name-constraints": (
        under(ca(extensions=((ONLY_OTHER_NAMES, True),)), extensions=((NAMED, False),)),
        "name-constraints",
        r"certificate 2 .* limits the names below it \(allowed: example.org",
    ),
    "name-constraints-of-a-kind": (
        under(ca(extensions=((COUNTRY, True),))),
        "name-constraints",
        "or the limit is of a kind not processed here",
    ),
    "of-another-category": (
        direct(issuer="wallet root"),
        "other-category",
        "leads to wallets, an anchor of wallet_providers: that proves nothing for",
    ),
    "listed-signer-expired": ([OLD_SIGNER], "expired", "certificate 1 .* renew it"),
    "listed-signer-and-more": (
        [LISTED_SIGNER, PID_CA],
        "ballast",
        "certificate 2 .* leave it out",
    ),
}


@pytest.mark.parametrize(("chain", "code", "says"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_place(chain: Chain, code: str, says: str) -> None:
    found = chain_doctor.explain(chain, TRUST, PIDS, NOW)

    assert found.provider is None
    assert [f for f in found.faults if f.code == code and re.search(says, f.says)], (
        found.faults
    )
    assert UNEXPLAINED not in {fault.code for fault in found.faults}


GOOD: dict[str, Chain] = {
    "with-an-intermediate": [PID_LEAF, PID_CA],
    "directly-below-the-anchor": direct(),
    "with-a-critical-extension-that-is-processed": direct(extensions=((NAMED, True),)),
    "with-three-intermediates": under(ca("A", "B"), ca("B", "C"), ca("C")),
    "a-listed-signer": [LISTED_SIGNER],
}


@pytest.mark.parametrize("chain", GOOD.values(), ids=GOOD)
def test_a_good_chain_is_accepted_without_a_word(chain: Chain) -> None:
    """Guards the table above."""
    found = chain_doctor.explain(chain, TRUST, PIDS, NOW)

    assert found.provider
    assert (found.faults, found.notes) == ((), ())


def test_a_wrong_order_that_is_accepted_here_gets_a_note() -> None:
    found = chain_doctor.explain(
        under(ca("A", "B"), ca("C"), ca("B", "C")), TRUST, PIDS, NOW
    )

    assert found.provider == "se-pid"
    assert "not in order" in found.notes[0]


def test_without_anchors_that_is_said() -> None:
    found = chain_doctor.explain([PID_LEAF], {PIDS: Anchors([])}, PIDS, NOW)

    assert {fault.code for fault in found.faults} == {"no-anchors"}


def test_a_hostile_name_cannot_steer_a_terminal() -> None:
    found = chain_doctor.explain(
        [leaf("\x1b[2Jx", issuer="\x1b[3Jy")], TRUST, PIDS, NOW
    )

    assert found.faults
    assert all(fault.says.isprintable() for fault in found.faults)


# --- never another verdict than the verifier's ---


@pytest.mark.parametrize(
    "chain", [c for c, _, _ in FAULTS.values()] + list(GOOD.values())
)
def test_the_rules_alone_find_something_where_the_verifier_refuses(
    chain: Chain,
) -> None:
    found = chain_doctor.faults(chain, TRUST[PIDS], NOW)
    limited = any(c.code == "name-constraints" for c in _explained(chain).faults)

    assert bool(found) == (not accepted(chain)) or limited


def _explained(chain: Chain) -> chain_doctor.Explanation:
    return chain_doctor.explain(chain, TRUST, PIDS, NOW)


def accepted(chain: Chain) -> bool:
    """What a verifier of an answer does with ``x5c``."""
    try:
        TRUST[PIDS].resolve(chain, NOW)
        x5c.leaf_key(chain[0])
    except Openid4vpError:
        return False
    return True


lives = st.sampled_from(
    [
        {"start": NOW - SECOND, "end": NOW},
        {"start": NOW, "end": NOW + SECOND},
        {"start": NOW - 2 * SECOND, "end": NOW - SECOND},
        {"start": NOW + SECOND, "end": NOW + 2 * SECOND},
        {},
        {},
    ]
)
plain: st.SearchStrategy[dict[str, Any]] = st.just({})
options = st.fixed_dictionaries(
    {},
    optional={
        "ca": st.sampled_from([True, False, None]),
        "usage": st.sampled_from(
            ["key_cert_sign", "digital_signature", "crl_sign", None]
        ),
        "extensions": st.sampled_from(
            [(), ((CRITICAL, True),), ((CRITICAL, False),), ((POLICIES, True),)]
        ),
    },
)


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Chains that often hold, of certificates that often do."""
    above = draw(st.sampled_from([ROOT, ROOT, "flat root", "nobody"]))
    middle = ca("I", above, **draw(plain | plain | options), **draw(lives))
    issuer = draw(st.sampled_from(["I", "I", ROOT, "old root"]))
    first = leaf("L", issuer=issuer, **draw(plain | plain | options), **draw(lives))
    known = st.sampled_from([middle, middle, PID_ROOT, PID_CA])
    return [first, *draw(st.lists(known, max_size=3))]


@settings(max_examples=400, deadline=None)
@given(chain=chains())
def test_explanation_and_verdict_never_disagree(chain: Chain) -> None:
    found = chain_doctor.faults(chain, TRUST[PIDS], NOW)

    assert bool(found) == (not accepted(chain)), found
