"""The whole answer: what is accepted, what comes back, and what spoils all of it.

The refusals of each part are in the tests of that part; they all begin with the
answer that ``test_the_unchanged_answer_is_accepted`` proves to be right.
"""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from openid4vp import errors as e
from openid4vp.dcql import CredentialSetQuery, DcqlQuery
from openid4vp.verified import VerifiedCredential, VerifiedPresentation
from openid4vp.verify import verify_response
from tests.openid4vp import wallet
from tests.openid4vp.deviations import (
    MINUTE,
    QES_APPROVAL,
    Change,
    approval,
    at,
    cnf,
    header,
    proof,
    recursive,
    reissued,
    sealed,
    std_digest,
    without,
    wrapped,
)
from tests.openid4vp.scene import (
    APPROVAL,
    IDENTIFY,
    POLICY,
    QUERY,
    SIGN,
    TRUST,
    verify,
)
from tests.openid4vp.wallet import DAY, NOW, SECOND


def test_the_unchanged_answer_is_accepted() -> None:
    """Guards the table: a broken builder would make every row pass."""
    verified = verify(wallet.answer(SIGN).body())

    assert verified.credentials.keys() == {"pid", "signing_pass"}


TOLERATED = [
    pytest.param(lambda a: None, id="unchanged"),
    pytest.param(sealed(enc="A256GCM"), id="A256GCM"),
    pytest.param(sealed(apu=..., apv=...), id="no-apu-no-apv"),
    pytest.param(sealed(apv="AA"), id="JW7-any-apv"),
    pytest.param(sealed(typ="JWT", cty="x"), id="other-headers"),
    pytest.param(wrapped(iss="x"), id="unknown-payload-member"),
    pytest.param(without("payload", "iss"), id="no-iss"),
    pytest.param(without("payload", "_sd_alg"), id="default-sd-alg"),
    pytest.param(header(kid="../../x"), id="VP6-kid-unread"),
    pytest.param(header(x5u="http://x"), id="VP6-x5u-unread"),
    pytest.param(lambda a: a.pid.payload["cnf"].update(kid="k"), id="cnf-with-kid"),
    pytest.param(cnf(kid="k", alg="ES256", use="sig"), id="full-cnf-jwk"),
    pytest.param(reissued(exp=at(NOW - 59 * SECOND)), id="exp-within-skew"),
    pytest.param(reissued(nbf=at(NOW + 60 * SECOND)), id="nbf-within-skew"),
    pytest.param(reissued(exp=at(NOW) + 0.5), id="exp-with-fraction"),
    pytest.param(reissued(exp=253402300799), id="exp-at-the-end-of-9999"),
    pytest.param(reissued(nbf=0, iat=0), id="nbf-in-1970"),
    pytest.param(proof(iat=at(NOW + 60 * SECOND)), id="VP12-iat-60-s-ahead"),
    pytest.param(proof(iat=at(NOW - 90 * SECOND)), id="iat-at-request-minus-skew"),
    pytest.param(proof(exp=at(NOW + MINUTE), nbf=at(NOW)), id="kb-with-exp-and-nbf"),
    pytest.param(lambda a: a.pid.hide("sex", 1), id="more-than-was-asked"),
    pytest.param(recursive(16), id="nested-disclosures"),
    pytest.param(
        proof(
            transaction_data_hashes=[wallet.sha256(APPROVAL)],
            transaction_data_hashes_alg="sha-256",
        ),
        id="hashes-in-every-presentation",
    ),
    pytest.param(
        approval(**{QES_APPROVAL: std_digest(APPROVAL.encode())}),
        id="H62-qes-approval-of-the-string",
    ),
    pytest.param(
        approval(
            **{QES_APPROVAL: std_digest(base64.urlsafe_b64decode(APPROVAL + "=="))}
        ),
        id="H62-qes-approval-of-the-json",
    ),
]


@pytest.mark.parametrize("change", TOLERATED)
def test_what_real_wallets_do_is_accepted(change: Change) -> None:
    answer = wallet.answer(SIGN)
    change(answer)

    verified = verify(answer.body())

    assert verified.credentials["signing_pass"].approved == (APPROVAL,)


def test_the_verified_pid_holds_only_what_was_asked() -> None:
    answer = wallet.answer(SIGN)
    answer.pid.hide("sex", 1)

    pid = verify(answer.body()).credentials["pid"]

    assert pid.claims == {
        "family_name": "Lindqvist",
        "given_name": "Åsa",
        "issuing_country": "SE",
        "personal_administrative_number": "199001019802",
    }


