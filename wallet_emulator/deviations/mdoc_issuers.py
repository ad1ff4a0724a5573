"""Defects of who signed an mdoc: ``issuerAuth``, its headers, its certificates."""

from collections.abc import Callable
from typing import Final

import cbor2

from wallet_emulator.answer import Draft
from wallet_emulator.certificates import self_signed_ca
from wallet_emulator.deviations import leaves
from wallet_emulator.deviations.forging import require_provider
from wallet_emulator.deviations.mdoc_forging import (
    MALFORMED,
    MISSING,
    REFUSED,
    UNSIGNED,
    UNTRUSTED,
    WRONG_TYPE,
    flipped,
    forged,
    issuer_auth,
    redraft,
    reissued,
    signature_of,
)
from wallet_emulator.deviations.registry import AlterMdoc, Deviation
from wallet_emulator.keys import new_key
from wallet_emulator.mdoc.cbor import encode
from wallet_emulator.mdoc.cose import ALG, CRIT, X5CHAIN, sign1, x5chain
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.mdoc.issuing import IssuerDraft
from wallet_emulator.pid_provider import PID_LIFE, PidProvider

_ES384: Final = -35
_SIGN1_TAG: Final = 18
_X5BAG: Final = 32


def _header(name: str, breaks: str, expected: str, alter: AlterMdoc) -> Deviation:
    return forged(name, breaks, expected, alter, threat="MD2", check="51")


def _protected(change: Callable[[dict[object, object]], object]) -> AlterMdoc:
    return reissued(lambda made, draft: change(made.protected))


def _unprotected(change: Callable[[dict[object, object]], object]) -> AlterMdoc:
    return reissued(lambda made, draft: change(made.unprotected))


def _chain(change: Callable[[PidProvider], object]) -> AlterMdoc:
    """What stands for ``x5chain``; the signature is the genuine signer's."""

    def changed(made: IssuerDraft, draft: Draft) -> None:
        made.unprotected[X5CHAIN] = change(require_provider(draft))

    return reissued(changed)


def _leaf(make: leaves.MakeLeaf) -> AlterMdoc:
    def changed(made: IssuerDraft, draft: Draft) -> None:
        leaf = make(require_provider(draft), draft.now)
        made.unprotected[X5CHAIN] = x5chain(*leaf.chain)
        made.key = leaf.key

    return reissued(changed)


def _foreign(made: IssuerDraft, draft: Draft) -> None:
    foreign = PidProvider.create(draft.now)
    made.unprotected[X5CHAIN] = x5chain(foreign.signer)
    made.key = foreign.signer_key


def _self_signed(made: IssuerDraft, draft: Draft) -> None:
    key, name = new_key(), require_provider(draft).signer.subject
    certificate = self_signed_ca(name, key, draft.now, PID_LIFE)
    made.unprotected[X5CHAIN] = x5chain(certificate)
    made.key = key


def _two_chains(made: IssuerDraft, draft: Draft) -> None:
    """The genuine chain where it is not signed, the forger's where it is."""
    foreign = PidProvider.create(draft.now)
    made.protected[X5CHAIN] = x5chain(foreign.signer)
    made.key = foreign.signer_key


def _by_holder(draft: Draft, target: MdocPresentation) -> None:
    made = redraft(draft, target)
    made.key = target.held.key
    target.present(made.sign())


def _alg_unprotected(made: IssuerDraft, draft: Draft) -> None:
    made.unprotected[ALG] = made.protected.pop(ALG)


def _alg_twice(made: IssuerDraft, draft: Draft) -> None:
    made.unprotected[ALG] = _ES384


def _bag(made: IssuerDraft, draft: Draft) -> None:
    made.unprotected[_X5BAG] = made.unprotected.pop(X5CHAIN)


def _crit(protected: dict[object, object]) -> None:
    protected |= {CRIT: [-65000], -65000: True}


def _bare_mso(draft: Draft, target: MdocPresentation) -> None:
    """The MSO signed as it is, not as embedded CBOR."""
    made = redraft(draft, target)
    protected, payload = encode(made.protected), encode(made.mso)
    target.issuer_auth = sign1(protected, made.unprotected, payload, made.key)
    target.items = made.sign().select(target.paths)


def _detached(draft: Draft, target: MdocPresentation) -> None:
    made = redraft(draft, target)
    target.issuer_auth = sign1(
        encode(made.protected),
        made.unprotected,
        made.payload(),
        made.key,
        detached=True,
    )
    target.items = made.sign().select(target.paths)


