"""Chains: which lead to an anchor, and which only look as if they did."""

from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from openid4vp.errors import IssuerNotTrustedError
from openid4vp.trust import AnchorStore, PinnedIssuer
from tests.openid4vp.wallet import (
    DAY,
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
CRITICAL = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
ONLY_OTHER_NAMES = x509.NameConstraints([x509.DNSName("example.org")], None)
ONLY_OTHER_SUBJECTS = x509.NameConstraints(
    [x509.DirectoryName(certificate("Other", issuer="Other", signer=key("o")).subject)],
    None,
)
NAMED = x509.SubjectAlternativeName([x509.DNSName("pid.example.se")])
ANCHORS = AnchorStore({"fi-pid": authority("TEST FI root"), "se-pid": PID_ROOT})


def under(first: x509.Certificate, /, *more: x509.Certificate, **options: Any) -> Chain:
    """A chain whose first intermediate is ``first``, made for the leaf ``L``."""
    name = first.subject.rfc4514_string().removeprefix("CN=")
    return [leaf("L", issuer=name, **options), first, *more]


def named(head: str, content: str) -> tuple[x509.ExtensionType, bool]:
    """A subjectAltName with one name, in hex; the library writes no such names."""
    name = bytes.fromhex(head + content)
    oid = x509.SubjectAlternativeName.oid
    return x509.UnrecognizedExtension(oid, b"\x30" + bytes([len(name)]) + name), False


def ca(name: str, issuer: str = "TEST PID root", **options: Any) -> x509.Certificate:
    return authority(name, issuer=issuer, **options)


def long_chain(length: int) -> Chain:
    names = [f"CA {n}" for n in range(length)]
    issuers = [*names[1:], "TEST PID root"]
    cas = [ca(name, issuer) for name, issuer in zip(names, issuers, strict=True)]
    return under(cas[0], *cas[1:])


BAD = [
    pytest.param([], id="PK1-empty"),
    pytest.param([PID_LEAF], id="PK1-no-intermediate"),
    pytest.param([PID_LEAF, PID_CA, PID_ROOT], id="PK3-anchor-in-x5c"),
    pytest.param([PID_ROOT], id="PK3-anchor-as-leaf"),
    pytest.param([PID_LEAF, PID_CA, PASS_LEAF], id="PK3-ballast"),
    pytest.param([PID_LEAF, PID_CA, authority("rogue")], id="PK3-foreign-root"),
    pytest.param([leaf("L", issuer="L")], id="F36-self-signed-leaf"),
    pytest.param(under(authority("rogue")), id="PK3-rogue-root"),
    pytest.param(
        [certificate("L", issuer="TEST PID root", signer=key("other"))],
        id="PK3-same-name-other-key",
    ),
    pytest.param(long_chain(4), id="PK3-five-certificates"),
    pytest.param(under(PID_CA, end=NOW - SECOND), id="PK1-leaf-expired"),
    pytest.param(under(PID_CA, start=NOW + SECOND), id="PK1-leaf-not-yet"),
    pytest.param(under(ca("I", end=NOW - SECOND)), id="PK1-intermediate-expired"),
    pytest.param(under(ca("I", ca=False)), id="PK1-issuer-is-no-ca"),
    pytest.param(under(ca("I", ca=None)), id="PK1-issuer-without-constraints"),
    pytest.param(under(ca("I", usage="crl_sign")), id="PK1-issuer-may-not-sign"),
    pytest.param(under(PID_CA, usage=None), id="PK1-leaf-without-usage"),
    pytest.param(under(PID_CA, usage="key_agreement"), id="PK1-leaf-other-usage"),
    pytest.param(under(PID_CA, ca=True), id="PK1-leaf-is-a-ca"),
    pytest.param(
        under(PID_CA, extensions=((CRITICAL, True),)), id="PK1-unknown-critical"
    ),
    pytest.param(under(ca("J", "I"), ca("I", path_length=0)), id="PK1-path-length"),
    pytest.param(
        under(PID_CA, extensions=(named("a302", "3000"),)), id="PK1-x400-name"
    ),
    pytest.param(under(PID_CA, extensions=(named("a502", "3000"),)), id="PK1-edi-name"),
    pytest.param(under(PID_CA, extensions=(named("8702", "0102"),)), id="PK1-bad-ip"),
    pytest.param(under(PID_CA, extensions=(named("ffff", ""),)), id="PK1-no-name"),
    pytest.param(
        under(
            ca("I", extensions=((ONLY_OTHER_NAMES, True),)),
            extensions=((NAMED, False),),
        ),
        id="PK1-name-constraints",
    ),
    pytest.param(
        under(ca("I", extensions=((ONLY_OTHER_SUBJECTS, False),))),
        id="PK1-name-constraints-not-critical",
    ),
    pytest.param(
        under(ca("I", extensions=((ONLY_OTHER_SUBJECTS, True),))),
        id="PK1-name-constraints-of-subjects",
    ),
]


@pytest.mark.parametrize("chain", BAD)
def test_a_chain_that_does_not_hold_is_refused(chain: Chain) -> None:
    with pytest.raises(IssuerNotTrustedError):
        ANCHORS.resolve(chain, NOW)


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_ROOT = certificate(
    "RSA root",
    issuer="RSA root",
    signer=RSA_KEY,
    public=RSA_KEY.public_key(),
    ca=True,
    usage="key_cert_sign",
)
P384_KEY = ec.derive_private_key(7, ec.SECP384R1())
P384_ROOT = certificate(
    "P-384 root",
    issuer="P-384 root",
    signer=P384_KEY,
    public=P384_KEY.public_key(),
    ca=True,
    usage=None,
)


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param([PID_LEAF, PID_CA], id="one-intermediate"),
        pytest.param([leaf("L", issuer="TEST PID root")], id="none"),
        pytest.param(long_chain(3), id="three"),
        pytest.param(under(PID_CA, extensions=((NAMED, False),)), id="with-a-name"),
        pytest.param(under(PID_CA, ca=None), id="leaf-without-constraints"),
        pytest.param(under(ca("I", usage=None)), id="issuer-without-usage"),
    ],
)
def test_a_chain_to_an_anchor_names_its_provider(chain: Chain) -> None:
    assert ANCHORS.resolve(chain, NOW) == "se-pid"


