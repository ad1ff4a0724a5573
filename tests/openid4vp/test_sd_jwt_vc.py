"""The issuer's part of a presentation: who signed what, and is it still so."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from openid4vp import errors as e
from tests.openid4vp import wallet
from tests.openid4vp.deviations import (
    Change,
    Refusal,
    assert_refused,
    at,
    case,
    chain,
    cnf,
    embedded_key,
    flip,
    header,
    other_issuer,
    p384_jwk,
    reissued,
    self_signed,
    set_text,
    unsigned,
    without,
)
from tests.openid4vp.wallet import DAY, NOW, SECOND

P384 = ec.derive_private_key(7, ec.SECP384R1()).public_key()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()


def long_s(signature: str) -> str:
    """The same r and s, s in 33 bytes."""
    raw = base64.urlsafe_b64decode(signature + "==")
    return wallet.b64(raw[:32] + bytes(1) + raw[32:])


ISSUED = [
    # F35: issuer JWT header
    *[
        case(
            f"VP4-alg-{alg}",
            e.HeaderNotAllowedError,
            lambda a, alg=alg: a.pid.header.update(alg=alg),
        )
        for alg in (
            "none",
            "None",
            "nOnE",
            "",
            "HS256",
            "ES384",
            "es256",
            "RS256",
            "EdDSA",
        )
    ],
    case("VP4-alg-missing", e.HeaderNotAllowedError, without("header", "alg")),
    case(
        "VP4-alg-none-unsigned",
        e.HeaderNotAllowedError,
        lambda a: (
            a.pid.header.update(alg="none"),
            setattr(a.pid, "edit_issuer_jwt", unsigned),
        ),
    ),
    case(
        "VP4-empty-signature",
        e.SignatureInvalidError,
        set_text("edit_issuer_jwt", unsigned),
    ),
    case(
        "VP16-overlong-signature",
        e.SignatureInvalidError,
        set_text(
            "edit_issuer_jwt",
            lambda t: (
                t[:-86]
                + wallet.b64(bytes(2) + base64.urlsafe_b64decode(t[-86:] + "=="))
            ),
        ),
    ),
    case(
        "VP16-overlong-s",
        e.SignatureInvalidError,
        set_text("edit_issuer_jwt", lambda t: t[:-86] + long_s(t[-86:])),
    ),
    case("VP14-typ-missing", e.HeaderNotAllowedError, without("header", "typ")),
    case(
        "VP14-typ-legacy",
        e.HeaderNotAllowedError,
        header(typ="vc+sd-jwt"),
    ),
    case(
        "VP7-crit-unknown",
        e.HeaderNotAllowedError,
        header(crit=["b64"], b64=False),
    ),
    case(
        "VP7-crit-empty",
        e.HeaderNotAllowedError,
        header(crit=[]),
    ),
    case(
        "OIDF-InvalidCredentialSignature",
        e.SignatureInvalidError,
        set_text("edit_issuer_jwt", flip),
    ),
    # F36, F37: issuer
    case("VP6-embedded-jwk", e.SignatureInvalidError, embedded_key),
    case("F36-no-x5c", e.MissingClaimError, without("header", "x5c")),
    case("F36-x5c-of-numbers", e.WrongClaimTypeError, header(x5c=[1])),
    case("F36-x5c-empty", e.WrongClaimTypeError, header(x5c=[])),
    case(
        "F36-x5c-a-string",
        e.WrongClaimTypeError,
        lambda a: a.pid.header.update(x5c=a.pid.header["x5c"][0]),
    ),
    case(
        "F36-x5c-base64url",
        e.MalformedResponseError,
        lambda a: a.pid.header.update(
            x5c=[t.rstrip("=") + "-_" for t in a.pid.header["x5c"]]
        ),
    ),
    case(
        "F36-x5c-garbage",
        e.MalformedResponseError,
        header(x5c=["AAAA"]),
    ),
    case(
        "F36-x5c-repeated",
        e.IssuerNotTrustedError,
        lambda a: a.pid.header.update(x5c=a.pid.header["x5c"] * 2),
    ),
    case(
        "F36-x5c-of-six",
        e.HeaderNotAllowedError,
        lambda a: a.pid.header.update(x5c=a.pid.header["x5c"] * 3),
    ),
    case("F36-self-signed-leaf", e.IssuerNotTrustedError, self_signed),
    case(
        "F36-anchor-in-x5c",
        e.IssuerNotTrustedError,
        chain(wallet.PID_LEAF, wallet.PID_CA, wallet.PID_ROOT),
    ),
    case("F36-no-intermediate", e.IssuerNotTrustedError, chain(wallet.PID_LEAF)),
    case(
        "F36-other-anchor",
        e.IssuerNotTrustedError,
        other_issuer("rogue", issuer="rogue CA"),
    ),
    case(
        "F36-expired-leaf",
        e.IssuerNotTrustedError,
        other_issuer("late", start=NOW - 2 * DAY, end=NOW - DAY),
    ),
    case(
        "F36-leaf-may-not-sign",
        e.IssuerNotTrustedError,
        other_issuer("ku", usage="key_agreement"),
    ),
    case("F36-leaf-on-p384", e.IssuerNotTrustedError, other_issuer("x", public=P384)),
    case("F36-leaf-rsa", e.IssuerNotTrustedError, other_issuer("x", public=RSA)),
    case(
        "VP17-pass-issuer-for-pid",
        e.IssuerNotTrustedError,
        lambda a: (
            a.pid.header.update(x5c=wallet.x5c(wallet.PASS_LEAF)),
            setattr(a.pid, "issuer_key", wallet.key("TEST pass issuer")),
        ),
    ),
    case(
        "VP17-pid-provider-for-pass",
        e.IssuerNotTrustedError,
        lambda a: (
            a.signing_pass.header.update(
                x5c=wallet.x5c(wallet.PID_LEAF, wallet.PID_CA)
            ),
            setattr(a.signing_pass, "issuer_key", wallet.key("TEST PID provider")),
        ),
    ),
    # F39, F42, F43: claims of the issuer
    case("VP17-other-vct", e.CredentialTypeError, reissued(vct="urn:eudi:mdl:1")),
    case("VP17-vct-missing", e.MissingClaimError, without("payload", "vct")),
    case(
        "VP17-aka-vcts-proves-nothing",
        e.CredentialTypeError,
        reissued(vct="urn:x", aka_vcts=["urn:eudi:pid:1"]),
    ),
    case("VP18-expired", e.ExpiredError, reissued(exp=at(NOW - 60 * SECOND))),
    case("VP18-no-exp-no-status", e.MissingClaimError, without("payload", "exp")),
    case("VP18-not-before", e.NotYetValidError, reissued(nbf=at(NOW + 61 * SECOND))),
    case(
        "VP18-issued-in-future", e.NotYetValidError, reissued(iat=at(NOW + 61 * SECOND))
    ),
    case("VP18-exp-is-a-string", e.WrongClaimTypeError, reissued(exp="1900000000")),
    case("VP18-exp-is-true", e.WrongClaimTypeError, reissued(exp=True)),
    case("VP18-exp-in-year-10000", e.WrongClaimTypeError, reissued(exp=253402300800)),
    case("VP18-nbf-negative", e.WrongClaimTypeError, reissued(nbf=-1)),
    case(
        "F48-status-cannot-be-checked",
        e.StatusUnknownError,
        reissued(status={"status_list": {"idx": 0, "uri": "https://x"}}),
    ),
    case(
        "F48-status-instead-of-exp",
        e.StatusUnknownError,
        lambda a: (a.pid.payload.pop("exp"), a.pid.payload.update(status={})),
    ),
    case("VP13-no-cnf", e.MissingClaimError, without("payload", "cnf")),
    case("VP13-cnf-kid-only", e.MissingClaimError, reissued(cnf={"kid": "x"})),
    case(
        "VP13-cnf-two-keys",
        e.HolderBindingError,
        lambda a: a.pid.payload["cnf"].update(jkt="x"),
    ),
    case("VP13-cnf-p384", e.MalformedResponseError, reissued(cnf={"jwk": p384_jwk()})),
    case("VP13-cnf-says-secp256k1", e.MalformedResponseError, cnf(crv="secp256k1")),
    case("VP13-cnf-off-curve", e.MalformedResponseError, cnf(y=wallet.b64(b"\1" * 32))),
    case("VP13-cnf-not-ec", e.MalformedResponseError, cnf(kty="OKP")),
    case("VP13-cnf-private", e.MalformedResponseError, cnf(d="AA")),
    # F49: what was asked
    case(
        "VP17-claim-missing",
        e.QueryNotSatisfiedError,
        lambda a: a.pid.disclosures.pop(0),
    ),
    case(
        "VP17-no-number", e.QueryNotSatisfiedError, lambda a: a.pid.disclosures.pop(3)
    ),
    case(
        "VP17-pass-without-id",
        e.QueryNotSatisfiedError,
        lambda a: a.signing_pass.payload.pop("pass_id"),
    ),
]


@pytest.mark.parametrize(("change", "refusal"), ISSUED)
def test_a_credential_with_one_thing_wrong_is_refused(
    change: Change, refusal: Refusal
) -> None:
    assert_refused(change, refusal)
