"""Which of the wallet's credentials answer a query (OpenID4VP 1.0 §6)."""

from typing import Any

import pytest
from cryptography import x509

from tests.wallet_emulator.relying_party import NOW, PASS_VCT, b64url
from wallet_emulator.dcql import match, match_one, parse_query
from wallet_emulator.errors import RequestRefusedError
from wallet_emulator.keys import new_key
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.wallet import Wallet


def asked(query_id: str = "pid", **members: object) -> dict[str, Any]:
    return {
        "id": query_id,
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:eudi:pid:1"]},
        **members,
    }


def answered(wallet: Wallet, query: dict[str, Any]) -> dict[str, list[object]]:
    """Query id → claims that would be disclosed."""
    found = match(parse_query(query), wallet.credentials())
    return {query_id: [p[-1] for p in m.paths] for query_id, m in found.items()}


PASS = asked("pass", meta={"vct_values": [PASS_VCT]})
MDOC = {"id": "mdoc", "format": "mso_mdoc", "meta": {"doctype_value": "x"}}
SPACE = "eu.europa.ec.eudi.pid.1"


def asked_mdoc(**members: object) -> dict[str, Any]:
    return {
        "id": "pid_mdoc",
        "format": "mso_mdoc",
        "meta": {"doctype_value": SPACE},
        **members,
    }


def element(name: str, **members: object) -> dict[str, Any]:
    return {"path": [SPACE, name], **members}


NAME = [{"path": ["family_name"]}]


def test_a_query_without_claims_discloses_none(wallet: Wallet) -> None:
    assert answered(wallet, {"credentials": [asked()]}) == {"pid": []}


def test_every_query_is_answered_without_credential_sets(wallet: Wallet) -> None:
    found = answered(wallet, {"credentials": [asked(claims=NAME), PASS]})

    assert found == {"pid": ["family_name"], "pass": []}


def test_the_first_possible_option_is_taken(wallet: Wallet) -> None:
    query = {
        "credentials": [MDOC, asked(), PASS],
        "credential_sets": [{"options": [["mdoc"], ["pass"], ["pid"]]}],
    }

    assert set(answered(wallet, query)) == {"pass"}


def test_an_optional_set_is_not_answered(wallet: Wallet) -> None:
    query = {
        "credentials": [asked(), PASS],
        "credential_sets": [
            {"options": [["pid"]]},
            {"options": [["pass"]], "required": False},
        ],
    }

    assert set(answered(wallet, query)) == {"pid"}


def test_the_first_satisfiable_claim_set_is_disclosed(wallet: Wallet) -> None:
    query = asked(
        claims=[
            {"id": "a", "path": ["sex"]},
            {"id": "b", "path": ["given_name"]},
            {"id": "c", "path": ["family_name"]},
        ],
        claim_sets=[["a", "b"], ["b"], ["c"]],
    )

    assert answered(wallet, {"credentials": [query]}) == {"pid": ["given_name"]}


def test_a_value_that_fits_is_disclosed(wallet: Wallet) -> None:
    claims = [{"path": ["issuing_country"], "values": ["FR", "DE"]}]

    query = {"credentials": [asked(claims=claims)]}
    assert answered(wallet, query) == {"pid": ["issuing_country"]}


def test_the_issuers_authority_key_is_found(
    wallet: Wallet, provider: PidProvider
) -> None:
    extension = provider.signer.extensions.get_extension_for_class(
        x509.AuthorityKeyIdentifier
    )
    key_id = b64url(extension.value.key_identifier or b"")
    authorities = [{"type": "aki", "values": [key_id]}]

    query = {"credentials": [asked(trusted_authorities=authorities)]}
    assert set(answered(wallet, query)) == {"pid"}


FOUND: list[Any] = [
    pytest.param({}, [], id="no-claims"),
    pytest.param({"claims": [element("given_name")]}, ["given_name"], id="element"),
    pytest.param(
        {"claims": [element("given_name", intent_to_retain=True)]},
        ["given_name"],
        id="retained",
    ),
    pytest.param(
        {"claims": [element("issuing_country", values=["FR", "DE"])]},
        ["issuing_country"],
        id="value",
    ),
    pytest.param(
        {
            "claims": [element("sex", id="a"), element("given_name", id="b")],
            "claim_sets": [["a"], ["b"]],
        },
        ["given_name"],
        id="second-claim-set",
    ),
    pytest.param({"multiple": True}, [], id="multiple"),
]


@pytest.mark.parametrize(("members", "elements"), FOUND)
def test_an_mdoc_answers(
    wallet: Wallet, members: dict[str, Any], elements: list[str]
) -> None:
    found = answered(wallet, {"credentials": [asked_mdoc(**members)]})

    assert found == {"pid_mdoc": elements}


@pytest.mark.parametrize("form", ["dc+sd-jwt", "mso_mdoc"])
def test_either_encoding_has_the_issuers_authority_key(
    wallet: Wallet, provider: PidProvider, form: str
) -> None:
    key_id = x509.SubjectKeyIdentifier.from_public_key(provider.ca.public_key())
    authorities = [{"type": "aki", "values": [b64url(key_id.digest)]}]
    query = asked if form == "dc+sd-jwt" else asked_mdoc

    found = answered(wallet, {"credentials": [query(trusted_authorities=authorities)]})

    assert len(found) == 1


