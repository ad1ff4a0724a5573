"""What only a token can show of wrapped keys: attributes, attacks, what is left."""

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from pkcs11 import (
    Attribute,
    KeyType,
    Mechanism,
    MechanismFlag,
    Object,
    PrivateKey,
    SecretKey,
    Session,
)
from pkcs11 import exceptions as ck
from pkcs11.constants import DEFAULT

from hsm import keys, unwrapped, wrapping_keys
from hsm.algorithms import Algorithm, Scheme
from hsm.config import HsmConfig
from hsm.errors import DeviceRefusedError, HsmUnavailableError, KeyNotFoundError
from hsm.login import Login
from hsm.modules import MODULES
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import MacKey
from hsm.templates import WRAPPABLE_KEY, WRAPPING_KEY
from hsm.wrapped import WrappedKey

FACTS = MODULES["SoftHSM"]
KWP = (Mechanism.AES_KEY_WRAP_PAD,)
UNWRAPPED = {
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.SIGN_RECOVER: False,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    Attribute.MODIFIABLE: False,
    Attribute.COPYABLE: False,
    Attribute.ALLOWED_MECHANISMS: (Mechanism.ECDSA,),
}
NEW = {**UNWRAPPED, Attribute.EXTRACTABLE: True, Attribute.SIGN: False}
del NEW[Attribute.ALLOWED_MECHANISMS]


@pytest.fixture
def wrapped(pkcs11_device: Pkcs11Device) -> WrappedKey:
    return pkcs11_device.generate_wrapped_key(Algorithm.P256)


@pytest.fixture
def session(pkcs11_device: Pkcs11Device) -> Session:
    return pkcs11_device._login._session


@pytest.fixture
def wrapping(pkcs11_device: Pkcs11Device) -> SecretKey:
    return pkcs11_device._wrapping._keys[pkcs11_device.wrapping_keys()[-1]]


@pytest.fixture
def sealed(wrapping: SecretKey, wrapped: WrappedKey) -> unwrapped.Sealed:
    return unwrapped.Sealed(
        blob=wrapped.blob, key_type=KeyType.EC, wrapping=wrapping, facts=FACTS
    )


@pytest.fixture
def signing_key(sealed: unwrapped.Sealed) -> Iterator[PrivateKey]:
    with unwrapped.signing_key(sealed, Scheme.ECDSA_SHA256) as private:
        yield private


@pytest.fixture
def new_key(session: Session) -> Iterator[PrivateKey]:
    with unwrapped.wrappable_pair(session, Algorithm.P256, FACTS) as (_, private):
        yield private


@pytest.mark.parametrize("attribute", UNWRAPPED, ids=lambda a: a.name)
def test_an_unwrapped_key_is_as_narrow_as_promised(
    signing_key: PrivateKey, attribute: Attribute
) -> None:
    """The list is written out here: a template that grew wider must not follow."""
    assert signing_key[attribute] == UNWRAPPED[attribute]


@pytest.mark.parametrize("attribute", NEW, ids=lambda a: a.name)
def test_a_key_that_waits_to_be_wrapped_is_as_narrow_as_promised(
    new_key: PrivateKey, attribute: Attribute
) -> None:
    assert new_key[attribute] == NEW[attribute]