SIGNATURES: Final = (
    _header(
        "invalid-issuer-signature",
        "one bit of the issuer's signature",
        UNSIGNED,
        issuer_auth(flipped),
    ),
    _header(
        "issuer-signature-empty",
        "the issuer's signature is empty",
        UNSIGNED,
        issuer_auth(lambda cose: [*cose[:3], b""]),
    ),
    _header(
        "issuer-signature-zero",
        "the issuer's signature is r = s = 0",
        UNSIGNED,
        issuer_auth(lambda cose: [*cose[:3], bytes(64)]),
    ),
    _header(
        "issuer-signature-longer",
        "one byte follows the issuer's signature",
        UNSIGNED,
        issuer_auth(lambda cose: [*cose[:3], signature_of(cose) + b"\0"]),
    ),
    _header(
        "issuer-signature-text",
        "the issuer's signature is text",
        MALFORMED,
        issuer_auth(lambda cose: [*cose[:3], "signature"]),
    ),
    _header("signed-by-holder", "signed by the device's own key", UNSIGNED, _by_holder),
    _header("payload-detached", "the MSO is signed and not sent", MALFORMED, _detached),
    _header(
        "payload-not-embedded",
        "the MSO is signed without tag 24 around it",
        MALFORMED,
        _bare_mso,
    ),
    _header(
        "issuer-auth-tagged",
        "issuerAuth is a tagged COSE_Sign1",
        MALFORMED,
        issuer_auth(lambda cose: cbor2.CBORTag(_SIGN1_TAG, cose)),
    ),
    _header(
        "issuer-auth-three-parts",
        "issuerAuth lacks its signature",
        MALFORMED,
        issuer_auth(lambda cose: cose[:3]),
    ),
    _header(
        "issuer-auth-bytes",
        "issuerAuth is encoded once more",
        WRONG_TYPE,
        issuer_auth(encode),
    ),
)
HEADERS: Final = (
    _header(
        "issuer-alg-es384",
        "alg says ES384 over an ES256 signature",
        REFUSED,
        _protected(lambda protected: protected.update({ALG: _ES384})),
    ),
    _header(
        "issuer-alg-missing",
        "alg is left out",
        REFUSED,
        _protected(lambda protected: protected.pop(ALG)),
    ),
    _header(
        "issuer-alg-text",
        "alg is the text ES256",
        REFUSED,
        _protected(lambda protected: protected.update({ALG: "ES256"})),
    ),
    _header(
        "issuer-alg-unprotected",
        "alg stands where the signature does not cover it",
        REFUSED,
        reissued(_alg_unprotected),
    ),
    _header(
        "issuer-alg-twice",
        "alg stands in both headers, and differs",
        REFUSED,
        reissued(_alg_twice),
    ),
    _header(
        "issuer-crit",
        "a critical header that nobody understands",
        REFUSED,
        _protected(_crit),
    ),
    _header(
        "issuer-header-not-encoded",
        "the protected header is a map instead of bytes",
        MALFORMED,
        issuer_auth(lambda cose: [{ALG: -7}, *cose[1:]]),
    ),
    _header(
        "issuer-header-empty",
        "the protected header is empty",
        MALFORMED,
        issuer_auth(lambda cose: [b"", *cose[1:]]),
    ),
)
CHAINS: Final = (
    _header(
        "x5chain-missing",
        "there are no certificates",
        MISSING,
        _unprotected(lambda unprotected: unprotected.pop(X5CHAIN)),
    ),
    _header("x5chain-as-bag", "the certificates are an x5bag", MISSING, reissued(_bag)),
    _header(
        "x5chain-with-root",
        "the trust anchor is sent along",
        UNTRUSTED,
        _chain(lambda provider: x5chain(provider.signer, provider.ca)),
    ),
    _header(
        "x5chain-doubled",
        "the certificate twice: ballast in the path",
        UNTRUSTED,
        _chain(lambda provider: x5chain(provider.signer, provider.signer)),
    ),
    _header(
        "x5chain-too-long",
        "the certificate twenty times over",
        REFUSED,
        _chain(lambda provider: x5chain(*[provider.signer] * 20)),
    ),
    _header(
        "x5chain-empty",
        "x5chain is an empty array",
        WRONG_TYPE,
        _chain(lambda provider: []),
    ),
    _header(
        "x5chain-text",
        "x5chain is text",
        WRONG_TYPE,
        _chain(lambda provider: "certificate"),
    ),
    _header(
        "x5chain-rubbish",
        "x5chain holds bytes that are no certificate",
        MALFORMED,
        _chain(lambda provider: b"no certificate"),
    ),
    _header(
        "self-signed-issuer",
        "a self-signed certificate with the genuine issuer's name",
        UNTRUSTED,
        reissued(_self_signed),
    ),
    _header(
        "foreign-issuer-ca",
        "an issuer under another CA that bears the test CA's name",
        UNTRUSTED,
        reissued(_foreign),
    ),
    _header(
        "x5chain-in-both-headers",
        "the genuine chain unprotected, the forger's protected",
        REFUSED,
        reissued(_two_chains),
    ),
)
LEAVES: Final = tuple(
    _header(f"issuer-{name}", breaks, UNTRUSTED, _leaf(make))
    for name, (breaks, make) in leaves.WRONG_LEAVES.items()
)