@pytest.mark.parametrize(
    ("root", "signer"),
    [
        pytest.param(RSA_ROOT, RSA_KEY, id="rsa"),
        pytest.param(P384_ROOT, P384_KEY, id="p-384"),
    ],
)
def test_an_anchor_may_have_another_kind_of_key(
    root: x509.Certificate, signer: object
) -> None:
    name = root.subject.rfc4514_string().removeprefix("CN=")
    chain = [certificate("L", issuer=name, signer=signer)]

    assert AnchorStore({"x": root}).resolve(chain, NOW) == "x"


def test_an_expired_anchor_is_no_anchor() -> None:
    store = AnchorStore({"se-pid": authority("TEST PID root", end=NOW - SECOND)})

    with pytest.raises(IssuerNotTrustedError):
        store.resolve([PID_LEAF, PID_CA], NOW)


def test_without_anchors_nobody_is_trusted() -> None:
    with pytest.raises(IssuerNotTrustedError):
        AnchorStore({}).resolve([PID_LEAF, PID_CA], NOW)


def test_one_anchor_is_not_two_providers() -> None:
    with pytest.raises(ValueError, match="two provider ids"):
        AnchorStore({"a": PID_ROOT, "b": PID_ROOT})


PINNED = PinnedIssuer("us", PASS_LEAF)


@pytest.mark.parametrize("now", [NOW - DAY, NOW, NOW + DAY], ids=str)
def test_the_pinned_certificate_names_its_provider(now: datetime) -> None:
    assert PINNED.resolve([PASS_LEAF, PID_CA], now) == "us"


@pytest.mark.parametrize(
    ("chain", "now"),
    [
        pytest.param([], NOW, id="empty"),
        pytest.param([PID_LEAF], NOW, id="another-leaf"),
        pytest.param([PID_LEAF, PASS_LEAF], NOW, id="pinned-as-intermediate"),
        pytest.param([PASS_LEAF], NOW + 2 * DAY, id="expired"),
        pytest.param([PASS_LEAF], NOW - 2 * DAY, id="not-yet-valid"),
    ],
)
def test_all_but_the_pinned_certificate_is_refused(chain: Chain, now: datetime) -> None:
    with pytest.raises(IssuerNotTrustedError):
        PINNED.resolve(chain, now)
