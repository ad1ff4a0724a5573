"""The holder's part of a presentation: possession, now, for us."""

import pytest

from openid4vp import errors as e
from tests.openid4vp import wallet
from tests.openid4vp.deviations import (
    MINUTE,
    Change,
    Refusal,
    assert_refused,
    at,
    case,
    flip,
    header_key_for_holder,
    kb_header,
    other_holder,
    proof,
    set_text,
    splice,
    without,
)
from tests.openid4vp.scene import SIGN
from tests.openid4vp.wallet import DAY, NOW, SECOND

PROVED = [
    # F43–F47: holder proof
    case("VP10-no-kb-jwt", e.HolderBindingError, set_text("edit_kb_jwt", lambda _: "")),
    case(
        "VP10-two-kb-jwts",
        e.MalformedResponseError,
        set_text("edit_kb_jwt", lambda t: f"{t}~{t}"),
    ),
    case("VP10-other-key", e.SignatureInvalidError, other_holder),
    case("VP10-jwk-in-kb-header", e.SignatureInvalidError, header_key_for_holder),
    case(
        "OIDF-InvalidKbJwtSignature",
        e.SignatureInvalidError,
        set_text("edit_kb_jwt", flip),
    ),
    case(
        "VP14-kb-typ",
        e.HeaderNotAllowedError,
        kb_header(typ="JWT"),
    ),
    case(
        "VP14-request-object-as-kb",
        e.HeaderNotAllowedError,
        kb_header(typ="oauth-authz-req+jwt"),
    ),
    case(
        "VP4-kb-alg-none",
        e.HeaderNotAllowedError,
        kb_header(alg="none"),
    ),
    case(
        "VP7-kb-crit",
        e.HeaderNotAllowedError,
        kb_header(crit=["x"]),
    ),
    case("OIDF-KbJwtIatInPast", e.HolderBindingError, proof(iat=at(NOW - 365 * DAY))),
    case("OIDF-KbJwtIatInFuture", e.HolderBindingError, proof(iat=at(NOW + 365 * DAY))),
    case("VP12-iat-61-s-ahead", e.HolderBindingError, proof(iat=at(NOW + 61 * SECOND))),
    case(
        "F45-iat-before-the-request",
        e.HolderBindingError,
        proof(iat=at(NOW - 91 * SECOND)),
    ),
    case("VP12-iat-float", e.WrongClaimTypeError, proof(iat=NOW.timestamp())),
    case("VP12-iat-string", e.WrongClaimTypeError, proof(iat=str(at(NOW)))),
    case("VP12-iat-huge", e.MalformedResponseError, proof(iat=10**20)),
    case("VP12-iat-negative", e.HolderBindingError, proof(iat=-1)),
    case("VP12-iat-missing", e.MissingClaimError, without("kb_payload", "iat")),
    case("OIDF-InvalidKbJwtNonce", e.NonceMismatchError, proof(nonce="x")),
    case("VP2-nonce-missing", e.MissingClaimError, without("kb_payload", "nonce")),
    case("OIDF-InvalidKbJwtAud", e.AudienceMismatchError, proof(aud="x509_hash:other")),
    case("VP3-aud-missing", e.MissingClaimError, without("kb_payload", "aud")),
    case("VP3-aud-array", e.WrongClaimTypeError, proof(aud=[SIGN.client_id])),
    case(
        "VP3-aud-without-prefix",
        e.AudienceMismatchError,
        proof(aud=SIGN.client_id.removeprefix("x509_hash:")),
    ),
    case(
        "VP3-aud-other-case",
        e.AudienceMismatchError,
        proof(aud=SIGN.client_id.swapcase()),
    ),
    case("VP3-aud-not-ascii", e.AudienceMismatchError, proof(aud="é")),
    case("OIDF-InvalidSdHash", e.HolderBindingError, proof(sd_hash=wallet.sha256("x"))),
    case("VP11-disclosure-added", e.DisclosureError, splice),
    case(
        "VP11-disclosure-removed",
        e.HolderBindingError,
        set_text("edit_disclosed", lambda t: t.replace(f"~{t.split('~')[4]}~", "~")),
    ),
    case(
        "VP11-disclosures-reordered",
        e.HolderBindingError,
        set_text(
            "edit_disclosed",
            lambda t: "~".join([t.split("~")[0], *reversed(t.split("~")[1:-1]), ""]),
        ),
    ),
    case("F17-kb-expired", e.ExpiredError, proof(exp=at(NOW - MINUTE))),
    case("F17-kb-not-yet", e.NotYetValidError, proof(nbf=at(NOW + 2 * MINUTE))),
]


@pytest.mark.parametrize(("change", "refusal"), PROVED)
def test_a_holder_proof_with_one_thing_wrong_is_refused(
    change: Change, refusal: Refusal
) -> None:
    assert_refused(change, refusal)
