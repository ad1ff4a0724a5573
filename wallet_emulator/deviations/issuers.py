"""Defects of who signed an SD-JWT VC: its JOSE header, its certificates.

The payload is the genuine PID's, the key-binding JWT fits what is shown.
"""

from collections.abc import Callable
from typing import Final

from wallet_emulator import jws
from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.certificates import x5c
from wallet_emulator.deviations import leaves
from wallet_emulator.deviations.forging import (
    der_signature,
    require_provider,
    resign,
    resignatured,
    without_none,
)
from wallet_emulator.deviations.registry import Alter, Deviation, deviation
from wallet_emulator.encoding import b64, b64url, compact_json
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.wallet import PID

_FOREIGN_URL: Final = "https://pid-provider.test.example/keys"


def _forged(
    name: str,
    breaks: str,
    expected: str,
    alter: Alter,
    *,
    threat: str = "VP14",
    check: str = "35",
) -> Deviation:
    return deviation(
        name,
        stage=Stage.CREDENTIALS,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=(PID,),
    )(alter)


def _header(**changes: object) -> Alter:
    """Headers changed, None removed; signed genuinely with ES256 whatever they say."""

    def alter(draft: Draft, target: Presentation) -> None:
        parsed = jws.parse(target.issuer_jwt)
        header = without_none({**parsed.header, **changes})
        key = require_provider(draft).signer_key
        target.issuer_jwt = jws.sign(header, parsed.claims(), key)

    return alter


def _chain(change: Callable[[list[str]], object]) -> Alter:
    """``x5c`` changed; signed genuinely."""

    def alter(draft: Draft, target: Presentation) -> None:
        genuine = x5c([require_provider(draft).signer])
        _header(x5c=change(genuine))(draft, target)

    return alter


def _by_leaf(make: leaves.MakeLeaf) -> Alter:
    """Another certificate under the genuine CA, and its key."""

    def alter(draft: Draft, target: Presentation) -> None:
        leaf = make(require_provider(draft), draft.now)
        target.issuer_jwt = resign(target.issuer_jwt, leaf.key, list(leaf.chain))

    return alter


def _text(change: Callable[[str], str]) -> Alter:
    """The finished issuer JWT as text, changed."""

    def alter(draft: Draft, target: Presentation) -> None:
        target.issuer_jwt = change(target.issuer_jwt)

    return alter


def _by_key_elsewhere(member: str) -> Alter:
    """Signed by a key of the forger's, which a header says where to fetch."""

    def alter(draft: Draft, target: Presentation) -> None:
        key = new_key()
        kid = str(public_jwk(key.public_key())["x"])
        chain = [require_provider(draft).signer]
        target.issuer_jwt = resign(
            target.issuer_jwt, key, chain, **{member: _FOREIGN_URL, "kid": kid}
        )

    return alter


def _by_holder(draft: Draft, target: Presentation) -> None:
    chain = [require_provider(draft).signer]
    target.issuer_jwt = resign(target.issuer_jwt, target.held.key, chain)


def _flattened(token: str) -> str:
    """JWS JSON serialization, in base64url so that it survives as a part."""
    protected, payload, signature = token.split(".")
    members = {"protected": protected, "payload": payload, "signature": signature}
    return b64url(compact_json(members))


_REFUSED: Final = "header_not_allowed"
_BROKEN: Final = "malformed_response"
_UNTRUSTED: Final = "issuer_not_trusted"
_UNSIGNED: Final = "signature_invalid"

