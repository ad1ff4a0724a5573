"""A device that refuses, errs or lies: nothing is released, no key is left unsaid."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.errors import DeviceRefusedError, HsmUnavailableError
from hsm.memory_device import MemoryDevice
from hsm.port import KeyId
from sam import errors
from sam import messages as m
from tests.sam.callers import Holder
from tests.sam.files import prepared
from tests.sam.test_finish import assert_nothing_came_of
from tests.sam.world import World


@dataclass(slots=True)
class Betrayal(MemoryDevice):
    """The device of a world, but for the calls that ``instead`` replaces."""

    device: MemoryDevice
    instead: dict[str, Callable[..., object]] = field(default_factory=dict)

    def __getattribute__(self, name: str) -> object:
        instead = object.__getattribute__(self, "instead")
        device = object.__getattribute__(self, "device")
        return instead[name] if name in instead else getattr(device, name)


def betray(world: World, **instead: Callable[..., object]) -> None:
    device = Betrayal(device=world.device, instead=instead)
    world.serve(replace(world.sam, device=device))


def refuse(*_: object) -> object:
    raise DeviceRefusedError("no")


def away(*_: object) -> object:
    raise HsmUnavailableError("gone")


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        pytest.param(
            {"generate_one_time_key": refuse}, "hsm_device_refused", id="makes-no-key"
        ),
        pytest.param(
            {"sign_with_one_time_key": refuse}, "hsm_device_refused", id="never-signs"
        ),
        pytest.param(
            {"sign_with_one_time_key": away}, "hsm_unavailable", id="goes-away"
        ),
    ],
)
def test_a_device_that_refuses_signs_nothing(
    world: World,
    erika: Holder,
    instead: dict[str, Callable[..., object]],
    reason: str,
) -> None:
    tx = world.approved(erika)
    betray(world, **instead)

    with pytest.raises(errors.SigningFailedError, match=reason):
        world.finish(tx)

    assert_nothing_came_of(world, tx, reason)


@pytest.mark.parametrize("nth", [2, 3])
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda made: made[:-1] + bytes([made[-1] ^ 1]), id="one-bit"),
        pytest.param(lambda made: b"", id="empty"),
        pytest.param(lambda made: made + b"\0", id="longer"),
        pytest.param(lambda made: bytes(len(made)), id="zeros"),
    ],
)
def test_a_wrong_signature_never_leaves(
    world: World, erika: Holder, wrong: Callable[[bytes], bytes], nth: int
) -> None:
    """The first is of the request; of the two documents either may go wrong."""
    tx = world.approved(erika, prepared(b"%PDF a"), prepared(b"%PDF b"))
    calls: list[bytes] = []

    def sign(key_id: KeyId, digest: bytes) -> bytes:
        calls.append(digest)
        made = world.device.sign_with_one_time_key(key_id, digest)
        return wrong(made) if len(calls) == nth else made

    betray(world, sign_with_one_time_key=sign)

    with pytest.raises(errors.SigningFailedError, match="device_signature_wrong"):
        world.finish(tx)

    assert_nothing_came_of(world, tx, "device_signature_wrong")


def spki(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"0\x03\x02\x01\x01", id="other-der"),
        pytest.param(spki(rsa.generate_private_key(65537, 2048)), id="rsa"),
        pytest.param(spki(ec.generate_private_key(ec.SECP384R1())), id="p-384"),
        pytest.param(spki(ec.generate_private_key(ec.SECP256K1())), id="secp256k1"),
    ],
)
def test_a_public_key_that_is_not_p256_is_not_certified(
    world: World, erika: Holder, made: bytes
) -> None:
    tx = world.approved(erika)

    def generate(key_id: KeyId) -> bytes:
        world.device.generate_one_time_key(key_id)
        return made

    betray(world, generate_one_time_key=generate)

    with pytest.raises(errors.SigningFailedError, match="unexpected_key_type"):
        world.finish(tx)

    assert_nothing_came_of(world, tx, "unexpected_key_type")


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param({"destroy_one_time_key": refuse}, id="refuses"),
        pytest.param({"destroy_one_time_key": lambda key_id: None}, id="pretends"),
        pytest.param({"one_time_keys": away}, id="does-not-say"),
    ],
)
def test_without_proof_that_the_key_is_gone_nothing_is_released(
    world: World, erika: Holder, instead: dict[str, Callable[..., object]]
) -> None:
    tx = world.approved(erika)
    betray(world, **instead)

    with pytest.raises(errors.SigningFailedError, match="key_not_proven_gone"):
        world.finish(tx)

    assert world.client.status(tx).state == m.State.FAILED
    assert world.client.releases(0).releases == ()
    assert world.ends_of_keys() == ["key_not_proven_gone"]


def test_the_end_of_a_key_is_written_down(world: World, erika: Holder) -> None:
    world.finish(world.approved(erika))

    assert world.ends_of_keys() == ["destroyed"]
