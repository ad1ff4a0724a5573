"""The query: valid or not there, and the judge of the ids of an answer."""

import time
from collections.abc import Callable

import pytest

from openid4vp.dcql import (
    ClaimsQuery,
    CredentialSetQuery,
    DcqlQuery,
    TrustedAuthority,
)
from openid4vp.errors import InvalidQueryError, QueryNotSatisfiedError
from tests.openid4vp.queries import AKI, NAMESPACE, claim, credential, element, mdoc

A, B, C = (credential(id=name) for name in "abc")
SETS = (
    CredentialSetQuery(options=(("a",), ("b",))),
    CredentialSetQuery(options=(("c",), ("c", "a")), required=False),
)
ONE_OF_A = CredentialSetQuery(options=(("a",),))
WITH_SETS = DcqlQuery(credentials=(A, B, C), credential_sets=SETS)
BAD = [
    pytest.param(lambda: ClaimsQuery(path=()), id="empty-path"),
    pytest.param(lambda: ClaimsQuery(path=("a", -1)), id="negative-index"),
    pytest.param(lambda: ClaimsQuery(path=(True,)), id="boolean-index"),
    pytest.param(lambda: ClaimsQuery(path=(1.0,)), id="float-index"),  # type: ignore[arg-type]
    pytest.param(lambda: ClaimsQuery(path=(2**53,)), id="index-beyond-json"),
    pytest.param(lambda: ClaimsQuery(path=("a",), id="a b"), id="claim-id"),
    pytest.param(lambda: ClaimsQuery(path=("a",), id=""), id="empty-claim-id"),
    pytest.param(lambda: ClaimsQuery(path=("a",), values=(1.5,)), id="float-value"),  # type: ignore[arg-type]
    pytest.param(lambda: ClaimsQuery(path=("a",), values=(None,)), id="null-value"),  # type: ignore[arg-type]
    pytest.param(lambda: ClaimsQuery(path=("a",), values=("x",) * 65), id="65-values"),
    pytest.param(
        lambda: ClaimsQuery(path=("a",), intent_to_retain=1),  # type: ignore[arg-type]
        id="retain-a-number",
    ),
    pytest.param(lambda: credential(multiple=1), id="multiple-a-number"),
    pytest.param(lambda: credential(vct_values=("",)), id="empty-vct"),
    pytest.param(lambda: credential(vct_values=("x", "x")), id="vct-twice"),
    pytest.param(lambda: credential(doctype_value="x"), id="doctype-of-an-sd-jwt"),
    pytest.param(
        lambda: credential(claims=(ClaimsQuery(path=("a",), intent_to_retain=True),)),
        id="retain-in-an-sd-jwt",
    ),
    pytest.param(
        lambda: credential(claims=tuple(claim(f"c{n}") for n in range(65))),
        id="65-claims",
    ),
    pytest.param(lambda: mdoc(doctype_value=None), id="A7-no-doctype"),
    pytest.param(lambda: mdoc(doctype_value=""), id="empty-doctype"),
    pytest.param(lambda: mdoc(vct_values=("urn:x",)), id="vct-of-an-mdoc"),
    pytest.param(lambda: element(NAMESPACE), id="mdoc-path-of-one"),
    pytest.param(lambda: element(NAMESPACE, "a", "b"), id="mdoc-path-of-three"),
    pytest.param(lambda: element(NAMESPACE, 0), id="mdoc-path-with-index"),
    pytest.param(lambda: element(NAMESPACE, None), id="mdoc-path-with-null"),
    pytest.param(lambda: element(NAMESPACE, "a", 0), id="mdoc-path-into-an-array"),
    pytest.param(
        lambda: credential(claims=(claim("x", id="x"),), claim_sets=(("x", "x"),)),
        id="claim-twice-in-a-set",
    ),
    pytest.param(lambda: TrustedAuthority(values=()), id="no-authority"),
    pytest.param(lambda: TrustedAuthority(values=("a=",)), id="padded-authority"),
    pytest.param(lambda: TrustedAuthority(values=("",)), id="empty-authority"),
    pytest.param(lambda: TrustedAuthority(values=(AKI,) * 65), id="65-authorities"),
    pytest.param(
        lambda: TrustedAuthority(values=(7,)),  # type: ignore[arg-type]
        id="authority-a-number",
    ),
    pytest.param(
        lambda: TrustedAuthority(type="etsi_tl", values=("AAAA",)),  # type: ignore[arg-type]
        id="authority-that-cannot-be-checked",
    ),
    pytest.param(lambda: credential(id="a.b"), id="A7-credential-id"),
    pytest.param(lambda: credential(id=""), id="A7-empty-id"),
    pytest.param(lambda: credential(vct_values=()), id="A7-no-meta"),
    pytest.param(lambda: credential(format="jwt_vc_json"), id="other-format"),
    pytest.param(
        lambda: credential(claims=(claim("x"), claim("x"))), id="A7-same-path-twice"
    ),
    pytest.param(
        lambda: credential(claims=(claim("x", id="i"), claim("y", id="i"))),
        id="same-claim-id-twice",
    ),
    pytest.param(
        lambda: credential(claims=(claim("x"),), claim_sets=(("x",),)),
        id="A7-claim-set-without-ids",
    ),
    pytest.param(
        lambda: credential(
            claims=(claim("x", id="x"), claim("y")), claim_sets=(("x",),)
        ),
        id="A7-claim-without-id-beside-sets",
    ),
    pytest.param(
        lambda: credential(claims=(claim("x", id="x"),), claim_sets=((),)),
        id="empty-claim-set",
    ),
    pytest.param(
        lambda: credential(claims=(claim("x", id="x"),), claim_sets=(("y",),)),
        id="unknown-claim-in-set",
    ),
    pytest.param(lambda: DcqlQuery(credentials=()), id="no-credentials"),
    pytest.param(lambda: DcqlQuery(credentials=(A, A)), id="same-id-twice"),
    pytest.param(
        lambda: DcqlQuery(credentials=tuple(credential(id=f"c{n}") for n in range(17))),
        id="17-credentials",
    ),
    pytest.param(
        lambda: DcqlQuery(credentials=(A,), credential_sets=(ONE_OF_A,) * 17),
        id="17-sets",
    ),
    pytest.param(
        lambda: CredentialSetQuery(options=(("a",),), required=1),  # type: ignore[arg-type]
        id="required-a-number",
    ),
    pytest.param(
        lambda: DcqlQuery(
            credentials=(A,),
            credential_sets=(CredentialSetQuery(options=(("a", "a"),)),),
        ),
        id="credential-twice-in-an-option",
    ),
    pytest.param(
        lambda: DcqlQuery(
            credentials=(A,), credential_sets=(CredentialSetQuery(options=()),)
        ),
        id="set-without-options",
    ),
    pytest.param(
        lambda: DcqlQuery(
            credentials=(A,), credential_sets=(CredentialSetQuery(options=(("b",),)),)
        ),
        id="unknown-credential-in-set",
    ),
]