HEADERS: Final = (
    _forged("credential-typ-missing", "typ is left out", _REFUSED, _header(typ=None)),
    _forged("credential-typ-jwt", "typ is plain JWT", _REFUSED, _header(typ="JWT")),
    _forged(
        "credential-typ-key-binding",
        "typ is that of a key-binding JWT",
        _REFUSED,
        _header(typ="kb+jwt"),
    ),
    _forged("credential-alg-missing", "alg is left out", _REFUSED, _header(alg=None)),
    _forged(
        "credential-alg-es384",
        "alg says ES384 over an ES256 signature",
        _REFUSED,
        _header(alg="ES384"),
    ),
    _forged(
        "credential-alg-lower-case",
        "alg is written es256",
        _REFUSED,
        _header(alg="es256"),
    ),
    _forged(
        "credential-alg-list",
        "alg is an array that holds the right one",
        _REFUSED,
        _header(alg=["ES256"]),
    ),
    _forged(
        "credential-crit-empty", "crit is an empty array", _REFUSED, _header(crit=[])
    ),
)
CHAINS: Final = (
    _forged(
        "x5c-missing",
        "no certificates: the key is named by kid",
        "missing_claim",
        _header(x5c=None, kid="signer"),
        threat="VP6",
        check="37",
    ),
    _forged(
        "x5c-empty",
        "x5c is an empty array",
        "wrong_claim_type",
        _chain(lambda genuine: []),
        threat="PK1",
        check="36",
    ),
    _forged(
        "x5c-text",
        "x5c is a string",
        "wrong_claim_type",
        _chain(lambda genuine: genuine[0]),
        threat="PK1",
        check="36",
    ),
    _forged(
        "x5c-numbers",
        "x5c holds a number beside the certificate",
        "wrong_claim_type",
        _chain(lambda genuine: [*genuine, 7]),
        threat="PK1",
        check="36",
    ),
    _forged(
        "x5c-rubbish",
        "x5c holds bytes that are no certificate",
        _BROKEN,
        _chain(lambda genuine: [b64(b"no certificate")]),
        threat="PK1",
        check="36",
    ),
    _forged(
        "x5c-line-breaks",
        "the certificate is broken into lines as in PEM",
        _BROKEN,
        _chain(lambda genuine: [genuine[0][:64] + "\n" + genuine[0][64:]]),
        threat="PK1",
        check="36",
    ),
    _forged(
        "x5c-too-long",
        "the certificate twenty times over",
        _REFUSED,
        _chain(lambda genuine: genuine * 20),
        threat="PK1",
        check="36",
    ),
    _forged(
        "x5c-doubled",
        "the certificate twice: ballast in the path",
        _UNTRUSTED,
        _chain(lambda genuine: genuine * 2),
        threat="PK1",
        check="36",
    ),
    _forged(
        "credential-key-from-jku",
        "signed by a key that jku tells where to fetch, under the genuine x5c",
        _UNSIGNED,
        _by_key_elsewhere("jku"),
        threat="VP6",
        check="37",
    ),
    _forged(
        "credential-key-from-x5u",
        "signed by a key that x5u tells where to fetch, under the genuine x5c",
        _UNSIGNED,
        _by_key_elsewhere("x5u"),
        threat="VP6",
        check="37",
    ),
    _forged(
        "credential-by-holder",
        "signed by the holder's own key under the genuine x5c",
        _UNSIGNED,
        _by_holder,
        threat="VP4",
        check="37",
    ),
)
LEAVES: Final = tuple(
    _forged(
        f"issuer-{name}",
        breaks,
        _UNTRUSTED,
        _by_leaf(make),
        threat="PK1",
        check="36",
    )
    for name, (breaks, make) in leaves.WRONG_LEAVES.items()
)
TEXTS: Final = (
    _forged(
        "credential-signature-der",
        "the issuer's signature is ASN.1 instead of r and s",
        _UNSIGNED,
        _text(lambda token: resignatured(token, der_signature(token))),
        threat="VP4",
        check="36",
    ),
    _forged(
        "credential-signature-empty",
        "the issuer's signature is empty under alg ES256",
        _UNSIGNED,
        _text(lambda token: resignatured(token, b"")),
        threat="VP4",
        check="36",
    ),
    _forged(
        "credential-signature-zero",
        "the issuer's signature is r = s = 0",
        _UNSIGNED,
        _text(lambda token: resignatured(token, bytes(64))),
        threat="VP4",
        check="36",
    ),
    _forged(
        "credential-signature-longer",
        "one byte follows the issuer's signature",
        _UNSIGNED,
        _text(lambda t: resignatured(t, jws.parse(t).signature + b"\0")),
        threat="VP4",
        check="36",
    ),
    _forged(
        "credential-signature-padded",
        "the issuer's signature is base64url with padding",
        _BROKEN,
        _text(lambda token: token + "=="),
        check="34",
    ),
    _forged(
        "credential-four-parts",
        "the issuer JWT has a fourth part",
        _BROKEN,
        _text(lambda token: token + ".AA"),
        check="34",
    ),
    _forged(
        "credential-json-serialization",
        "the issuer JWT is in JWS JSON serialization",
        _BROKEN,
        _text(_flattened),
        check="34",
    ),
)
