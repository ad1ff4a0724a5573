"""A query as JSON: written as the standard says, read strictly."""

import pytest

from openid4vp.dcql import (
    MSO_MDOC,
    SD_JWT_VC,
    ClaimsQuery,
    CredentialSetQuery,
    DcqlQuery,
    TrustedAuthority,
)
from openid4vp.errors import InvalidQueryError
from tests.openid4vp.queries import AKI, NAMESPACE, claim, credential, mdoc
from tests.openid4vp.scene import QUERY

WITH_SETS = DcqlQuery(
    credentials=(credential(), mdoc(id="b"), mdoc(id="c")),
    credential_sets=(
        CredentialSetQuery(options=(("a",), ("b",))),
        CredentialSetQuery(options=(("c",), ("c", "a")), required=False),
    ),
)
WITH_VALUES = DcqlQuery(
    credentials=(
        credential(
            claims=(
                ClaimsQuery(path=("n", None, 0), id="n", values=("SE", 1, True)),
                claim("x", id="x"),
            ),
            claim_sets=(("n", "x"), ("x",)),
        ),
    ),
    credential_sets=(CredentialSetQuery(options=(("a",),), required=False),),
)


WHOLE = DcqlQuery(
    credentials=(
        credential(
            multiple=True,
            trusted_authorities=(TrustedAuthority(values=(AKI, "AAAA")),),
        ),
        mdoc(
            id="b",
            claims=(
                ClaimsQuery(
                    path=(NAMESPACE, "age"), values=(1,), intent_to_retain=False
                ),
                ClaimsQuery(path=(NAMESPACE, "name"), intent_to_retain=True),
            ),
        ),
    ),
)


@pytest.mark.parametrize("query", [QUERY, WITH_SETS, WITH_VALUES, WHOLE])
def test_a_query_survives_json(query: DcqlQuery) -> None:
    assert DcqlQuery.from_json(query.to_json()) == query


def test_a_credential_set_is_required_unless_it_says_otherwise() -> None:
    assert CredentialSetQuery.from_json({"options": [["a"]]}).required


def test_a_query_is_written_as_the_standard_says() -> None:
    query = credential(
        claims=(
            ClaimsQuery(path=("n", None), id="n", values=("SE", 1)),
            claim("x", id="x"),
        ),
        claim_sets=(("n",), ("x",)),
    )

    assert query.to_json() == {
        "id": "a",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:x"]},
        "claims": [
            {"path": ["n", None], "id": "n", "values": ["SE", 1]},
            {"path": ["x"], "id": "x"},
        ],
        "claim_sets": [["n"], ["x"]],
    }


def test_an_mdoc_and_all_else_are_written_as_the_standard_says() -> None:
    several, card = WHOLE.to_json()["credentials"]  # type: ignore[misc]

    assert several == {
        "id": "a",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:x"]},
        "multiple": True,
        "trusted_authorities": [{"type": "aki", "values": [AKI, "AAAA"]}],
    }
    assert card == {
        "id": "b",
        "format": "mso_mdoc",
        "meta": {"doctype_value": "org.iso.18013.5.1.mDL"},
        "claims": [
            {"path": [NAMESPACE, "age"], "values": [1], "intent_to_retain": False},
            {"path": [NAMESPACE, "name"], "intent_to_retain": True},
        ],
    }


def written(**members: object) -> dict[str, object]:
    """A query as JSON, with members of its only credential changed or, as ..., gone."""
    right = {"id": "a", "format": SD_JWT_VC, "meta": {"vct_values": ["urn:x"]}}
    merged = {name: v for name, v in {**right, **members}.items() if v is not ...}
    return {"credentials": [merged]}


def claims(*items: object) -> dict[str, object]:
    return written(claims=list(items))


