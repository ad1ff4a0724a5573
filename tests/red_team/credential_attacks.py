"""What a hostile web tier might try with credentials: to use, to name, to keep them.

The form is that of ``attacks``. The victim's credential is made once, by
``prepare``: a web tier may have one made for whoever identifies through it, and that
is no attack; a signature with it needs the wallet each time. A web tier may also end
the credentials of whoever identifies through it: that is a denial of service, and it
holds the handle.
"""

import os
import secrets
from typing import Any

import pytest

from sam import errors
from sam import messages as m
from tests.red_team.attacks import Attack
from tests.red_team.stage import NOBODY, Stage
from tests.sam.callers import Holder
from tests.sam.files import prepared

REFUSED = errors.AnswerRefusedError
_VICTIM: dict[str, Any] = {}


def _prepare(stage: Stage) -> None:
    """Erika with a credential of hers that signs, and one that ended."""
    erika = stage.person("erika")
    for name in ("ended", "credential"):
        handle = stage.identify(erika, m.Grant.PASS, m.Grant.CREDENTIAL)
        _VICTIM[name] = stage.client.make_credential(handle).credential_id
        _VICTIM["handle"] = handle
    stage.client.revoke_credential(
        m.RevokeCredential(handle=handle, credential_id=_VICTIM["ended"])
    )
    _VICTIM["holder"] = erika
    signed = stage.finish(_approved(stage))
    assert signed.release > 0


def _victim() -> tuple[Holder, str, str]:
    return _VICTIM["holder"], _VICTIM["handle"], _VICTIM["credential"]


def _approved(stage: Stage) -> str:
    holder, handle, credential = _victim()
    return stage.approved(holder, handle=handle, credential=credential)


def _open(stage: Stage, **call: Any) -> str:
    return stage.open_sign(**call).tx


def use_anothers_credential_with_an_own_handle(stage: Stage) -> None:
    _, _, credential = _victim()
    handle = stage.identify(stage.person("asa"))
    with pytest.raises(errors.UnknownCredentialError):
        _open(stage, handle=handle, credential=credential)


def approve_anothers_credential_with_an_own_wallet(stage: Stage) -> None:
    _, handle, credential = _victim()
    thief = stage.person("asa")
    tx = _open(stage, handle=handle, credential=credential)
    with pytest.raises(REFUSED):
        stage.submit(tx, thief.answer(tx))
    with pytest.raises(errors.NotVerifiedError):
        stage.finish(tx)
    stage.client.abort(tx)


def use_a_credential_without_a_handle(stage: Stage) -> None:
    _, _, credential = _victim()
    answer = stage.open_raw(prepared(b"%PDF"), credential=credential)
    assert answer.json()["code"] == "malformed_call"


def choose_two_credentials_at_once(stage: Stage) -> None:
    _, handle, credential = _victim()
    for several in (
        [credential, _VICTIM["ended"]],
        f"{credential},{_VICTIM['ended']}",
        {"0": credential},
    ):
        answer = stage.open_raw(prepared(b"%PDF"), handle=handle, credential=several)
        assert answer.json()["code"] == "malformed_call"


def use_a_revoked_credential(stage: Stage) -> None:
    _, handle, _ = _victim()
    with pytest.raises(errors.CredentialEndedError):
        _open(stage, handle=handle, credential=_VICTIM["ended"])


def renew_a_revoked_credential(stage: Stage) -> None:
    holder, _, _ = _victim()
    handle = stage.identify(holder, m.Grant.CREDENTIAL)
    with pytest.raises(errors.CredentialEndedError):
        stage.client.renew_credential(
            m.RenewCredential(handle=handle, credential_id=_VICTIM["ended"])
        )


def make_one_without_the_grant(stage: Stage) -> None:
    handle = stage.identify(stage.person("asa"), m.Grant.PASS)
    with pytest.raises(errors.NotGrantedError):
        stage.client.make_credential(handle)


def make_many_with_one_identification(stage: Stage) -> None:
    _, handle, credential = _victim()
    for _ in range(3):
        assert stage.client.make_credential(handle).credential_id == credential
    with pytest.raises(errors.CredentialAlreadyMadeError):
        stage.client.make_credential(handle, m.CredentialAlgorithm.RSA3072)
    with pytest.raises(errors.CredentialAlreadyMadeError):
        stage.client.renew_credential(
            m.RenewCredential(handle=handle, credential_id=credential)
        )


def make_one_for_a_key_of_its_own(stage: Stage) -> None:
    """No call takes a key, a subject or a signer."""
    handle = stage.identify(stage.person("asa"), m.Grant.CREDENTIAL)
    for name in ("public_key", "csr", "subject", "signer_id", "blob", "key_id"):
        answer = stage.raw("make_credential", {"handle": handle, name: "MFkw"})
        assert answer.json()["code"] == "malformed_call"