@pytest.mark.parametrize("make", BAD)
def test_a_query_that_wallets_refuse_cannot_be_made(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidQueryError):
        make()


@pytest.mark.parametrize(
    "answered",
    [{"a"}, {"b"}, {"a", "c"}, {"b", "c"}, {"a", "b", "c"}],
    ids=lambda ids: "-".join(sorted(ids)),
)
def test_one_option_of_each_set_is_an_answer(answered: set[str]) -> None:
    WITH_SETS.evaluate(answered)


@pytest.mark.parametrize(
    "answered",
    [set(), {"c"}, {"a", "b"}, {"a", "d"}, {"d"}, {"a", "b", "c", "d"}],
    ids=lambda answered: "-".join(sorted(answered)) or "nothing",
)
def test_less_or_more_than_one_option_is_no_answer(answered: set[str]) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        WITH_SETS.evaluate(answered)


OPTIONAL_PAIR = DcqlQuery(
    credentials=(A, B, C),
    credential_sets=(
        ONE_OF_A,
        CredentialSetQuery(options=(("b", "c"),), required=False),
    ),
)


@pytest.mark.parametrize("answered", [{"a"}, {"a", "b", "c"}], ids=len)
def test_an_optional_set_is_answered_whole_or_not(answered: set[str]) -> None:
    OPTIONAL_PAIR.evaluate(answered)


@pytest.mark.parametrize(
    "answered",
    [{"a", "b"}, {"a", "c"}, {"b", "c"}, {"b"}],
    ids=lambda ids: "-".join(sorted(ids)),
)
def test_half_an_optional_set_is_no_answer(answered: set[str]) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        OPTIONAL_PAIR.evaluate(answered)


def test_a_credential_in_no_set_was_not_asked_for() -> None:
    query = DcqlQuery(credentials=(A, B), credential_sets=(ONE_OF_A,))

    with pytest.raises(QueryNotSatisfiedError):
        query.evaluate({"a", "b"})


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: ClaimsQuery(path=("a",), values=("x",) * 64), id="values"),
        pytest.param(
            lambda: credential(
                claims=tuple(ClaimsQuery(path=(f"c{n}",)) for n in range(64))
            ),
            id="claims",
        ),
        pytest.param(lambda: TrustedAuthority(values=(AKI,) * 64), id="authorities"),
    ],
)
def test_the_most_that_may_be_asked_is_asked(make: Callable[[], object]) -> None:
    assert make()


def test_sixteen_sets_over_sixteen_credentials_take_little_time() -> None:
    ids = [f"c{number}" for number in range(16)]
    query = DcqlQuery(
        credentials=tuple(credential(id=one) for one in ids),
        credential_sets=tuple(
            CredentialSetQuery(options=((one,),), required=False) for one in ids
        ),
    )
    start = time.process_time()

    query.evaluate(ids)

    assert time.process_time() - start < 2
