"""What is not the service's own is told, not used and not touched."""

from collections.abc import Callable

import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass, Session

from hsm import keys
from hsm.algorithms import Algorithm
from hsm.config import HsmConfig
from hsm.login import Login
from hsm.pkcs11_device import Pkcs11Device
from hsm.templates import WRAPPING_KEY


def wrapping_like(session: Session, **change: object) -> None:
    template = {**WRAPPING_KEY, **{Attribute[k]: v for k, v in change.items()}}
    session.generate_key(
        KeyType.AES,
        256,
        id=b"w" * 16,
        label="wrapping-000009",
        store=True,
        capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP,
        template=template,
    )


STRANGERS: dict[str, Callable[[Session], object]] = {
    "SECRET_KEY 'backup' id 6b": lambda s: s.generate_key(
        KeyType.AES, 256, id=b"k", label="backup", store=True
    ),
    "PRIVATE_KEY 'signer' id 31": lambda s: keys.generate_pair(
        s, key_id=b"1", label="signer", store=True
    )[0].destroy(),
    "PUBLIC_KEY 'signer' id 31": lambda s: keys.generate_pair(
        s, key_id=b"1", label="signer", store=True
    )[1].destroy(),
    "SECRET_KEY 'pass-issuing' id none": lambda s: s.generate_key(
        KeyType.GENERIC_SECRET, 256, label="pass-issuing", store=True
    ),
    "DATA 'note' id none": lambda s: s.create_object(
        {
            Attribute.CLASS: ObjectClass.DATA,
            Attribute.TOKEN: True,
            Attribute.LABEL: "note",
            Attribute.VALUE: b"x",
        }
    ),
    r"SECRET_KEY '\x1b[2J\u202e' id 6b": lambda s: s.generate_key(
        KeyType.AES, 256, id=b"k", label="\x1b[2J\u202e", store=True
    ),
    f"SECRET_KEY 'wrapping-000009' id {'77' * 16}": lambda s: wrapping_like(
        s, EXTRACTABLE=True
    ),
}


@pytest.fixture
def add(own_config: HsmConfig) -> Callable[[Callable[[Session], object]], None]:
    def write(make: Callable[[Session], object]) -> None:
        login = Login.open(own_config, writable=True)
        with login.exclusively() as session:
            make(session)
        login.close()

    return write


def quarantined(config: HsmConfig) -> tuple[str, ...]:
    device = Pkcs11Device.open(config)
    told = device.self_test().quarantine
    device.close()
    return told


@pytest.mark.parametrize("stranger", STRANGERS)
def test_an_object_that_is_not_the_services_is_told(
    own_config: HsmConfig,
    add: Callable[[Callable[[Session], object]], None],
    stranger: str,
) -> None:
    add(STRANGERS[stranger])

    assert quarantined(own_config) == (stranger,)


def test_nothing_of_the_services_is_told(own_config: HsmConfig) -> None:
    """Guards the table above. A quota key and a second wrapping key are ours, too."""
    device = Pkcs11Device.open(own_config)
    device.create_quota_key(b"q" * 16)  # type: ignore[arg-type]
    device.create_wrapping_key()
    device.close()

    assert quarantined(own_config) == ()


def test_a_stranger_is_still_there_afterwards(
    own_config: HsmConfig, add: Callable[[Callable[[Session], object]], None]
) -> None:
    add(STRANGERS["SECRET_KEY 'backup' id 6b"])
    quarantined(own_config)

    assert quarantined(own_config) == ("SECRET_KEY 'backup' id 6b",)


def test_a_long_list_is_cut(
    own_config: HsmConfig, add: Callable[[Callable[[Session], object]], None]
) -> None:
    note = STRANGERS["DATA 'note' id none"]
    add(lambda session: [note(session) for _ in range(103)])

    told = quarantined(own_config)

    assert (len(told), told[-1]) == (101, "and 3 more")


def test_a_wrapping_key_that_can_do_more_wraps_nothing(
    own_config: HsmConfig, add: Callable[[Callable[[Session], object]], None]
) -> None:
    """Its number is the highest: it would be the newest."""
    add(lambda session: wrapping_like(session, EXTRACTABLE=True))
    device = Pkcs11Device.open(own_config)

    used = device.generate_wrapped_key(Algorithm.P256).wrapping_key

    listed = device.wrapping_keys()
    device.close()
    assert b"w" * 16 not in (used, *listed)
