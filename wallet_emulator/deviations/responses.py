"""Defects of the answer as a whole: what is in it, whose it is, how it travels."""

import json
from collections.abc import Callable

from wallet_emulator.answer import Draft, Presentation, Shown, Stage
from wallet_emulator.deviations.forging import personal_claims, put, require_provider
from wallet_emulator.deviations.registry import (
    ACCEPTED,
    ANY,
    AlterAnswer,
    Deviation,
    answer_deviation,
    deviation,
)
from wallet_emulator.encoding import b64url
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import holder_jwk, pid_claims
from wallet_emulator.wallet import PID, SIGNING_PASS


@deviation(
    "pass-missing",
    stage=Stage.VP_TOKEN,
    breaks="the PID alone answers a request for approval",
    threat="VP17",
    check="31",
    expected="query_not_satisfied",
    kinds=(SIGNING_PASS,),
)
def pass_missing(draft: Draft, target: Presentation) -> None:
    del draft.vp_token[target.query_id]


@deviation(
    "pid-missing",
    stage=Stage.VP_TOKEN,
    breaks="the pass alone approves: nobody is identified",
    threat="VP17",
    check="31",
    expected="query_not_satisfied",
    kinds=(PID,),
)
def pid_missing(draft: Draft, target: Presentation) -> None:
    del draft.vp_token[target.query_id]


@deviation(
    "another-persons-pid",
    stage=Stage.CREDENTIALS,
    breaks="a genuine PID of another person beside this person's pass",
    threat="XD3",
    check="65",
    expected="signer_mismatch",
    kinds=(PID,),
)
def another_persons_pid(draft: Draft, target: Presentation) -> None:
    mine = personal_claims(target).get("family_name")
    other = next(p for p in PERSONS.values() if p.family_name != mine)
    target.kb_key = new_key()
    pid = require_provider(draft).issue(
        pid_claims(other, draft.now),
        holder_jwk(target.kb_key.public_key()),
        draft.now,
    )
    target.present(pid)


@deviation(
    "another-persons-pass",
    stage=Stage.CREDENTIALS,
    breaks="the genuine pass of another person beside this person's PID",
    threat="XD3",
    check="64",
    expected="signer_mismatch",
    kinds=(SIGNING_PASS,),
)
def another_persons_pass(draft: Draft, target: Presentation) -> None:
    other = draft.accomplice
    theirs = None if other is None else other.credential(SIGNING_PASS)
    if theirs is None:
        raise DeviationNotPossibleError("this needs another wallet that holds a pass")
    target.present(theirs.sd_jwt)
    target.kb_key = theirs.key


@answer_deviation(
    "replayed-response",
    stage=Stage.VP_TOKEN,
    breaks="a genuine presentation from an earlier request, encrypted anew",
    threat="VP1",
    check="46",
    expected="nonce_mismatch",
)
def replayed_response(draft: Draft, target: Shown) -> None:
    earlier = draft.wallet.earlier_answer().get(target.query_id)
    if earlier is None:
        raise DeviationNotPossibleError("answer one request honestly first")
    draft.vp_token[target.query_id] = earlier


@deviation(
    "pass-shown-as-pid",
    stage=Stage.VP_TOKEN,
    breaks="the pass answers both queries",
    threat="VP17",
    check="33",
    expected="query_not_satisfied",
    kinds=(PID,),
)
def pass_shown_as_pid(draft: Draft, target: Presentation) -> None:
    approving = draft.of_kind(SIGNING_PASS)
    if approving is None:
        raise DeviationNotPossibleError("the answer has no signing pass")
    put(draft, target, approving.text())


@answer_deviation(
    "vp-token-bare-string",
    stage=Stage.VP_TOKEN,
    breaks="a presentation stands alone instead of in an array, as in old drafts",
    threat="VP19",
    check="30",
    expected="wrong_claim_type",
)
def vp_token_bare_string(draft: Draft, target: Shown) -> None:
    draft.vp_token[target.query_id] = target.text()


@answer_deviation(
    "two-presentations",
    stage=Stage.VP_TOKEN,
    breaks="two presentations for one query",
    threat="VP19",
    check="30",
    expected="query_not_satisfied",
)
def two_presentations(draft: Draft, target: Shown) -> None:
    put(draft, target, target.text(), target.text())


@answer_deviation(
    "extra-query-id",
    stage=Stage.VP_TOKEN,
    breaks="an answer to a query that was not asked",
    threat="VP19",
    check="30",
    expected="query_not_satisfied",
)
def extra_query_id(draft: Draft, target: Shown) -> None:
    draft.vp_token["not_asked"] = [target.text()]


@answer_deviation(
    "state-wrong",
    stage=Stage.PAYLOAD,
    breaks="state is of another transaction",
    threat="XD4",
    check="21",
    expected="state_mismatch",
)
def state_wrong(draft: Draft, target: Shown) -> None:
    draft.payload["state"] = b64url(bytes(32))


@answer_deviation(
    "state-missing",
    stage=Stage.PAYLOAD,
    breaks="state is left out",
    threat="XD4",
    check="21",
    expected="missing_claim",
)
def state_missing(draft: Draft, target: Shown) -> None:
    draft.payload.pop("state", None)


@answer_deviation(
    "response-a256gcm",
    stage=Stage.ENCRYPTION,
    breaks="nothing: the second offered content encryption is used",
    threat="VP20",
    check="19",
    expected=ACCEPTED,
)
def response_a256gcm(draft: Draft, target: Shown) -> None:
    draft.jwe_header["enc"] = "A256GCM"


