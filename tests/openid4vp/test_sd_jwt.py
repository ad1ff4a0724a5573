"""Disclosures and digests: one reading, or none (RFC 9901 §7.1)."""

import pytest

from openid4vp import errors as e
from openid4vp.sd_jwt import MAX_DEPTH, digest, disclose, hash_alg, parse
from tests.openid4vp import wallet
from tests.openid4vp.deviations import (
    SAME_TEXT,
    Change,
    Refusal,
    assert_refused,
    at,
    case,
    cross_credential,
    duplicate_digest,
    duplicate_digest_elsewhere,
    duplicate_digest_in_array,
    duplicate_digest_in_disclosure,
    hidden_in_array,
    recursive,
    reissued,
    set_text,
    twice_disclosed,
    value_for_member,
)
from tests.openid4vp.wallet import DAY, NOW

DISCLOSED = [
    # F34: text
    case(
        "F34-foreign-character",
        e.MalformedResponseError,
        set_text("edit_text", " ".__add__),
    ),
    case(
        "F34-disclosure-not-ascii",
        e.MalformedResponseError,
        set_text("edit_disclosed", lambda t: t + "é~"),
    ),
    case(
        "F34-padding",
        e.MalformedResponseError,
        set_text("edit_issuer_jwt", lambda t: t + "="),
    ),
    case(
        "F34-stray-bits",
        e.MalformedResponseError,
        # 64 bytes end in a character with four unused bits
        set_text("edit_kb_jwt", lambda t: t[:-1] + chr(ord(t[-1]) + 1)),
    ),
    case(
        "F34-no-tilde",
        e.MalformedResponseError,
        set_text("edit_text", lambda t: t.split("~")[0]),
    ),
    case(
        "F34-empty-disclosure",
        e.MalformedResponseError,
        set_text("edit_disclosed", lambda t: t + "~"),
    ),
    case(
        "VP15-too-long",
        e.MalformedResponseError,
        lambda a: a.pid.payload.update(x="x" * 50_000),
    ),
    case(
        "VP15-too-many-disclosures",
        e.MalformedResponseError,
        lambda a: [a.pid.hide(f"c{n}", n) for n in range(200)] and None,
    ),
    case("VP15-recursion", e.DisclosureError, recursive(17)),
    case(
        "F34-two-segments",
        e.MalformedResponseError,
        set_text("edit_issuer_jwt", lambda t: t.rpartition(".")[0]),
    ),
    # F40, F41: disclosures
    case("VP8-undigested-disclosure", e.DisclosureError, cross_credential),
    case(
        "VP8-altered-value",
        e.DisclosureError,
        lambda a: a.pid.disclosures.__setitem__(0, SAME_TEXT),
    ),
    case("VP9-duplicate-digest", e.DisclosureError, duplicate_digest),
    case(
        "VP9-duplicate-digest-elsewhere", e.DisclosureError, duplicate_digest_elsewhere
    ),
    case("VP9-duplicate-in-array", e.DisclosureError, duplicate_digest_in_array),
    case(
        "VP9-duplicate-in-disclosure",
        e.DisclosureError,
        duplicate_digest_in_disclosure,
    ),
    case("VP9-disclosed-twice", e.DisclosureError, twice_disclosed),
    case(
        "VP9-claim-overwritten",
        e.DisclosureError,
        lambda a: (a.pid.payload.update(sex=1), a.pid.hide("sex", 2)),
    ),
    case(
        "VP9-claim-disclosed-twice",
        e.DisclosureError,
        lambda a: (a.pid.hide("sex", 1), a.pid.hide("sex", 2)),
    ),
    case("VP9-claim-named-sd", e.DisclosureError, lambda a: a.pid.hide("_sd", [])),
    case("VP9-claim-named-dots", e.DisclosureError, lambda a: a.pid.hide("...", "x")),
    case(
        "VP9-claim-named-sd-alg",
        e.DisclosureError,
        lambda a: (a.pid.payload.pop("_sd_alg"), a.pid.hide("_sd_alg", "sha-256")),
    ),
    case("VP9-value-for-member", e.DisclosureError, value_for_member),
    case("VP9-member-for-element", e.DisclosureError, hidden_in_array),
    case(
        "VP9-disclosure-of-four", e.DisclosureError, lambda a: a.pid.hide("sex", 1, 2)
    ),
    case("VP9-disclosure-of-one", e.DisclosureError, lambda a: a.pid.hide()),
    case("VP9-disclosure-name-a-number", e.DisclosureError, lambda a: a.pid.hide(1, 2)),
    case(
        "VP9-disclosure-not-json",
        e.MalformedResponseError,
        lambda a: (
            a.pid.disclosures.append("AAAA"),
            a.pid.payload["_sd"].append(wallet.sha256("AAAA")),
        ),
    ),
    case("VP9-sd-not-an-array", e.WrongClaimTypeError, reissued(_sd="x")),
    case(
        "VP9-digest-a-number",
        e.DisclosureError,
        lambda a: a.pid.payload["_sd"].append(1),
    ),
    case("VP9-dots-outside-array", e.DisclosureError, reissued(address={"...": "x"})),
    case(
        "VP9-placeholder-with-more",
        e.DisclosureError,
        reissued(x=[{"...": "x", "y": 1}]),
    ),
    case("VP15-sd-alg-md5", e.DisclosureError, reissued(_sd_alg="md5")),
    case("VP15-sd-alg-a-number", e.WrongClaimTypeError, reissued(_sd_alg=256)),
    *[
        case(
            f"F41-{name}-disclosed",
            e.DisclosureError,
            lambda a, name=name: (a.pid.payload.pop(name, None), a.pid.hide(name, "x")),
        )
        for name in ("iss", "nbf", "vct#integrity", "aka_vcts", "status")
    ],
    case(
        "F41-exp-disclosed",
        e.MissingClaimError,
        lambda a: (a.pid.payload.pop("exp"), a.pid.hide("exp", at(NOW + DAY))),
    ),
    case(
        "F41-cnf-with-digests",
        e.DisclosureError,
        lambda a: a.pid.payload["cnf"]["jwk"].update(_sd=["x"]),
    ),
]


