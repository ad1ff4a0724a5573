"""The signing pass: once per identification, to a key that proved itself."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sam import audit, errors
from sam import messages as m
from tests.sam.callers import BASE_URL, Holder
from tests.sam.world import World
from wallet_emulator import issuance
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.sd_jwt import SdJwt

Key = ec.EllipticCurvePrivateKey


def test_the_pids_own_key_holds_no_pass(world: World, erika: Holder) -> None:
    handle = world.identify(erika)

    with pytest.raises(errors.ProofRefusedError, match="PID"):
        world.issue_pass(handle, erika.proof(erika.pid_key))


def test_a_key_that_has_a_pass_gets_no_second(
    world: World, erika: Holder, asa: Holder, key: Key
) -> None:
    world.issue_pass(world.identify(erika), erika.proof(key))
    handle = world.identify(asa)

    with pytest.raises(errors.ProofRefusedError):
        world.issue_pass(handle, asa.proof(key))

    assert world.issue_pass(handle, asa.proof(new_key()))


def test_the_same_key_gets_the_same_pass_again(
    world: World, erika: Holder, key: Key
) -> None:
    handle = world.identify(erika)
    first = world.issue_pass(handle, erika.proof(key))
    world.clock.pass_by(minutes=4)

    assert world.issue_pass(handle, erika.proof(key)) == first
    assert len(world.audited(audit.Event.PASS_ISSUED)) == 2


def test_another_key_gets_no_second_pass(world: World, erika: Holder, key: Key) -> None:
    handle = world.identify(erika)
    world.issue_pass(handle, erika.proof(key))

    with pytest.raises(errors.PassAlreadyIssuedError):
        world.issue_pass(handle, erika.proof(new_key()))


def test_an_unknown_handle_gets_no_pass(world: World, erika: Holder, key: Key) -> None:
    with pytest.raises(errors.UnknownHandleError):
        world.issue_pass("A" * 43, erika.proof(key))


def test_an_expired_handle_gets_no_pass(world: World, erika: Holder, key: Key) -> None:
    handle = world.identify(erika)
    world.clock.pass_by(minutes=30)

    with pytest.raises(errors.UnknownHandleError):
        world.issue_pass(handle, erika.proof(key))


def test_an_identification_without_that_grant_gets_no_pass(
    world: World, erika: Holder, key: Key
) -> None:
    handle = world.identify(erika, m.Grant.CREDENTIAL)

    with pytest.raises(errors.NotGrantedError):
        world.issue_pass(handle, erika.proof(key))


def test_a_pass_holds_what_it_is_for_and_nobodys_data(
    world: World, erika: Holder, key: Key
) -> None:
    handle = world.identify(erika)
    credential = SdJwt.parse(world.issue_pass(handle, erika.proof(key)))

    now = int(world.clock.now.timestamp())
    payload = dict(credential.payload)
    assert len(str(payload.pop("pass_id"))) == 32
    status: Any = payload.pop("status")
    place = status["status_list"]
    assert place == {"idx": place["idx"], "uri": f"{BASE_URL}/oid4vci/status/1"}
    assert payload == {
        "iss": BASE_URL,
        "vct": f"{BASE_URL}/oid4vci/types/signing-pass",
        "iat": now,
        "exp": now + 30 * 24 * 3600,
        "cnf": {"jwk": public_jwk(key.public_key())},
        "purpose_of_use": "signature creation authorization",
    }
    assert credential.disclosures == ()


def test_a_wallet_takes_the_pass(world: World, erika: Holder, key: Key) -> None:
    text = world.issue_pass(world.identify(erika), erika.proof(key))

    credential = issuance.check_credential(
        text,
        vct=world.client.info().pass_type,
        key=key.public_key(),
        roots=[],
        now=world.clock.now,
    )

    assert credential.text == text