@pytest.mark.parametrize(
    ("path", "values", "matches"),
    [
        pytest.param(["nationalities", None], ["DE"], True, id="any-element"),
        pytest.param(["nationalities", None], ["FR"], False, id="no-element"),
        pytest.param(["nationalities", 0], ["DE"], True, id="first-element"),
        pytest.param(["place_of_birth", "country"], ["DE"], True, id="nested"),
        pytest.param(["place_of_birth", "country"], [True], False, id="other-type"),
    ],
)
def test_values_are_compared_at_the_end_of_the_path(
    wallet: Wallet, path: list[object], values: list[object], matches: bool
) -> None:
    query = {"credentials": [asked(claims=[{"path": path, "values": values}])]}

    if matches:
        assert answered(wallet, query)
    else:
        with pytest.raises(RequestRefusedError, match="access_denied"):
            answered(wallet, query)


@pytest.mark.parametrize(("value", "matches"), [(True, True), (1, False)])
def test_one_is_not_true(
    wallet: Wallet, provider: PidProvider, value: object, matches: bool
) -> None:
    key = new_key()
    adult = provider.issue_mdoc({"age_over_18": True}, key.public_key(), NOW)
    wallet.hold_mdoc(adult, key)
    query = asked_mdoc(claims=[element("age_over_18", values=[value])])

    assert (
        bool(
            match_one(
                parse_query({"credentials": [query]}).credentials[0],
                wallet.credentials(),
            )
        )
        is matches
    )


def test_a_query_for_foreign_formats_only_is_not_supported(wallet: Wallet) -> None:
    foreign = {"id": "w3c", "format": "ldp_vc", "meta": {}}

    with pytest.raises(RequestRefusedError, match="vp_formats_not_supported"):
        answered(wallet, {"credentials": [foreign]})


NO_MATCH: list[Any] = [
    pytest.param([asked_mdoc(claims=[element("sex")])], id="a-missing-element"),
    pytest.param(
        [asked_mdoc(claims=[{"path": ["org.example", "given_name"]}])],
        id="another-namespace",
    ),
    pytest.param(
        [asked_mdoc(claims=[element("issuing_country", values=["FR"])])],
        id="another-value-of-an-element",
    ),
    pytest.param(
        [asked_mdoc(trusted_authorities=[{"type": "aki", "values": ["AAAA"]}])],
        id="another-authority-of-an-mdoc",
    ),
    pytest.param([MDOC], id="another-format"),
    pytest.param([asked(meta={"vct_values": ["urn:other"]})], id="another-type"),
    pytest.param([asked(claims=[{"path": ["sex"]}])], id="a-missing-claim"),
    pytest.param(
        [asked(claims=[{"path": ["issuing_country"], "values": ["FR"]}])],
        id="another-value",
    ),
    pytest.param([asked(), MDOC], id="one-of-two"),
    pytest.param(
        [asked(trusted_authorities=[{"type": "aki", "values": ["AAAA"]}])],
        id="another-authority",
    ),
    pytest.param(
        [asked(trusted_authorities=[{"type": "etsi_tl", "values": ["x"]}])],
        id="a-trusted-list",
    ),
]


@pytest.mark.parametrize("credentials", NO_MATCH)
def test_no_match_is_access_denied(wallet: Wallet, credentials: list[Any]) -> None:
    with pytest.raises(RequestRefusedError, match="access_denied"):
        answered(wallet, {"credentials": credentials})


BAD_QUERIES: list[Any] = [
    pytest.param([asked_mdoc(meta={})], "doctype_value", id="no-doctype"),
    pytest.param(
        [asked_mdoc(claims=[{"path": [SPACE]}])], "a namespace and", id="path-of-one"
    ),
    pytest.param(
        [asked_mdoc(claims=[{"path": [SPACE, "nationality", 0]}])],
        "a namespace and",
        id="path-of-three",
    ),
    pytest.param(
        [asked_mdoc(claims=[{"path": [SPACE, None]}])], "a namespace and", id="null"
    ),
    pytest.param(
        [asked_mdoc(claims=[element("sex", intent_to_retain="no")])],
        "intent_to_retain",
        id="intent-that-is-text",
    ),
    pytest.param([asked(multiple="yes")], "multiple", id="multiple-that-is-text"),
    pytest.param([asked(claims=NAME * 2)], "asked for twice", id="a-claim-twice"),
    pytest.param(
        [asked(claim_sets=[["a"]])], "without claims", id="claim-sets-without-claims"
    ),
    pytest.param(
        [asked(claims=[{"path": ["x"], "values": [1.5]}])], "values", id="value-1.5"
    ),
    pytest.param([asked(), asked()], "same id", id="an-id-twice"),
    pytest.param([asked("a b")], "needs an id", id="an-id-with-a-space"),
    pytest.param([asked(format=7)], "needs a format", id="a-format-that-is-no-text"),
    pytest.param(
        [asked(claims=[{"id": 7, "path": ["x"]}])], "is a string", id="a-claim-id-7"
    ),
    pytest.param([asked(claims=[{"path": [-1]}])], "path", id="a-negative-index"),
    pytest.param([asked(claims=[{"path": [True]}])], "path", id="true-as-index"),
    pytest.param(["x"], "must be an object", id="a-query-that-is-no-object"),
]


@pytest.mark.parametrize(("credentials", "complaint"), BAD_QUERIES)
def test_a_bad_query_is_an_invalid_request(
    credentials: list[Any], complaint: str
) -> None:
    with pytest.raises(RequestRefusedError, match=complaint) as refusal:
        parse_query({"credentials": credentials})

    assert refusal.value.error == "invalid_request"