@pytest.mark.parametrize(("change", "refusal"), DISCLOSED)
def test_an_ambiguous_sd_jwt_is_refused(change: Change, refusal: Refusal) -> None:
    assert_refused(change, refusal)


def test_what_is_no_digest_stays_as_it_is() -> None:
    claims = {"a": [1, "x...y", {"b": [None, []]}, True], "c": {"...x": 0}, "d": 0.5}

    assert disclose(claims, [], "sha-256") == claims


def test_undisclosed_elements_and_digests_leave_no_trace() -> None:
    payload = {
        "a": [1, {"...": "A"}, {"_sd": ["B"]}],
        "_sd": ["C"],
        "_sd_alg": "sha-256",
    }

    assert disclose(payload, [], "sha-256") == {"a": [1, {}]}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a.b.c~" + "d~" * 200 + "kb", id="200-disclosures"),
        pytest.param("a~".ljust(64 * 1024, "b"), id="64-KiB"),
    ],
)
def test_a_presentation_at_the_limit_is_split(text: str) -> None:
    assert parse(text).issuer_jwt[0] == "a"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a.b.c~" + "d~" * 201 + "kb", id="201-disclosures"),
        pytest.param("a~".ljust(64 * 1024 + 1, "b"), id="64-KiB-and-one"),
    ],
)
def test_a_presentation_above_the_limit_is_not_split(text: str) -> None:
    with pytest.raises(e.MalformedResponseError):
        parse(text)


def nested(levels: int) -> list[object]:
    """A list in a list, so many of them."""
    return [] if levels == 1 else [nested(levels - 1)]


def test_claims_as_deep_as_allowed_are_read() -> None:
    claims = {"a": nested(MAX_DEPTH)}

    assert disclose(claims, [], "sha-256") == claims


def test_claims_deeper_than_allowed_are_refused() -> None:
    with pytest.raises(e.DisclosureError, match="deeper"):
        disclose({"a": nested(MAX_DEPTH + 1)}, [], "sha-256")


def test_a_presentation_is_split_at_its_tildes() -> None:
    parts = parse("i.i.i~d1~d2~k.k.k")

    assert (parts.issuer_jwt, parts.disclosures) == ("i.i.i", ("d1", "d2"))
    assert (parts.key_binding_jwt, parts.signed_part) == ("k.k.k", "i.i.i~d1~d2~")


@pytest.mark.parametrize("alg", ["sha-256", "sha-384", "sha-512"])
def test_another_hash_is_used_for_every_digest(alg: str) -> None:
    text = wallet.disclosure("a", 1)
    payload = {"_sd_alg": alg, "_sd": [digest(text, alg)]}

    assert disclose(payload, [text], hash_alg(payload)) == {"a": 1}