def end_or_renew_anothers_credential(stage: Stage) -> None:
    _, _, credential = _victim()
    handle = stage.identify(stage.person("asa"), m.Grant.CREDENTIAL)
    named = {"handle": handle, "credential_id": credential}
    for call in ("revoke_credential", "delete_credential", "renew_credential"):
        assert stage.raw(call, named).json()["code"] == "unknown_credential"
    listed = stage.client.list_credentials(handle).credentials
    assert credential not in [each.credential_id for each in listed]


def name_credentials_without_a_handle(stage: Stage) -> None:
    _, _, credential = _victim()
    for call in ("list_credentials", "make_credential", "revoke_credential"):
        for handle in (secrets.token_urlsafe(32), credential, None):
            body = {"handle": handle, "credential_id": credential}
            code = stage.raw(call, body).json()["code"]
            assert code in {"unknown_handle", "malformed_call"}
    code = stage.raw("list_credentials", {"handle": secrets.token_urlsafe(32)}).json()
    assert code["code"] == "unknown_handle"


def guess_a_credential(stage: Stage) -> None:
    _, handle, _ = _victim()
    with pytest.raises(errors.UnknownCredentialError):
        _open(stage, handle=handle, credential=secrets.token_urlsafe(16))


def approve_one_session_and_finish_another(stage: Stage) -> None:
    """The second session of a credential voids the first, approved or not."""
    _, handle, credential = _victim()
    first = _approved(stage)
    second = _open(stage, handle=handle, credential=credential)
    with pytest.raises(errors.TransactionClosedError):
        stage.finish(first)
    with pytest.raises(errors.NotVerifiedError):
        stage.finish(second)
    stage.client.abort(second)


def replay_an_approval_of_a_one_time_key(stage: Stage) -> None:
    """The same document; the wallet was not told of the credential."""
    holder, handle, credential = _victim()
    plain = _open(stage, handle=handle)
    approval = holder.answer(plain)
    tx = _open(stage, handle=handle, credential=credential)
    with pytest.raises(REFUSED):
        stage.submit(tx, approval)
    for each in (plain, tx):
        stage.client.abort(each)


def choose_another_credential_in_finish(stage: Stage) -> None:
    tx = _approved(stage)
    for name in ("credential", "credential_id", "scheme", "handle", "digests"):
        answer = stage.raw("finish", {"tx": tx, name: _VICTIM["ended"]})
        assert answer.json()["code"] == "malformed_call"
    stage.client.abort(tx)


def ask_for_a_weaker_scheme(stage: Stage) -> None:
    _, handle, credential = _victim()
    for scheme in ("rsa-pkcs1-sha256", "ecdsa-sha1", "ecdsa-sha384", "none", 5, ""):
        answer = stage.open_raw(
            prepared(b"%PDF"), handle=handle, credential=credential, scheme=scheme
        )
        assert answer.json()["code"] == "malformed_call"


def ask_for_a_weaker_key(stage: Stage) -> None:
    handle = stage.identify(stage.person("asa"), m.Grant.CREDENTIAL)
    for algorithm in ("RSA-1024", "RSA-2048", "P-192", "ed25519", 2048, ["P-256"]):
        body = {"handle": handle, "algorithm": algorithm}
        answer = stage.raw("make_credential", body)
        assert answer.json()["code"] == "malformed_call"


def finish_what_a_revoked_credential_was_approved_for(stage: Stage) -> None:
    """Revoked between approval and finish; a credential of its own, made before."""
    handle, credential = _VICTIM["second_handle"], _VICTIM["second"]
    holder = stage.person("asa")  # with a pass that no other attack took back
    tx = stage.approved(holder, handle=handle, credential=credential)
    stage.client.revoke_credential(
        m.RevokeCredential(handle=handle, credential_id=credential)
    )
    for _ in range(3):
        with pytest.raises(errors.TransactionClosedError):
            stage.finish(tx)


def prepare(stage: Stage) -> None:
    """Before anything is counted."""
    _prepare(stage)
    asa = stage.person("asa")
    handle = stage.identify(asa, m.Grant.PASS, m.Grant.CREDENTIAL)
    made = stage.client.make_credential(handle, m.CredentialAlgorithm.RSA3072)
    _VICTIM["second_handle"] = handle
    _VICTIM["second"] = made.credential_id
    if os.getuid() == 0:  # the attacks play these persons' wallets, too
        for path in stage.folder.rglob("*"):
            os.chown(path, NOBODY, NOBODY)


ATTACKS: tuple[Attack, ...] = tuple(
    value
    for name, value in list(globals().items())
    if callable(value)
    and getattr(value, "__module__", "") == __name__
    and not name.startswith("_")
    and name != "prepare"
)