def test_a_document_number_serves_where_there_is_no_administrative_number() -> None:
    answer = wallet.answer(SIGN)
    answer.pid.payload["_sd"].remove(wallet.sha256(answer.pid.disclosures.pop()))
    answer.pid.hide("document_number", "X-1")

    assert verify(answer.body()).credentials["pid"].claims["document_number"] == "X-1"


def test_the_verified_pid_names_its_provider_key_and_proof() -> None:
    answer = wallet.answer(SIGN)
    text = answer.pid.text()

    pid = verify(answer.body()).credentials["pid"]

    jwk = wallet.public_jwk(wallet.key("holder of PID"))
    thumbprint = wallet.sha256(json.dumps(jwk, sort_keys=True, separators=(",", ":")))
    assert (pid.query_id, pid.type, pid.provider) == ("pid", "urn:eudi:pid:1", "se-pid")
    assert (pid.holder_key, pid.holder_key_thumbprint) == (jwk, thumbprint)
    assert (pid.presentation, pid.issuer_certificate) == (text, wallet.PID_LEAF)
    assert (pid.expires_at, pid.approved) == (NOW + DAY, ())
    assert pid.format == "dc+sd-jwt"
    assert pid.key_binding is not None
    assert (pid.key_binding.iat, pid.key_binding.nonce) == (at(NOW), SIGN.nonce)


def test_identification_needs_no_approval() -> None:
    verified = verify(wallet.answer(IDENTIFY).body(), IDENTIFY)

    assert verified.credentials["signing_pass"].approved == ()


UNASKED = [
    pytest.param({"transaction_data_hashes": ["AAAA"]}, id="H61-hashes"),
    pytest.param({"transaction_data_hashes_alg": "sha-256"}, id="H61-alg"),
    pytest.param({QES_APPROVAL: "AAAA"}, id="H61-qes-approval"),
]


@pytest.mark.parametrize("members", UNASKED)
def test_an_approval_nobody_asked_for_is_refused(members: dict[str, Any]) -> None:
    answer = wallet.answer(IDENTIFY)
    answer.signing_pass.kb_payload.update(members)

    with pytest.raises(e.TransactionDataMismatchError):
        verify(answer.body(), IDENTIFY)


def test_an_old_proof_is_refused_in_a_long_transaction() -> None:
    long = replace(SIGN, created_at=NOW - DAY)
    answer = wallet.answer(long)
    answer.pid.kb_payload["iat"] = at(NOW - 301 * SECOND)

    with pytest.raises(e.HolderBindingError):
        verify(answer.body(), long)


def test_a_proof_of_five_minutes_ago_is_accepted_in_a_long_transaction() -> None:
    long = replace(SIGN, created_at=NOW - DAY)
    answer = wallet.answer(long)
    answer.pid.kb_payload["iat"] = at(NOW - 300 * SECOND)

    assert verify(answer.body(), long).credentials["pid"].query_id == "pid"


def test_an_answer_to_an_expired_transaction_is_refused() -> None:
    body = wallet.answer(SIGN).body()

    with pytest.raises(e.TransactionExpiredError):
        verify_response(SIGN, body, TRUST, policy=POLICY, now=SIGN.expires_at)


def test_a_replay_into_another_transaction_is_refused() -> None:
    other = replace(SIGN, nonce="another", state="another")
    answer = wallet.answer(SIGN)
    answer.payload["state"] = "another"

    with pytest.raises(e.NonceMismatchError):
        verify(answer.body(), other)


def test_policy_can_demand_a_status() -> None:
    strict = replace(POLICY, accept_absent_status=False)

    with pytest.raises(e.StatusUnknownError):
        verify(wallet.answer(SIGN).body(), policy=strict)


def test_an_approval_that_nobody_was_there_to_give_is_refused() -> None:
    optional = DcqlQuery(
        credentials=QUERY.credentials,
        credential_sets=(
            CredentialSetQuery(options=(("pid",),)),
            CredentialSetQuery(options=(("signing_pass",),), required=False),
        ),
    )
    transaction = replace(SIGN, query=optional)
    answer = wallet.answer(transaction)
    answer.vp_token.pop("signing_pass")

    with pytest.raises(e.TransactionDataMismatchError):
        verify(answer.body(), transaction)


@pytest.mark.parametrize("kind", [VerifiedCredential, VerifiedPresentation])
def test_a_verified_value_cannot_be_made_by_hand(kind: type[Any]) -> None:
    names = [f for f in kind.__dataclass_fields__ if f != "token"]

    with pytest.raises(RuntimeError, match="only verification"):
        kind(**dict.fromkeys(names), token=None)


def test_a_verified_value_cannot_be_changed_into_another() -> None:
    verified = verify(wallet.answer(SIGN).body())

    # which of them depends on the version of Python
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        replace(verified, credentials={})
