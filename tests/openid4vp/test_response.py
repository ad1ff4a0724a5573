"""Form, encryption, and the shape of ``vp_token``."""

import base64
import json
from dataclasses import replace

import pytest
from jwcrypto import jwe, jwk

from openid4vp import errors as e
from openid4vp.response import parse_form
from tests.openid4vp import wallet
from tests.openid4vp.deviations import (
    Change,
    Refusal,
    assert_refused,
    case,
    form,
    jwe_part,
    malleable,
    p384_jwk,
    presented,
    raw_plaintext,
    same_credential_twice,
    sealed,
    wrapped,
)
from tests.openid4vp.scene import SIGN, verify


def zero_padded(key: dict[str, str]) -> str:
    """The same coordinate in 33 bytes."""
    return wallet.b64(bytes(1) + base64.urlsafe_b64decode(key["x"] + "=="))


ENVELOPES = [
    # B, C: form and encryption
    case("C16-empty-body", e.MalformedResponseError, form({})),
    case("C16-duplicate-parameter", e.MalformedResponseError, malleable),
    case(
        "C16-body-too-large",
        e.MalformedResponseError,
        form({"response": "x" * 262_144}),
    ),
    case(
        "C16-bad-percent-encoding",
        e.MalformedResponseError,
        lambda a: setattr(a, "edit_body", lambda body: body + b"%zz"),
    ),
    case(
        "VP20-plain-vp-token",
        e.MalformedResponseError,
        form({"vp_token": "{}", "state": SIGN.state}),
    ),
    case(
        "VP20-response-and-vp-token",
        e.MalformedResponseError,
        lambda a: setattr(a, "form", {"response": a.jwe(), "vp_token": "{}"}),
    ),
    case(
        "JW1-alg-ecdh-es-a256kw",
        e.HeaderNotAllowedError,
        sealed(alg="ECDH-ES+A256KW"),
    ),
    case(
        "JW1-alg-rsa1-5",
        e.HeaderNotAllowedError,
        sealed(alg="RSA1_5"),
    ),
    case("JW1-alg-dir", e.HeaderNotAllowedError, sealed(alg="dir")),
    case(
        "JW1-enc-cbc",
        e.HeaderNotAllowedError,
        sealed(enc="A256CBC-HS512"),
    ),
    case(
        "JW1-enc-a192gcm",
        e.HeaderNotAllowedError,
        sealed(enc="A192GCM"),
    ),
    case(
        "JW1-enc-missing",
        e.HeaderNotAllowedError,
        sealed(enc=...),
    ),
    case(
        "JW1-enc-is-a-list",
        e.HeaderNotAllowedError,
        sealed(enc=["A128GCM"]),
    ),
    case(
        "JW2-epk-off-curve",
        e.MalformedResponseError,
        lambda a: a.jwe_header.update(
            epk={**wallet.public_jwk(a.epk), "y": wallet.b64(b"\1" * 32)}
        ),
    ),
    case(
        "JW2-epk-p384",
        e.MalformedResponseError,
        sealed(epk=p384_jwk()),
    ),
    case(
        "JW2-epk-says-p384",
        e.MalformedResponseError,
        lambda a: a.jwe_header.update(epk={**wallet.public_jwk(a.epk), "crv": "P-384"}),
    ),
    case(
        "JW2-epk-long-coordinate",
        e.MalformedResponseError,
        lambda a: a.jwe_header.update(
            epk={**wallet.public_jwk(a.epk), "x": zero_padded(wallet.public_jwk(a.epk))}
        ),
    ),
    case(
        "JW2-epk-short-coordinate",
        e.MalformedResponseError,
        lambda a: a.jwe_header.update(
            epk={**wallet.public_jwk(a.epk), "x": wallet.b64(b"\1" * 31)}
        ),
    ),
    case(
        "JW2-epk-infinity",
        e.MalformedResponseError,
        lambda a: a.jwe_header.update(
            epk={**wallet.public_jwk(a.epk), "x": "A" * 43, "y": "A" * 43}
        ),
    ),
    case("JW2-epk-missing", e.MissingClaimError, sealed(epk=...)),
    case(
        "JW2-epk-with-private-part",
        e.MalformedResponseError,
        lambda a: a.jwe_header.update(epk={**wallet.public_jwk(a.epk), "d": "AA"}),
    ),
    case("JW4-zip", e.HeaderNotAllowedError, sealed(zip="DEF")),
    case("C19-crit", e.HeaderNotAllowedError, sealed(crit=["x"])),
    case("C19-other-kid", e.HeaderNotAllowedError, sealed(kid="x")),
    case("C19-no-kid", e.HeaderNotAllowedError, sealed(kid=...)),
    case(
        "C19-encrypted-key-not-empty",
        e.HeaderNotAllowedError,
        lambda a: setattr(a, "encrypted_key", "AAAA"),
    ),
    case(
        "C19-four-segments",
        e.MalformedResponseError,
        lambda a: setattr(a, "edit_jwe", lambda text: text.rpartition(".")[0]),
    ),
    case(
        "C19-six-segments",
        e.MalformedResponseError,
        lambda a: setattr(a, "edit_jwe", lambda text: text + "."),
    ),
    case("C20-tag-altered", e.DecryptionError, jwe_part(4, lambda _: "A" * 22)),
    case("C20-iv-altered", e.DecryptionError, jwe_part(2, lambda _: "A" * 16)),
    case(
        "C20-iv-long", e.MalformedResponseError, jwe_part(2, lambda _: "A" * 20 + "AA")
    ),
    case("C20-tag-short", e.MalformedResponseError, jwe_part(4, lambda _: "A" * 16)),
    case(
        "C20-ciphertext-altered", e.DecryptionError, jwe_part(3, lambda t: "A" + t[1:])
    ),
    case(
        "C20-header-respelled",
        e.DecryptionError,
        jwe_part(0, lambda t: wallet.b64(b" " + base64.urlsafe_b64decode(t + "=="))),
    ),
    case(
        "JW7-apu-not-base64url",
        e.MalformedResponseError,
        jwe_part(
            0,
            lambda t: wallet.b64(
                base64.urlsafe_b64decode(t + "==").replace(b'"apu":"', b'"apu":"=')
            ),
        ),
    ),
    case(
        "VP20-other-key",
        e.DecryptionError,
        lambda a: setattr(
            a,
            "transaction",
            replace(
                SIGN,
                response_key=json.dumps(
                    {**wallet.public_jwk(wallet.key("old")), "kid": "tx-7f3a"}
                ),
            ),
        ),
    ),
    case(
        "C21-payload-is-a-list",
        e.MalformedResponseError,
        lambda a: setattr(a, "edit_plaintext", lambda _: b"[]"),
    ),
    case(
        "C21-duplicate-member",
        e.MalformedResponseError,
        raw_plaintext(b"{", b'{"state":"x",'),
    ),
    case("C21-other-state", e.StateMismatchError, wrapped(state="x")),
    case("C21-no-state", e.MissingClaimError, wrapped(state=...)),
    case(
        "C21-state-is-a-number",
        e.WrongClaimTypeError,
        wrapped(state=1),
    ),
    case("VP16-nan", e.MalformedResponseError, wrapped(x=float("nan"))),
    case(
        "VP16-big-integer",
        e.MalformedResponseError,
        wrapped(x=2**53),
    ),
    case(
        "VP16-lone-surrogate",
        e.MalformedResponseError,
        raw_plaintext(b"{", b'{"x":"\\ud800",'),
    ),
    case("VP16-bom", e.MalformedResponseError, raw_plaintext(b"{", b"\xef\xbb\xbf{")),
    case(
        "VP16-not-utf-8", e.MalformedResponseError, raw_plaintext(b"{", b'{"x":"\xff",')
    ),
    case(
        "VP16-too-deep",
        e.MalformedResponseError,
        raw_plaintext(b"{", b'{"x":' + b"[" * 5000 + b"]" * 5000 + b","),
    ),
]


