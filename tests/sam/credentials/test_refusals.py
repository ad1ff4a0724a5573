"""What stops a genuine credential: time, the CA, the policy, the device."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from sqlalchemy import func, select

from hsm.algorithms import Scheme
from hsm.wrapped import WrappedKey
from sam import errors, schema
from sam import messages as m
from sam.config import APPROVAL_LIFETIME
from sam.credentials import making
from tests.sam.algorithms.files import ended
from tests.sam.algorithms.test_guards import TODAY, go_by
from tests.sam.callers import Holder
from tests.sam.credentials.holding import (
    approved_with,
    identified,
    make,
    of_erika,
    sign_with,
)
from tests.sam.test_device_faults import away, betray, refuse
from tests.sam.world import World


def refused(world: World, tx: str) -> str:
    before = world.key_operations
    with pytest.raises(errors.SigningFailedError) as caught:
        world.finish(tx)
    assert world.key_operations == before
    assert world.client.releases(0).releases == ()
    return str(caught.value)


def credentials(world: World) -> int:
    count = select(func.count()).select_from(schema.credentials)
    with world.sam.database.begin() as connection:
        return connection.execute(count).scalar_one()


def leaf(made: m.HeldCredential) -> x509.Certificate:
    return x509.load_der_x509_certificate(b64decode(made.certificate_chain[0]))


def just_before_its_end(world: World, made: m.HeldCredential) -> tuple[Holder, str]:
    """The same person with a wallet of then, and their handle."""
    world.clock.now = made.expires_at - timedelta(minutes=5)
    person = world.person("erika")
    return person, world.identify(person)


def test_a_certificate_that_ends_before_the_approval_is_used(
    world: World, erika: Holder
) -> None:
    made = make(world, erika)
    person, handle = just_before_its_end(world, made)
    tx = approved_with(world, person, handle, made.credential_id)
    world.clock.pass_by(minutes=6)

    assert refused(world, tx) == "unfit_certificate"


def test_an_expired_credential_is_not_asked_for(world: World, erika: Holder) -> None:
    made = make(world, erika)
    _, handle = just_before_its_end(world, made)
    world.clock.pass_by(minutes=6)

    with pytest.raises(errors.CredentialEndedError):
        world.open_sign(handle=handle, credential=made.credential_id)
    (held,) = world.client.list_credentials(handle).credentials
    assert held.state == "expired"


def test_an_old_approval_signs_nothing(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    tx = approved_with(world, erika, handle, made.credential_id)
    world.clock.now += APPROVAL_LIFETIME

    with pytest.raises(errors.TransactionClosedError):
        world.finish(tx)


def test_what_the_ca_revoked_by_itself_signs_nothing(
    world: World, erika: Holder
) -> None:
    handle, made = of_erika(world, erika)
    tx = approved_with(world, erika, handle, made.credential_id)
    world.authorities.revoke(
        leaf(made), x509.ReasonFlags.key_compromise, world.clock.now
    )

    assert "revoked" in refused(world, tx)


def test_a_ca_that_does_not_say_is_no_good_answer(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    tx = approved_with(world, erika, handle, made.credential_id)

    class Silent:
        def status(self, _question: bytes) -> bytes:
            raise errors.SamUnavailableError("no answer")

    world.serve(replace(world.sam, issuer=Silent()))  # type: ignore[arg-type]

    assert refused(world, tx) == "certificate_status_unreachable"


def test_a_revocation_reaches_the_ca(world: World, erika: Holder) -> None:
    handle, made = of_erika(world, erika)
    world.client.revoke_credential(
        m.RevokeCredential(
            handle=handle,
            credential_id=made.credential_id,
            reason=m.RevocationReason.KEY_COMPROMISE,
        )
    )

    folder = world.folder / "trust-services" / "revoked" / "issuing-ca"
    (file,) = folder.iterdir()
    assert int(file.stem, 16) == leaf(made).serial_number
    assert "keyCompromise" in file.read_text()


def test_an_algorithm_that_ended_signs_nothing(world: World, erika: Holder) -> None:
    handle = identified(world, erika)
    made = world.client.make_credential(handle, m.CredentialAlgorithm.P384)
    tx = approved_with(world, erika, handle, made.credential_id)
    go_by(world, ended("signing", TODAY, curve="P-384"))

    for act in (
        lambda: world.finish(tx),
        lambda: world.open_sign(handle=handle, credential=made.credential_id),
        lambda: world.client.make_credential(
            identified(world, erika), m.CredentialAlgorithm.P384
        ),
    ):
        with pytest.raises(errors.AlgorithmEndedError):
            act()
    assert world.row(tx)["state"] == m.State.VERIFIED


def test_where_one_time_keys_ended_others_sign_on(world: World, erika: Holder) -> None:
    handle = identified(world, erika)
    made = world.client.make_credential(handle, m.CredentialAlgorithm.P384)
    go_by(world, ended("signing", TODAY, curve="P-256"))

    assert sign_with(world, erika, handle, made.credential_id).signatures


@pytest.mark.parametrize(
    ("instead", "reason"),
    [(refuse, "hsm_device_refused"), (away, "hsm_unavailable")],
)
def test_a_device_that_does_not_sign(
    world: World, erika: Holder, instead: Callable[..., object], reason: str
) -> None:
    handle, made = of_erika(world, erika)
    tx = approved_with(world, erika, handle, made.credential_id)
    betray(world, sign_with_wrapped_key=instead)

    with pytest.raises(errors.SigningFailedError, match=reason):
        world.finish(tx)
    assert world.client.releases(0).releases == ()


def test_a_wrong_signature_never_leaves(world: World, erika: Holder) -> None:
    """Of two, one is of another digest."""
    handle, made = of_erika(world, erika)
    tx = approved_with(world, erika, handle, made.credential_id)

    def sign(
        wrapped: WrappedKey, scheme: Scheme, digests: list[bytes]
    ) -> tuple[bytes, ...]:
        others = [bytes(len(digest)) for digest in digests]
        return world.device.sign_with_wrapped_key(wrapped, scheme, others)

    betray(world, sign_with_wrapped_key=sign)

    with pytest.raises(errors.SigningFailedError, match="device_signature_wrong"):
        world.finish(tx)
    assert world.client.releases(0).releases == ()


@pytest.mark.parametrize("call", ["generate_wrapped_key", "sign_with_wrapped_key"])
@pytest.mark.parametrize("instead", [refuse, away])
def test_what_could_not_be_made_leaves_nothing_and_can_be_made_again(
    world: World, erika: Holder, call: str, instead: Callable[..., object]
) -> None:
    handle, good = identified(world, erika), world.sam
    betray(world, **{call: instead})

    with pytest.raises(errors.SamUnavailableError):
        world.client.make_credential(handle)

    assert credentials(world) == 0
    world.serve(good)
    assert world.client.make_credential(handle).state == "active"


class Killed(BaseException):
    """What nobody catches: the process ends here."""


@pytest.mark.parametrize(
    "point",
    [
        "after-credential-plan",
        "after-credential-key",
        "after-credential-certificate",
        "before-credential-change",
    ],
)
def test_a_half_made_one_is_swept_and_never_used(
    world: World, erika: Holder, point: str
) -> None:
    handle = identified(world, erika)

    def fault(here: str) -> None:
        if here == point:
            raise Killed

    world.serve(replace(world.sam, fault=fault))
    with pytest.raises(Killed):
        world.client.make_credential(handle)
    world.restart()
    assert credentials(world) == 1
    assert world.client.list_credentials(handle).credentials == ()
    with pytest.raises(errors.CredentialAlreadyMadeError):
        world.client.make_credential(handle)

    making.sweep(world.sam)
    assert credentials(world) == 1  # its maker may still be at work
    world.clock.pass_by(minutes=11)
    making.sweep(world.sam)

    assert credentials(world) == 0


@pytest.mark.parametrize("point", ["after-intent", "after-signature", "before-result"])
def test_killed_while_it_signs_it_never_signs_again(
    world: World, erika: Holder, point: str
) -> None:
    handle, made = of_erika(world, erika)
    tx = approved_with(world, erika, handle, made.credential_id)

    def fault(here: str) -> None:
        if here == point:
            raise Killed

    world.serve(replace(world.sam, fault=fault))
    with pytest.raises(Killed):
        world.finish(tx)
    world.restart()

    with pytest.raises(errors.SigningFailedError):
        world.finish(tx)
    assert world.client.releases(0).releases == ()
    assert sign_with(world, erika, handle, made.credential_id).release == 1
