"""Defects of the approval: what the pass's key-binding JWT says about the documents.

OpenID4VP 1.0 B.3.3.1 and CSC Data Model Bindings 1.0 §7.2.1.2.
"""

import hashlib
from collections.abc import Callable, Mapping

from wallet_emulator.answer import QES_APPROVAL_CLAIM, Draft, Presentation, Stage
from wallet_emulator.deviations.forging import without_none
from wallet_emulator.deviations.registry import ACCEPTED, Deviation, deviation
from wallet_emulator.encoding import b64, b64url, b64url_decode
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.transaction_data import HASHES, HASHES_ALG, QesApproval
from wallet_emulator.wallet import PID, SIGNING_PASS

_ONLY_PASS = (SIGNING_PASS,)
_OTHER_HASH = b64url(hashlib.sha256(b"another document").digest())


@deviation(
    "transaction-data-hashes-missing",
    stage=Stage.KEY_BINDING,
    breaks="the pass is presented, but says nothing about the transaction data",
    threat="TX7",
    check="60",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def transaction_data_hashes_missing(draft: Draft, target: Presentation) -> None:
    _approval(draft)
    for claim in _APPROVAL_CLAIMS:
        target.kb_claims.pop(claim)


@deviation(
    "transaction-data-hashes-other",
    stage=Stage.KEY_BINDING,
    breaks="the approved hash is of other transaction data",
    threat="TX6",
    check="60",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def transaction_data_hashes_other(draft: Draft, target: Presentation) -> None:
    _approval(draft)
    target.kb_claims["transaction_data_hashes"] = [_OTHER_HASH]


@deviation(
    "transaction-data-hashes-extra",
    stage=Stage.KEY_BINDING,
    breaks="one more hash than transaction data was sent",
    threat="TX6",
    check="60",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def transaction_data_hashes_extra(draft: Draft, target: Presentation) -> None:
    right = _approval(draft).transaction_data_hash()
    target.kb_claims["transaction_data_hashes"] = [right, _OTHER_HASH]


@deviation(
    "transaction-data-hashes-doubled",
    stage=Stage.KEY_BINDING,
    breaks="the right hash twice",
    threat="TX6",
    check="60",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def transaction_data_hashes_doubled(draft: Draft, target: Presentation) -> None:
    right = _approval(draft).transaction_data_hash()
    target.kb_claims["transaction_data_hashes"] = [right, right]


@deviation(
    "transaction-data-hashes-of-json",
    stage=Stage.KEY_BINDING,
    breaks="the hash is over the decoded JSON instead of the string received",
    threat="TX6",
    check="60",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def transaction_data_hashes_of_json(draft: Draft, target: Presentation) -> None:
    decoded = b64url_decode(_approval(draft).encoded)
    hashed = b64url(hashlib.sha256(decoded).digest())
    target.kb_claims["transaction_data_hashes"] = [hashed]


@deviation(
    "transaction-data-hashes-padded",
    stage=Stage.KEY_BINDING,
    breaks="the right hash in padded base64url",
    threat="TX6",
    check="60",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def transaction_data_hashes_padded(draft: Draft, target: Presentation) -> None:
    right = _approval(draft).transaction_data_hash()
    target.kb_claims["transaction_data_hashes"] = [right + "="]


@deviation(
    "transaction-data-hashes-alg-wrong",
    stage=Stage.KEY_BINDING,
    breaks="transaction_data_hashes_alg names sha-1",
    threat="TX9",
    check="60",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def transaction_data_hashes_alg_wrong(draft: Draft, target: Presentation) -> None:
    _approval(draft)
    target.kb_claims["transaction_data_hashes_alg"] = "sha-1"


@deviation(
    "qes-approval-wrong",
    stage=Stage.KEY_BINDING,
    breaks="qesApproval is the digest of other transaction data",
    threat="TX6",
    check="62",
    expected="transaction_data_mismatch",
    kinds=_ONLY_PASS,
)
def qes_approval_wrong(draft: Draft, target: Presentation) -> None:
    _approval(draft)
    other = hashlib.sha256(b"another document").digest()
    target.kb_claims[QES_APPROVAL_CLAIM] = b64(other)


@deviation(
    "qes-approval-over-json",
    stage=Stage.KEY_BINDING,
    breaks="nothing: qesApproval is over the decoded JSON, as ETSI TS 119 432 says",
    threat="TX6",
    check="62",
    expected=ACCEPTED,
    kinds=_ONLY_PASS,
)
def qes_approval_over_json(draft: Draft, target: Presentation) -> None:
    approval = _approval(draft)
    hashed = HASHES[approval.hash_oid](b64url_decode(approval.encoded))
    target.kb_claims[QES_APPROVAL_CLAIM] = b64(hashed)


@deviation(
    "qes-approval-absent",
    stage=Stage.KEY_BINDING,
    breaks="nothing: only transaction_data_hashes approves, as generic wallets do",
    threat="TX6",
    check="62",
    expected=ACCEPTED,
    kinds=_ONLY_PASS,
)
def qes_approval_absent(draft: Draft, target: Presentation) -> None:
    _approval(draft)
    target.kb_claims.pop(QES_APPROVAL_CLAIM)


@deviation(
    "hashes-in-every-presentation",
    stage=Stage.KEY_BINDING,
    breaks="nothing: the PID repeats the hashes, as one iOS wallet does",
    threat="TX6",
    check="59",
    expected=ACCEPTED,
    kinds=(PID,),
)
def hashes_in_every_presentation(draft: Draft, target: Presentation) -> None:
    right = _approval(draft).transaction_data_hash()
    target.kb_claims |= _hashes(right)


@deviation(
    "approval-on-pid-only",
    stage=Stage.KEY_BINDING,
    breaks="the PID approves instead of the pass",
    threat="TX7",
    check="59",
    expected="transaction_data_mismatch",
    kinds=(PID,),
)
def approval_on_pid_only(draft: Draft, target: Presentation) -> None:
    approving = draft.of_kind(SIGNING_PASS)
    if approving is None:
        raise DeviationNotPossibleError("the answer has no signing pass")
    for claim in _APPROVAL_CLAIMS:
        target.kb_claims[claim] = approving.kb_claims.pop(claim)


@deviation(
    "unrequested-approval-on-pid",
    stage=Stage.KEY_BINDING,
    breaks="the PID approves transaction data that this request never sent",
    threat="TX6",
    check="61",
    expected="transaction_data_mismatch",
    kinds=(PID,),
)
def unrequested_approval_on_pid(draft: Draft, target: Presentation) -> None:
    target.kb_claims |= _hashes(_OTHER_HASH)


@deviation(
    "pass-approved-by-pid-key",
    stage=Stage.KEY_BINDING,
    breaks="the pass's key-binding JWT is signed by the PID's key",
    threat="VP10",
    check="44",
    expected="signature_invalid",
    kinds=_ONLY_PASS,
)
def pass_approved_by_pid_key(draft: Draft, target: Presentation) -> None:
    identifying = draft.of_kind(PID)
    if identifying is None:
        raise DeviationNotPossibleError("the answer has no PID")
    target.kb_key = identifying.kb_key


_APPROVAL_CLAIMS = (
    "transaction_data_hashes",
    "transaction_data_hashes_alg",
    QES_APPROVAL_CLAIM,
)


def _hashes(value: str) -> dict[str, object]:
    return {
        "transaction_data_hashes": [value],
        "transaction_data_hashes_alg": HASHES_ALG,
    }


def _approval(draft: Draft) -> QesApproval:
    if not draft.request.transaction_data:
        raise DeviationNotPossibleError("this request asks for no approval")
    return draft.request.transaction_data[0]


def _approving(
    name: str,
    breaks: str,
    expected: str,
    change: Callable[[QesApproval], Mapping[str, object]],
    *,
    threat: str = "TX6",
    check: str = "60",
) -> Deviation:
    """Claims of the pass's key-binding JWT changed; None leaves one out."""

    def alter(draft: Draft, target: Presentation) -> None:
        changed = {**target.kb_claims, **change(_approval(draft))}
        target.kb_claims = without_none(changed)

    return deviation(
        name,
        stage=Stage.KEY_BINDING,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=_ONLY_PASS,
    )(alter)


def _received(approval: QesApproval) -> bytes:
    return approval.encoded.encode("ascii")


_TYPE = "wrong_claim_type"
_MISMATCH = "transaction_data_mismatch"
MORE = (
    _approving(
        "transaction-data-hashes-empty",
        "transaction_data_hashes is an empty array",
        _TYPE,
        lambda approval: {"transaction_data_hashes": []},
    ),
    _approving(
        "transaction-data-hashes-text",
        "transaction_data_hashes is the right hash without an array",
        _TYPE,
        lambda a: {"transaction_data_hashes": a.transaction_data_hash()},
    ),
    _approving(
        "transaction-data-hashes-base64",
        "the right hash in standard base64",
        _MISMATCH,
        lambda a: {
            "transaction_data_hashes": [b64(hashlib.sha256(_received(a)).digest())]
        },
    ),
    _approving(
        "transaction-data-hashes-hex",
        "the right hash in hex",
        _MISMATCH,
        lambda a: {
            "transaction_data_hashes": [hashlib.sha256(_received(a)).hexdigest()]
        },
    ),
    _approving(
        "transaction-data-hashes-sha-512",
        "the hash is by an algorithm that was not offered, and says so",
        _MISMATCH,
        lambda a: {
            "transaction_data_hashes": [b64url(hashlib.sha512(_received(a)).digest())],
            "transaction_data_hashes_alg": "sha-512",
        },
        threat="TX9",
    ),
    _approving(
        "transaction-data-hashes-alg-missing",
        "the hash does not say its algorithm, though the request did",
        _MISMATCH,
        lambda a: {"transaction_data_hashes_alg": None},
        threat="TX9",
    ),
    _approving(
        "transaction-data-hashes-alg-list",
        "transaction_data_hashes_alg is an array",
        _TYPE,
        lambda a: {"transaction_data_hashes_alg": [HASHES_ALG]},
        threat="TX9",
    ),
    _approving(
        "qes-approval-alone",
        "qesApproval is right, transaction_data_hashes is left out",
        _MISMATCH,
        lambda a: {
            "transaction_data_hashes": None,
            "transaction_data_hashes_alg": None,
        },
        threat="TX7",
    ),
    _approving(
        "qes-approval-unpadded",
        "qesApproval is base64url without padding",
        _MISMATCH,
        lambda a: {QES_APPROVAL_CLAIM: a.transaction_data_hash()},
        check="62",
    ),
    _approving(
        "qes-approval-list",
        "qesApproval is an array",
        _TYPE,
        lambda a: {QES_APPROVAL_CLAIM: [a.qes_approval()]},
        check="62",
    ),
    _approving(
        "qes-approval-of-document",
        "qesApproval is the digest of the document instead of the request",
        _MISMATCH,
        lambda a: {QES_APPROVAL_CLAIM: b64(a.documents[0].digest)},
        check="62",
    ),
)