@pytest.mark.parametrize(("change", "refusal"), ENVELOPES)
def test_an_envelope_with_one_thing_wrong_is_refused(
    change: Change, refusal: Refusal
) -> None:
    assert_refused(change, refusal)


TOKENS = [
    # E: vp_token structure
    case(
        "VP19-no-vp-token",
        e.MissingClaimError,
        wrapped(vp_token=...),
    ),
    case(
        "VP19-vp-token-is-a-string",
        e.WrongClaimTypeError,
        lambda a: a.payload.update(vp_token=a.pid.text()),
    ),
    case(
        "VP19-string-instead-of-array",
        e.WrongClaimTypeError,
        lambda a: a.vp_token.update(pid=a.pid.text()),
    ),
    case(
        "VP19-no-presentation",
        e.QueryNotSatisfiedError,
        presented(pid=[]),
    ),
    case(
        "VP19-two-presentations",
        e.QueryNotSatisfiedError,
        lambda a: a.vp_token.update(pid=[a.pid.text(), a.pid.text()]),
    ),
    case(
        "VP19-object-presentation",
        e.WrongClaimTypeError,
        presented(pid=[{}]),
    ),
    case(
        "E30-unknown-id",
        e.QueryNotSatisfiedError,
        lambda a: a.vp_token.update(other=[a.pid.text()]),
    ),
    case(
        "E31-missing-id",
        e.QueryNotSatisfiedError,
        lambda a: a.vp_token.pop("signing_pass"),
    ),
    case("E31-missing-pid", e.QueryNotSatisfiedError, lambda a: a.vp_token.pop("pid")),
    case(
        "E33-one-credential-for-two-ids",
        e.IssuerNotTrustedError,
        same_credential_twice,
    ),
    case(
        "E33-swapped",
        e.IssuerNotTrustedError,
        lambda a: a.vp_token.update(pid=a.signing_pass, signing_pass=a.pid),
    ),
]