NO_QUERY = [
    pytest.param(None, id="null"),
    pytest.param([], id="an-array"),
    pytest.param({}, id="no-credentials"),
    pytest.param({"credentials": {}}, id="credentials-an-object"),
    pytest.param({"credentials": []}, id="credentials-empty"),
    pytest.param({"credentials": ["x"]}, id="credential-a-string"),
    pytest.param({"credentials": [1]}, id="credential-a-number"),
    pytest.param(written(id=...), id="no-id"),
    pytest.param(written(id=1), id="id-a-number"),
    pytest.param(written(format=...), id="no-format"),
    pytest.param(written(meta=...), id="no-meta"),
    pytest.param(written(meta=[]), id="meta-an-array"),
    pytest.param(written(meta={}), id="A7-meta-empty"),
    pytest.param(written(meta={"vct_values": []}), id="vct-values-empty"),
    pytest.param(written(meta={"vct_values": "urn:x"}), id="vct-values-a-string"),
    pytest.param(written(meta={"vct_values": [1]}), id="vct-a-number"),
    pytest.param(
        written(format=MSO_MDOC, meta={"doctype_value": 1}), id="doctype-a-number"
    ),
    pytest.param(
        written(format=MSO_MDOC, meta={"doctype_value": ["x"]}), id="doctype-an-array"
    ),
    pytest.param(written(multiple="true"), id="multiple-a-string"),
    pytest.param(written(multiple=None), id="multiple-null"),
    pytest.param(
        written(require_cryptographic_holder_binding=False), id="no-holder-proof"
    ),
    pytest.param(written(trusted_authorities=[]), id="authorities-empty"),
    pytest.param(written(trusted_authorities={}), id="authorities-an-object"),
    pytest.param(written(trusted_authorities=["x"]), id="authority-a-string"),
    pytest.param(
        written(trusted_authorities=[{"values": [AKI]}]), id="authority-of-no-type"
    ),
    pytest.param(
        written(trusted_authorities=[{"type": "aki"}]), id="authority-without-values"
    ),
    pytest.param(
        written(trusted_authorities=[{"type": "aki", "values": [1]}]),
        id="authority-a-number",
    ),
    pytest.param(
        written(
            trusted_authorities=[{"type": "openid_federation", "values": ["AAAA"]}]
        ),
        id="authority-of-another-type",
    ),
    pytest.param(claims(), id="claims-empty"),
    pytest.param(claims("x"), id="claim-a-string"),
    pytest.param(claims({}), id="no-path"),
    pytest.param(claims({"path": []}), id="path-empty"),
    pytest.param(claims({"path": "x"}), id="path-a-string"),
    pytest.param(claims({"path": [{}]}), id="step-an-object"),
    pytest.param(claims({"path": ["x"], "values": []}), id="values-empty"),
    pytest.param(claims({"path": ["x"], "values": "x"}), id="values-a-string"),
    pytest.param(claims({"path": ["x"], "values": [[]]}), id="value-an-array"),
    pytest.param(
        claims({"path": ["x"], "intent_to_retain": "no"}), id="retain-a-string"
    ),
    pytest.param(written(claim_sets=[["x"]]), id="A7-claim-sets-without-claims"),
    pytest.param(
        written(claims=[{"path": ["x"], "id": "x"}], claim_sets=[]),
        id="claim-sets-empty",
    ),
    pytest.param(
        written(claims=[{"path": ["x"], "id": "x"}], claim_sets=["x"]),
        id="claim-set-a-string",
    ),
    pytest.param(
        written(claims=[{"path": ["x"], "id": "x"}], claim_sets=[[{}]]),
        id="claim-set-of-objects",
    ),
    pytest.param({**written(), "credential_sets": []}, id="sets-empty"),
    pytest.param({**written(), "credential_sets": ["a"]}, id="set-a-string"),
    pytest.param({**written(), "credential_sets": [{}]}, id="set-without-options"),
    pytest.param(
        {**written(), "credential_sets": [{"options": [[]]}]}, id="empty-option"
    ),
    pytest.param(
        {**written(), "credential_sets": [{"options": ["a"]}]}, id="option-a-string"
    ),
    pytest.param(
        {**written(), "credential_sets": [{"options": [["a"]], "required": None}]},
        id="required-null",
    ),
]


@pytest.mark.parametrize("value", NO_QUERY)
def test_json_that_is_no_query_is_refused(value: object) -> None:
    with pytest.raises(InvalidQueryError):
        DcqlQuery.from_json(value)


def test_members_nobody_knows_are_ignored() -> None:
    """Guards the table above, too: the unchanged query is one."""
    claim_with_more = {"path": ["x"], "hint": 1}
    more = written(
        claims=[claim_with_more], require_cryptographic_holder_binding=True, hint={}
    )

    query = DcqlQuery.from_json({**more, "purpose": []})

    assert query == DcqlQuery(credentials=(credential(claims=(claim("x"),)),))


def test_the_formats_of_a_query_are_named_once() -> None:
    query = DcqlQuery(credentials=(mdoc(), credential(id="b"), mdoc(id="c")))

    assert query.formats() == (MSO_MDOC, SD_JWT_VC)