ATTACKS = [
    pytest.param(lambda w, k: k[Attribute.VALUE], id="read-the-value"),
    pytest.param(lambda w, k: k.copy({}), id="copy"),
    pytest.param(lambda w, k: k.copy({Attribute.TOKEN: True}), id="copy-to-token"),
    pytest.param(
        lambda w, k: k.__setitem__(Attribute.EXTRACTABLE, True), id="extractable"
    ),
    pytest.param(
        lambda w, k: k.__setitem__(Attribute.SENSITIVE, False), id="not-sensitive"
    ),
    pytest.param(lambda w, k: k.__setitem__(Attribute.SIGN, True), id="sign"),
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_key_that_waits_to_be_wrapped_does_not_change(
    wrapping: SecretKey,
    new_key: PrivateKey,
    attack: Callable[[SecretKey, PrivateKey], object],
) -> None:
    with pytest.raises(ck.PKCS11Error):
        attack(wrapping, new_key)


@pytest.mark.parametrize(
    "attack",
    [
        *ATTACKS,
        pytest.param(
            lambda w, k: w.wrap_key(k, mechanism=Mechanism.AES_KEY_WRAP_PAD),
            id="wrap-again",
        ),
        pytest.param(
            lambda w, k: k.sign(bytes(32), mechanism=Mechanism.ECDSA_SHA256),
            id="another-mechanism",
        ),
    ],
)
def test_an_unwrapped_key_does_not_leave_or_change(
    wrapping: SecretKey,
    signing_key: PrivateKey,
    attack: Callable[[SecretKey, PrivateKey], object],
) -> None:
    with pytest.raises(ck.PKCS11Error):
        attack(wrapping, signing_key)


WIDER: list[dict[Attribute, object]] = [
    {Attribute.PRIVATE: False},
    {Attribute.SENSITIVE: False},
    {Attribute.EXTRACTABLE: True},
    {Attribute.ENCRYPT: True},
    {Attribute.DECRYPT: True},  # a blob decrypted as data is the key itself
    {Attribute.SIGN: True},
    {Attribute.VERIFY: True},
    {Attribute.DERIVE: True},
    {Attribute.MODIFIABLE: True},
    {Attribute.COPYABLE: True},
    {Attribute.ALLOWED_MECHANISMS: DEFAULT},
    {Attribute.ALLOWED_MECHANISMS: (*KWP, Mechanism.AES_CBC_PAD)},
]


def wrapping_key(
    config: HsmConfig, change: dict[Attribute, object], key_bits: int = 256
) -> bool:
    login = Login.open(config, writable=True)
    with login.exclusively() as session:
        key = session.generate_key(
            KeyType.AES,
            key_bits,
            id=b"w" * 16,
            label="wrapping-000009",
            store=True,
            capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP,
            template={**WRAPPING_KEY, Attribute.ALLOWED_MECHANISMS: KWP, **change},
        )
        usable = wrapping_keys.is_usable(key, FACTS)
        key.destroy()
    login.close()
    return usable


@pytest.mark.parametrize("change", WIDER, ids=lambda c: next(iter(c)).name)
def test_a_wider_wrapping_key_is_not_used(
    softhsm_config: HsmConfig, change: dict[Attribute, object]
) -> None:
    assert not wrapping_key(softhsm_config, change)


def test_a_shorter_wrapping_key_is_not_used(softhsm_config: HsmConfig) -> None:
    assert not wrapping_key(softhsm_config, {}, key_bits=128)


def test_the_unchanged_wrapping_key_is_used(softhsm_config: HsmConfig) -> None:
    """Guards the tables above."""
    assert wrapping_key(softhsm_config, {})


@pytest.mark.parametrize(
    "weaker",
    [
        pytest.param({Attribute.EXTRACTABLE: True}, id="extractable"),
        pytest.param({Attribute.DERIVE: True}, id="derives"),
        pytest.param({Attribute.MODIFIABLE: True}, id="modifiable"),
    ],
)
def test_an_unwrapped_key_that_can_do_more_signs_nothing_and_goes(
    pkcs11_device: Pkcs11Device,
    wrapped: WrappedKey,
    monkeypatch: pytest.MonkeyPatch,
    weaker: dict[Attribute, object],
) -> None:
    """The token made it weaker than it was asked to: the template is kept here."""
    original = unwrapped._unwrap_once

    def disobey(sealed: unwrapped.Sealed, key_id: bytes, wanted: object) -> PrivateKey:
        asked = cast("dict[Attribute, object]", wanted)
        return original(sealed, key_id, {**asked, **weaker})

    monkeypatch.setattr(unwrapped, "_unwrap_once", disobey)

    with pytest.raises(DeviceRefusedError, match="not as required"):
        pkcs11_device.sign_with_wrapped_key(wrapped, Scheme.ECDSA_SHA256, [bytes(32)])

    assert pkcs11_device.one_time_keys() == ()


@pytest.mark.parametrize(
    "weaker",
    [
        pytest.param({Attribute.SIGN: True}, id="signs"),
        pytest.param({Attribute.SENSITIVE: False}, id="not-sensitive"),
        pytest.param({Attribute.MODIFIABLE: True}, id="modifiable"),
    ],
)
def test_a_new_key_that_can_do_more_is_not_handed_out_and_goes(
    pkcs11_device: Pkcs11Device,
    monkeypatch: pytest.MonkeyPatch,
    weaker: dict[Attribute, object],
) -> None:
    original = unwrapped._generate

    def disobey(session: Session, *how: object) -> object:
        with monkeypatch.context() as patch:
            wider = {**WRAPPABLE_KEY, **weaker}
            patch.setattr(unwrapped, "_wrappable", lambda facts: wider)
            return original(session, *how)  # type: ignore[arg-type]

    monkeypatch.setattr(unwrapped, "_generate", disobey)

    with pytest.raises(DeviceRefusedError, match="not as required"):
        pkcs11_device.generate_wrapped_key(Algorithm.P256)

    assert pkcs11_device.one_time_keys() == ()


@pytest.mark.parametrize("answer", [None, ck.ObjectHandleInvalid], ids=["ok", "none"])
@pytest.mark.parametrize("use", ["sign", "rewrap", "generate"])
def test_a_key_that_does_not_go_ends_the_session_and_the_key_with_it(
    pkcs11_device: Pkcs11Device,
    wrapped: WrappedKey,
    monkeypatch: pytest.MonkeyPatch,
    use: str,
    answer: type[ck.PKCS11Error] | None,
) -> None:
    def stay(one: Object) -> None:
        """What a module does whose C_DestroyObject answers and does nothing else."""
        if answer is not None:
            raise answer

    calls: dict[str, Callable[[], object]] = {
        "sign": lambda: pkcs11_device.sign_with_wrapped_key(
            wrapped, Scheme.ECDSA_SHA256, [bytes(32)]
        ),
        "rewrap": lambda: pkcs11_device.rewrap(wrapped),
        "generate": lambda: pkcs11_device.generate_wrapped_key(Algorithm.P256),
    }
    with monkeypatch.context() as patch:
        patch.setattr("pkcs11._pkcs11.Object.destroy", stay)
        with pytest.raises(HsmUnavailableError, match="NotProvenGone"):
            calls[use]()

    assert pkcs11_device.one_time_keys() == ()
    assert len(pkcs11_device.mac(MacKey.HANDLE, b"message")) == 32


def test_signing_searches_nothing(
    pkcs11_device: Pkcs11Device, wrapped: WrappedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search looks at every object of the token."""

    def search(*_: object) -> None:
        raise AssertionError

    for module in (keys, unwrapped, wrapping_keys):
        monkeypatch.setattr(module, "find", search)

    assert pkcs11_device.sign_with_wrapped_key(
        wrapped, Scheme.ECDSA_SHA256, [bytes(32)]
    )


def test_a_wrapping_key_made_by_another_process_is_found(
    own_config: HsmConfig,
) -> None:
    """Here by another session; the operator's act runs beside the service."""
    device = Pkcs11Device.open(own_config)
    with device._login.exclusively() as session, device._login.writing(session) as w:
        made = wrapping_keys.make(w, FACTS)

    wrapped = device.generate_wrapped_key(Algorithm.P256)

    device.close()
    assert wrapped.wrapping_key == made


def test_a_wrapping_key_destroyed_by_another_process_is_missed(
    own_config: HsmConfig,
) -> None:
    """Its handle is still held here."""
    device = Pkcs11Device.open(own_config)
    wrapped = device.generate_wrapped_key(Algorithm.P256)
    with device._login.exclusively() as session, device._login.writing(session) as w:
        wrapping_keys.destroy(w, wrapped.wrapping_key)

    with pytest.raises(KeyNotFoundError, match="gone"):
        device.sign_with_wrapped_key(wrapped, Scheme.ECDSA_SHA256, [bytes(32)])

    device.close()


def test_a_wrapping_key_that_stays_does_not_count_as_destroyed(
    own_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Pkcs11Device.open(own_config)
    first = device.wrapping_keys()[0]
    device.create_wrapping_key()
    monkeypatch.setattr("pkcs11._pkcs11.Object.destroy", lambda one: None)

    with pytest.raises(DeviceRefusedError, match="still there"):
        device.destroy_wrapping_key(first)

    device.close()


def test_a_weaker_wrapping_key_does_not_count_as_made(
    own_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Pkcs11Device.open(own_config)
    before = device.wrapping_keys()
    weaker = {**WRAPPING_KEY, Attribute.DECRYPT: True}
    monkeypatch.setattr(wrapping_keys, "WRAPPING_KEY", weaker)

    with pytest.raises(DeviceRefusedError, match="not as required"):
        device.create_wrapping_key()

    assert device.wrapping_keys() == before
    device.close()


def test_a_number_is_not_given_twice(own_config: HsmConfig) -> None:
    device = Pkcs11Device.open(own_config)
    first = device.wrapping_keys()[0]
    second = device.create_wrapping_key()
    device.destroy_wrapping_key(first)
    third = device.create_wrapping_key()

    listed = device.wrapping_keys()
    device.close()
    assert listed == (second, third)