@pytest.mark.parametrize(("change", "refusal"), TOKENS)
def test_a_vp_token_of_another_shape_is_refused(
    change: Change, refusal: Refusal
) -> None:
    assert_refused(change, refusal)


FORMS = [
    pytest.param(b"", id="empty"),
    pytest.param(b"a", id="no-value"),
    pytest.param(b"a=1&", id="empty-field"),
    pytest.param(b"a=1&a=2", id="C16-twice"),
    pytest.param(b"a=1&%61=2", id="C16-twice-in-disguise"),
    pytest.param(b"a=%f", id="half-an-escape"),
    pytest.param(b"a=%ff", id="not-utf-8"),
    pytest.param(b"a=\xc3\xa9", id="raw-bytes"),
    pytest.param(b"a=1\n", id="line-end"),
    pytest.param(b"&".join(b"a%d=1" % n for n in range(17)), id="17-fields"),
    pytest.param(b"a=" + b"x" * (256 * 1024 - 1), id="JW5-too-large"),
]


@pytest.mark.parametrize("body", FORMS)
def test_a_form_with_two_readings_or_none_is_refused(body: bytes) -> None:
    with pytest.raises(e.MalformedResponseError):
        parse_form(body)


def test_a_form_is_read() -> None:
    body = b"response=a.b~c&state=%C3%A9+x&empty=&" + b"x=" + b"y" * 200_000

    form = parse_form(body)

    assert form == {
        "response": "a.b~c",
        "state": "é x",
        "empty": "",
        "x": "y" * 200_000,
    }


LIMITS = [
    pytest.param(b"a=" + b"x" * (256 * 1024 - 2), id="256-KiB"),
    pytest.param(b"&".join(b"a%d=1" % n for n in range(16)), id="16-fields"),
]


@pytest.mark.parametrize("body", LIMITS)
def test_a_form_at_the_limit_is_read(body: bytes) -> None:
    assert parse_form(body)


def test_a_response_made_by_another_library_is_opened() -> None:
    """jwcrypto plays the wallet's JWE library: none of our builder's bytes."""
    answer = wallet.answer(SIGN)
    recipient = jwk.JWK.from_json(json.dumps(SIGN.public_response_jwk()))
    sealed_by_other = jwe.JWE(
        answer.plaintext(),
        json.dumps({"alg": "ECDH-ES", "enc": "A256GCM", "kid": "tx-7f3a", "apv": "AA"}),
        recipient=recipient,
    )

    answer.form = {"response": sealed_by_other.serialize(compact=True)}

    assert verify(answer.body()).credentials.keys() == {"pid", "signing_pass"}