@answer_deviation(
    "response-enc-not-offered",
    stage=Stage.ENCRYPTION,
    breaks="content encryption that the request did not offer",
    threat="VP20",
    check="19",
    expected="header_not_allowed",
)
def response_enc_not_offered(draft: Draft, target: Shown) -> None:
    draft.jwe_header["enc"] = "A256CBC-HS512"


@answer_deviation(
    "response-key-wrapped",
    stage=Stage.ENCRYPTION,
    breaks="ECDH-ES+A256KW instead of the direct ECDH-ES that was asked",
    threat="VP20",
    check="19",
    expected="header_not_allowed",
)
def response_key_wrapped(draft: Draft, target: Shown) -> None:
    draft.jwe_header["alg"] = "ECDH-ES+A256KW"


@answer_deviation(
    "response-compressed",
    stage=Stage.ENCRYPTION,
    breaks="the plaintext is compressed: a bomb would decompress in the verifier",
    threat="VP20",
    check="19",
    expected="header_not_allowed",
)
def response_compressed(draft: Draft, target: Shown) -> None:
    draft.jwe_header["zip"] = "DEF"


@answer_deviation(
    "response-kid-wrong",
    stage=Stage.ENCRYPTION,
    breaks="kid names a key the request did not offer",
    threat="VP20",
    check="19",
    expected="header_not_allowed",
)
def response_kid_wrong(draft: Draft, target: Shown) -> None:
    draft.jwe_header["kid"] = "another-key"


@answer_deviation(
    "response-encrypted-to-another-key",
    stage=Stage.ENCRYPTION,
    breaks="encrypted to another key under the right kid",
    threat="VP20",
    check="20",
    expected="response_not_decryptable",
)
def response_encrypted_to_another_key(draft: Draft, target: Shown) -> None:
    draft.recipient = public_jwk(new_key().public_key())


@answer_deviation(
    "response-unencrypted",
    stage=Stage.FORM,
    breaks="vp_token and state travel in the clear",
    threat="VP20",
    check="18",
    expected="malformed_response",
)
def response_unencrypted(draft: Draft, target: Shown) -> None:
    draft.form = {"vp_token": json.dumps(draft.vp_token)}
    if draft.request.state is not None:
        draft.form["state"] = draft.request.state


@answer_deviation(
    "response-both-ways",
    stage=Stage.FORM,
    breaks="an encrypted answer with a plain vp_token beside it",
    threat="VP20",
    check="18",
    expected="malformed_response",
)
def response_both_ways(draft: Draft, target: Shown) -> None:
    draft.form["vp_token"] = json.dumps(draft.vp_token)


def _token(change: Callable[[Draft, Shown], object]) -> AlterAnswer:
    """What stands for the query instead of an array with the presentation."""

    def alter(draft: Draft, target: Shown) -> None:
        draft.vp_token[target.query_id] = change(draft, target)

    return alter


def _payload(name: str, change: Callable[[Draft], object]) -> AlterAnswer:
    def alter(draft: Draft, target: Shown) -> None:
        draft.payload[name] = change(draft)

    return alter


def _answered(
    name: str,
    breaks: str,
    expected: str,
    alter: AlterAnswer,
    *,
    stage: Stage = Stage.VP_TOKEN,
    check: str = "30",
) -> Deviation:
    return answer_deviation(
        name,
        stage=stage,
        breaks=breaks,
        threat="VP19",
        check=check,
        expected=expected,
        kinds=ANY[1:],
    )(alter)


MORE = (
    _answered(
        "presentations-empty",
        "an empty array answers the query",
        "query_not_satisfied",
        _token(lambda draft, target: []),
    ),
    _answered(
        "presentation-number",
        "a number stands in the array",
        "wrong_claim_type",
        _token(lambda draft, target: [7]),
    ),
    _answered(
        "presentation-object",
        "an object stands in the array, as for W3C credentials",
        "wrong_claim_type",
        _token(lambda draft, target: [{"presentation": target.text()}]),
    ),
    _answered(
        "presentation-null",
        "null answers the query",
        "wrong_claim_type",
        _token(lambda draft, target: None),
    ),
    _answered(
        "presentation-empty-text",
        "the presentation is an empty string",
        "malformed_response",
        _token(lambda draft, target: [""]),
    ),
    _answered(
        "vp-token-list",
        "vp_token is an array, as in old drafts",
        "wrong_claim_type",
        _payload("vp_token", lambda draft: list(draft.vp_token.values())),
        stage=Stage.PAYLOAD,
    ),
    _answered(
        "vp-token-text",
        "vp_token is JSON inside a string",
        "wrong_claim_type",
        _payload("vp_token", lambda draft: json.dumps(draft.vp_token)),
        stage=Stage.PAYLOAD,
    ),
    _answered(
        "vp-token-empty",
        "vp_token is an empty object",
        "query_not_satisfied",
        _payload("vp_token", lambda draft: {}),
        stage=Stage.PAYLOAD,
        check="31",
    ),
    _answered(
        "state-number",
        "state is a number",
        "wrong_claim_type",
        _payload("state", lambda draft: 7),
        stage=Stage.PAYLOAD,
        check="21",
    ),
    _answered(
        "answer-and-error",
        "the payload holds an error beside vp_token",
        "malformed_response",
        _payload("error", lambda draft: "access_denied"),
        stage=Stage.PAYLOAD,
        check="22",
    ),
)
