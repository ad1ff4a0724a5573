"""A PID is the same person in both encodings."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from hsm.memory_device import MemoryDevice
from openid4vp.dcql import MSO_MDOC, SD_JWT_VC, DcqlQuery
from openid4vp.errors import InvalidTransactionDataError, QueryNotSatisfiedError
from openid4vp.profile import PRODUCTION, STANDARD_DIALECT
from openid4vp.transaction_data import QesApprovalRequest, check_request
from openid4vp.verified import (
    ALL_CHECKS_HELD,
    VerifiedCredential,
    VerifiedPresentation,
)
from sam import approvals, pid
from sam import messages as m
from tests.openid4vp import strategies, wallet

DEVICE = MemoryDevice()
ERIKA: dict[str, Any] = {
    "family_name": "Mustermann",
    "given_name": "Erika",
    "issuing_country": "DE",
    "personal_administrative_number": "TEST-DE-1",
}
few = settings(max_examples=50, deadline=None, derandomize=True, database=None)


def held(claims: Mapping[str, object], *, mdoc: bool) -> VerifiedCredential:
    """What verification yields for a PID with these claims, under their own names."""
    return VerifiedCredential(
        query_id=pid.PID_MDOC if mdoc else pid.PID,
        format=MSO_MDOC if mdoc else SD_JWT_VC,
        type=pid.PID_DOCTYPE if mdoc else pid.PID_VCT,
        provider="se-pid",
        claims={pid.PID_NAMESPACE: claims} if mdoc else claims,
        holder_key_thumbprint="thumbprint",
        holder_key={},
        presentation="of an mdoc" if mdoc else "of an sd-jwt",
        issued_sha256=b"",
        issuer_certificate=wallet.PID_LEAF,
        expires_at=None,
        key_binding=None,
        status=None,
        approved=(),
        token=ALL_CHECKS_HELD,
    )


def queries(*claims: str) -> DcqlQuery:
    rules = [m.MatchRule(claim=claim, equals="x") for claim in claims]  # type: ignore[arg-type]
    return approvals.identification_query(pid.pid_queries(rules))


# --- what is asked ---------------------------------------------------------------


def test_both_encodings_are_asked_for_the_same() -> None:
    sd_jwt, mdoc = pid.pid_queries(
        [m.MatchRule(claim="birthdate", equals="1984-08-12")]
    )

    asked = [claim.path for claim in sd_jwt.claims]
    assert asked == [
        ("family_name",),
        ("given_name",),
        ("issuing_country",),
        ("birthdate",),
        ("personal_administrative_number",),
        ("document_number",),
    ]
    elements = ["birth_date" if path == ("birthdate",) else path[0] for path in asked]
    assert [claim.path for claim in mdoc.claims] == [
        (pid.PID_NAMESPACE, element) for element in elements
    ]
    assert sd_jwt.claim_sets == mdoc.claim_sets


def test_types_and_formats_are_those_of_the_rulebook() -> None:
    sd_jwt, mdoc = pid.pid_queries()

    assert (sd_jwt.format, sd_jwt.vct_values) == ("dc+sd-jwt", ("urn:eudi:pid:1",))
    assert (mdoc.format, mdoc.doctype_value) == ("mso_mdoc", "eu.europa.ec.eudi.pid.1")
    assert {*sd_jwt.vct_values} == pid.accepted_types(PRODUCTION)[sd_jwt.id]
    assert {mdoc.doctype_value} == pid.accepted_types(PRODUCTION)[mdoc.id]


def test_only_what_a_rule_compares_is_not_kept() -> None:
    _, mdoc = pid.pid_queries([m.MatchRule(claim="birthdate", equals="1984-08-12")])

    forgotten = [claim.id for claim in mdoc.claims if not claim.intent_to_retain]
    assert forgotten == ["birthdate"]


APPROVAL = approvals.approval_query(pid.pid_queries(), "https://sign.example.eu/pass")


@pytest.mark.parametrize("answered", [{"pid"}, {"pid_mdoc"}], ids="-".join)
def test_either_encoding_identifies(answered: set[str]) -> None:
    queries("birthdate").evaluate(answered)
    APPROVAL.evaluate(answered | {"signing_pass"})


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param({"pid", "pid_mdoc"}, id="both"),
        pytest.param({"signing_pass"}, id="pass-alone"),
        pytest.param(set(), id="nothing"),
    ],
)
@pytest.mark.parametrize("query", [queries(), APPROVAL], ids=["identify", "sign"])
def test_two_persons_or_none_are_no_identification(
    query: DcqlQuery, answered: set[str]
) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        query.evaluate(answered)


@pytest.mark.parametrize("answered", [{"pid"}, {"pid_mdoc"}], ids="-".join)
def test_a_pid_without_pass_is_no_approval(answered: set[str]) -> None:
    with pytest.raises(QueryNotSatisfiedError):
        APPROVAL.evaluate(answered)


@pytest.mark.parametrize("addressed", [pid.PID, pid.PID_MDOC])
def test_no_pid_can_be_asked_to_approve(addressed: str) -> None:
    approval = wallet.b64_json(
        {
            "type": QesApprovalRequest.TYPE,
            "credential_ids": [addressed],
            "transaction_data_hashes_alg": ["sha-256"],
        }
    )

    with pytest.raises(InvalidTransactionDataError):
        check_request([approval], APPROVAL, STANDARD_DIALECT)


# --- who it says is there --------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "value", "common"),
    [
        ("birth_date", "1984-08-12", {"birthdate": "1984-08-12"}),
        ("nationality", ["DE", "SE"], {"nationalities": ["DE", "SE"]}),
        ("family_name_birth", "X", {"birth_family_name": "X"}),
        ("given_name_birth", "X", {"birth_given_name": "X"}),
        ("email_address", "a@b", {"email": "a@b"}),
        ("mobile_phone_number", "+1", {"phone_number": "+1"}),
        ("expiry_date", "2030-01-01", {"date_of_expiry": "2030-01-01"}),
        ("issuance_date", "2020-01-01", {"date_of_issuance": "2020-01-01"}),
        ("resident_address", "X", {"address": {"formatted": "X"}}),
        ("resident_country", "X", {"address": {"country": "X"}}),
        ("resident_state", "X", {"address": {"region": "X"}}),
        ("resident_city", "X", {"address": {"locality": "X"}}),
        ("resident_postal_code", "X", {"address": {"postal_code": "X"}}),
        ("resident_street", "X", {"address": {"street_address": "X"}}),
        ("resident_house_number", "X", {"address": {"house_number": "X"}}),
        ("place_of_birth", {"country": "X"}, {"place_of_birth": {"country": "X"}}),
        ("sex", 2, {"sex": 2}),
        ("document_number", "X", {"document_number": "X"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_element_stands_where_the_claim_does(
    element: str, value: object, common: dict[str, object]
) -> None:
    assert pid.common_claims(held({element: value}, mdoc=True)) == common


def test_parts_of_an_address_stand_together() -> None:
    parts = {"resident_city": "X", "resident_street": "Y"}

    assert pid.common_claims(held(parts, mdoc=True)) == {
        "address": {"locality": "X", "street_address": "Y"}
    }


def test_the_claims_of_an_sd_jwt_are_the_common_ones() -> None:
    """Its names are left alone, even those that an mdoc uses for others."""
    claims = {"birth_date": "x", "family_name": "y"}

    assert pid.common_claims(held(claims, mdoc=False)) == claims


@few
@given(strategies.pid_data())
def test_the_same_person_is_the_same_signer_in_both(person: dict[str, Any]) -> None:
    elements = strategies.as_mdoc(person)[strategies.PID_NAMESPACE]

    by_sd_jwt = approvals.identify(DEVICE, held(person, mdoc=False))
    by_mdoc = approvals.identify(DEVICE, held(elements, mdoc=True))

    presentation = by_sd_jwt.presentation_sha256
    assert replace(by_mdoc, presentation_sha256=presentation) == by_sd_jwt


def test_another_person_is_another_signer_in_an_mdoc() -> None:
    other = {**ERIKA, "personal_administrative_number": "TEST-DE-2"}

    first = approvals.identify(DEVICE, held(ERIKA, mdoc=True))
    second = approvals.identify(DEVICE, held(other, mdoc=True))

    assert first.signer_id != second.signer_id


def test_the_digest_is_of_the_text_that_was_presented() -> None:
    by_mdoc = approvals.identify(DEVICE, held(ERIKA, mdoc=True))

    assert by_mdoc.presentation_sha256 == hashlib.sha256(b"of an mdoc").digest()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"personal_administrative_number": 7}, id="number-not-text"),
        pytest.param({"personal_administrative_number": ["1"]}, id="number-a-list"),
        pytest.param({"personal_administrative_number": None}, id="no-number"),
        pytest.param({"given_name": {"x": 1}}, id="name-a-map"),
        pytest.param({"family_name": True}, id="name-a-boolean"),
        pytest.param({"issuing_country": 49}, id="country-an-integer"),
        pytest.param({"personal_administrative_number": "1" * 200}, id="number-long"),
        pytest.param({"given_name": "E" * 150}, id="name-long"),
    ],
)
def test_elements_of_another_kind_are_no_person(changed: dict[str, object]) -> None:
    """An mdoc's issuer may sign any CBOR under any name."""
    with pytest.raises(approvals.NotAnApprovalError):
        approvals.identify(DEVICE, held({**ERIKA, **changed}, mdoc=True))


@pytest.mark.parametrize("mdoc", [False, True], ids=["sd-jwt", "mdoc"])
@pytest.mark.parametrize(
    ("equals", "verdict"), [("1984-08-12", True), ("1984-08-13", False)]
)
def test_a_rule_compares_the_birth_date_of_either(
    mdoc: bool, equals: str, verdict: bool
) -> None:
    name = "birth_date" if mdoc else "birthdate"
    claims = pid.common_claims(held({name: "1984-08-12"}, mdoc=mdoc))

    rule = m.MatchRule(claim="birthdate", equals=equals)
    assert approvals.matches(claims, [rule]) is verdict


@pytest.mark.parametrize("mdoc", [False, True], ids=["sd-jwt", "mdoc"])
def test_the_pid_of_an_answer_is_found(mdoc: bool) -> None:
    one = held(ERIKA, mdoc=mdoc)
    answer = VerifiedPresentation(
        credentials={one.query_id: one}, several={}, token=ALL_CHECKS_HELD
    )

    assert pid.pid_of(answer) is one
