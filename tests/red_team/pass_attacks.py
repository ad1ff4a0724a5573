"""What a hostile web tier might try with signing passes: to keep, to name, to end them.

The form is that of ``attacks``. A web tier may end the passes of whoever identifies
through it: that is a denial of service, and it holds the handle.
"""

import secrets
from typing import Any

import pytest

from sam import errors
from sam import messages as m
from tests.red_team.attacks import Attack
from tests.red_team.stage import Stage
from tests.sam.callers import BASE_URL, Holder
from wallet_emulator import jws
from wallet_emulator.keys import new_key
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import SIGNING_PASS
from wallet_emulator.wallet_provider import WalletProvider

REFUSED = errors.AnswerRefusedError


def _end_passes(stage: Stage, holder: Holder) -> None:
    assert stage.client.revoke_pass(stage.identify(holder), m.ALL_PASSES).revoked


def approve_with_a_revoked_pass(stage: Stage) -> None:
    """Also in a transaction that was open before."""
    holder = stage.person("asa")
    before = stage.open_sign().tx
    early = holder.answer(before)
    _end_passes(stage, holder)
    late = stage.open_sign().tx
    for tx, body in ((before, early), (late, holder.answer(late))):
        with pytest.raises(REFUSED):
            stage.submit(tx, body)
        with pytest.raises(errors.NotVerifiedError):
            stage.finish(tx)


def finish_what_a_revoked_pass_approved(stage: Stage) -> None:
    holder = stage.person("asa")
    tx = stage.approved(holder)
    _end_passes(stage, holder)
    for _ in range(3):
        with pytest.raises(errors.TransactionClosedError):
            stage.finish(tx)


def get_a_revoked_pass_again(stage: Stage) -> None:
    """The same handle, the same proof: the reply to it was the pass."""
    holder, key = stage.person("asa", holds_pass=False), new_key()
    handle, proof = stage.identify(holder), holder.proof(key)
    stage.issue_pass(handle, proof)
    stage.client.revoke_pass(handle, m.ALL_PASSES)
    with pytest.raises(errors.PassAlreadyIssuedError):
        stage.issue_pass(handle, proof)


def hand_over_a_status_list_of_its_own(stage: Stage) -> None:
    """Genuine, older, forged: none is wanted, and a revoked pass stays revoked."""
    holder = stage.person("asa")
    genuine = stage.client.pass_status_list(1).token
    _end_passes(stage, holder)
    header, claims = jws.parse(genuine).header, jws.parse(genuine).claims()
    forged = jws.sign(header, claims, new_key())
    for content in (genuine, forged):
        with pytest.raises(errors.FileNotWantedError):
            stage.client.keep_file(
                m.FileKind.STATUS_LIST,
                f"{BASE_URL}/oid4vci/status/1",
                content.encode(),
            )
    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, holder.answer(tx))


def move_a_pass_to_another_place_of_the_list(stage: Stage) -> None:
    """A revoked pass with the index of a valid one: our signature is over it."""
    holder = stage.person("asa")
    held = holder.wallet.credential(SIGNING_PASS)
    assert held is not None
    _end_passes(stage, holder)
    header, claims = held.sd_jwt.header, dict(held.sd_jwt.payload)
    claims["status"] = {
        "status_list": {"idx": 1, "uri": f"{BASE_URL}/oid4vci/status/1"}
    }
    moved = jws.sign(header, claims, new_key()) + "~"
    holder.wallet.hold(SIGNING_PASS, SdJwt.parse(moved), held.key)
    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, holder.answer(tx))


def read_the_order_of_issuing_from_the_places(stage: Stage) -> None:
    """Neither places nor the published list tell how many there are, or since when."""
    holder = stage.person("asa", holds_pass=False)
    published = stage.client.pass_status_list(1).token
    places = [_place(stage, holder) for _ in range(12)]
    assert places != sorted(places)
    assert places != sorted(places, reverse=True)
    assert max(places) - min(places) > 1000
    assert stage.client.pass_status_list(1).token == published


def list_or_end_passes_without_a_handle(stage: Stage) -> None:
    holder = stage.person("asa")
    tx = stage.approved(holder)
    made_up = secrets.token_urlsafe(32)
    for call in ("list_passes", "revoke_pass"):
        for members in ({"handle": made_up}, {"handle": tx}, {"tx": tx}, {}):
            body: dict[str, Any] = dict(members)
            if call == "revoke_pass":
                body["reference"] = m.ALL_PASSES
            code = stage.raw(call, body).json()["code"]
            assert code in {"unknown_handle", "malformed_call"}
    stage.client.abort(tx)


def end_anothers_pass_by_its_reference(stage: Stage) -> None:
    victim, attacker = stage.person("erika"), stage.person("asa")
    (hers, *_) = stage.client.list_passes(stage.identify(victim)).passes
    handle = stage.identify(attacker)
    with pytest.raises(errors.UnknownPassError):
        stage.client.revoke_pass(handle, hers.reference)
    tx = stage.open_sign().tx
    assert stage.submit(tx, victim.answer(tx)).outcome == "approved"
    stage.client.abort(tx)


def vouch_for_a_key_of_its_own(stage: Stage) -> None:
    """An attestation counts for nothing where none is asked for."""
    victim, key = stage.person("erika", holds_pass=False), new_key()
    nonce = stage.client.pass_nonce().c_nonce
    now = stage.watch.now
    stranger = WalletProvider.create(now)
    alone = stranger.attest([key.public_key()], nonce=nonce, now=now, levels={})
    header = {"alg": "ES256", "typ": "openid4vci-proof+jwt", "kid": "0"}
    claims = {"aud": BASE_URL, "iat": int(now.timestamp()), "nonce": nonce}
    by_place = jws.sign({**header, "key_attestation": alone}, claims, key)
    for proof in (alone, by_place):
        with pytest.raises(errors.ProofRefusedError):
            stage.issue_pass(stage.identify(victim), proof)


def _place(stage: Stage, holder: Holder) -> int:
    issued = stage.issue_pass(stage.identify(holder), holder.proof(new_key()))
    status: Any = SdJwt.parse(issued).payload["status"]
    index: int = status["status_list"]["idx"]
    return index


ATTACKS: tuple[Attack, ...] = tuple(
    value
    for name, value in list(globals().items())
    if callable(value)
    and getattr(value, "__module__", "") == __name__
    and not name.startswith("_")
)
