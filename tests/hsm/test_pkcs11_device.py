"""What only a token can show: attributes, attacks on keys, halves left behind."""

from collections.abc import Callable

import pytest
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, PrivateKey, Session
from pkcs11 import exceptions as ck
from pkcs11.constants import DEFAULT

from hsm import keys
from hsm.config import HsmConfig
from hsm.errors import (
    DeviceRefusedError,
    HsmUnavailableError,
    KeyNotFoundError,
)
from hsm.login import Login
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId, MacKey, ServiceKey
from hsm.templates import MAC_KEY, PRIVATE_KEY

DIGEST = bytes(range(32))

ONE_TIME_KEY = {
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.NEVER_EXTRACTABLE: True,
    Attribute.LOCAL: True,
    Attribute.SIGN: True,
    Attribute.SIGN_RECOVER: False,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    Attribute.MODIFIABLE: False,
    Attribute.COPYABLE: False,
    Attribute.ALLOWED_MECHANISMS: (Mechanism.ECDSA,),
    Attribute.KEY_TYPE: KeyType.EC,
}


def one_time_private(device: Pkcs11Device, key_id: KeyId) -> PrivateKey:
    device.generate_one_time_key(key_id)
    return device._one_time[key_id].private


def lent(device: Pkcs11Device) -> Session:
    return device._login._session


@pytest.mark.parametrize("attribute", ONE_TIME_KEY, ids=lambda a: a.name)
def test_a_one_time_key_on_the_token_is_as_narrow_as_promised(
    pkcs11_device: Pkcs11Device, key_id: KeyId, attribute: Attribute
) -> None:
    """The list is written out here: a template that grew wider must not follow."""
    private = one_time_private(pkcs11_device, key_id)

    assert private[attribute] == ONE_TIME_KEY[attribute]


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(lambda s, k: k[Attribute.VALUE], id="read-the-value"),
        pytest.param(lambda s, k: k.copy({}), id="copy"),
        pytest.param(lambda s, k: k.copy({Attribute.TOKEN: True}), id="copy-to-token"),
        pytest.param(
            lambda s, k: k.copy({Attribute.EXTRACTABLE: True}), id="copy-extractable"
        ),
        pytest.param(lambda s, k: k.__setitem__(Attribute.ID, b"x"), id="change-id"),
        pytest.param(
            lambda s, k: k.__setitem__(Attribute.EXTRACTABLE, True), id="extractable"
        ),
        pytest.param(
            lambda s, k: k.__setitem__(Attribute.LABEL, "x"), id="change-label"
        ),
        pytest.param(
            lambda s, k: s.generate_key(KeyType.AES, 256).wrap_key(
                k, mechanism=Mechanism.AES_KEY_WRAP
            ),
            id="wrap",
        ),
    ],
)
def test_a_one_time_key_does_not_leave_or_change(
    pkcs11_device: Pkcs11Device,
    key_id: KeyId,
    attack: Callable[[Session, PrivateKey], object],
) -> None:
    private = one_time_private(pkcs11_device, key_id)

    with pytest.raises(ck.PKCS11Error):
        attack(lent(pkcs11_device), private)


def test_a_handle_kept_from_a_destroyed_key_cannot_sign(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    private = one_time_private(pkcs11_device, key_id)

    pkcs11_device.destroy_one_time_key(key_id)

    with pytest.raises(ck.PKCS11Error):
        keys.sign(private, DIGEST, Mechanism.ECDSA)


def test_a_weaker_key_is_refused(
    pkcs11_device: Pkcs11Device, key_id: KeyId, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker = {**PRIVATE_KEY, Attribute.COPYABLE: True}
    monkeypatch.setattr("hsm.keys.PRIVATE_KEY", weaker)

    with pytest.raises(DeviceRefusedError, match="COPYABLE"):
        pkcs11_device.generate_one_time_key(key_id)


def test_a_refused_key_does_not_stay(
    pkcs11_device: Pkcs11Device, key_id: KeyId, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker = {**PRIVATE_KEY, Attribute.COPYABLE: True}
    monkeypatch.setattr("hsm.keys.PRIVATE_KEY", weaker)

    with pytest.raises(DeviceRefusedError):
        pkcs11_device.generate_one_time_key(key_id)

    assert pkcs11_device.one_time_keys() == ()


def test_a_key_with_a_second_copy_does_not_count_as_gone(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    pkcs11_device.generate_one_time_key(key_id)
    keys.generate_pair(lent(pkcs11_device), key_id=key_id)

    with pytest.raises(DeviceRefusedError, match="still there"):
        pkcs11_device.destroy_one_time_key(key_id)


def test_a_device_that_cannot_prove_a_key_gone_stops_serving(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    pkcs11_device.generate_one_time_key(key_id)
    keys.generate_pair(lent(pkcs11_device), key_id=key_id)

    with pytest.raises(DeviceRefusedError):
        pkcs11_device.destroy_one_time_key(key_id)

    with pytest.raises(HsmUnavailableError, match="not proven gone"):
        pkcs11_device.mac(MacKey.HANDLE, b"message")


@pytest.mark.parametrize("half", [0, 1], ids=["public", "private"])
def test_a_half_key_is_listed(
    pkcs11_device: Pkcs11Device, key_id: KeyId, half: int
) -> None:
    keys.generate_pair(lent(pkcs11_device), key_id=key_id)[half].destroy()

    assert pkcs11_device.one_time_keys() == (key_id,)


@pytest.mark.parametrize("half", [0, 1], ids=["public", "private"])
def test_a_half_key_is_swept(
    pkcs11_device: Pkcs11Device, key_id: KeyId, half: int
) -> None:
    keys.generate_pair(lent(pkcs11_device), key_id=key_id)[half].destroy()

    pkcs11_device.destroy_one_time_key(key_id)

    assert pkcs11_device.one_time_keys() == ()


def test_one_time_keys_end_with_the_device(
    softhsm_config: HsmConfig, key_id: KeyId
) -> None:
    first = Pkcs11Device.open(softhsm_config)
    first.generate_one_time_key(key_id)
    first.close()

    second = Pkcs11Device.open(softhsm_config)

    left = second.one_time_keys()
    second.close()
    assert left == ()


def test_service_keys_outlive_the_device(softhsm_config: HsmConfig) -> None:
    first = Pkcs11Device.open(softhsm_config)
    before = first.service_public_key(ServiceKey.PASS_ISSUING)
    first.close()

    second = Pkcs11Device.open(softhsm_config)

    after = second.service_public_key(ServiceKey.PASS_ISSUING)
    second.close()
    assert after == before


@pytest.mark.parametrize("half", ["private", "public"])
def test_a_running_device_cannot_destroy_a_service_key(
    pkcs11_device: Pkcs11Device, half: str
) -> None:
    pair = pkcs11_device._service[ServiceKey.PASS_ISSUING]

    with pytest.raises(ck.SessionReadOnly):
        getattr(pair, half).destroy()


def test_a_running_device_cannot_add_a_token_key(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    with pytest.raises(ck.SessionReadOnly):
        keys.generate_pair(lent(pkcs11_device), key_id=key_id, store=True)


@pytest.mark.parametrize("mechanism", [Mechanism.SHA224_HMAC, Mechanism.SHA_1_HMAC])
def test_a_mac_key_refuses_another_mechanism(
    pkcs11_device: Pkcs11Device, mechanism: Mechanism
) -> None:
    secret = pkcs11_device._mac[MacKey.HANDLE]
    assert secret is not None

    with pytest.raises(ck.MechanismInvalid):
        keys.sign(secret, b"message", mechanism)


def test_an_ec_key_that_does_not_allow_ecdsa_refuses_it(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    _, private = keys.generate_pair(
        lent(pkcs11_device), key_id=key_id, mechanism=Mechanism.ECDH1_DERIVE
    )

    with pytest.raises(ck.MechanismInvalid):
        keys.sign(private, DIGEST, Mechanism.ECDSA)


def test_the_self_test_notices_a_token_that_obeys_any_mechanism(
    pkcs11_device: Pkcs11Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = keys.generate_pair

    def obeys_all(session: Session, **given: object) -> object:
        return original(session, **{**given, "mechanism": Mechanism.ECDSA})  # type: ignore[arg-type]

    monkeypatch.setattr("hsm.keys.generate_pair", obeys_all)

    with pytest.raises(DeviceRefusedError, match="does not allow"):
        pkcs11_device.self_test()


def test_the_self_test_notices_a_mac_key_that_obeys_any_mechanism(
    pkcs11_device: Pkcs11Device,
) -> None:
    obeys_all = {**MAC_KEY, Attribute.ALLOWED_MECHANISMS: DEFAULT}
    secret = lent(pkcs11_device).generate_key(
        KeyType.GENERIC_SECRET, 256, template=obeys_all
    )
    pkcs11_device._mac[MacKey.HANDLE] = secret

    with pytest.raises(DeviceRefusedError, match="obeys SHA224_HMAC"):
        pkcs11_device.self_test()


def test_the_self_test_names_the_device(pkcs11_device: Pkcs11Device) -> None:
    assert pkcs11_device.self_test().model == "SoftHSM v2"


@pytest.mark.parametrize(
    ("label", "object_class"),
    [
        (ServiceKey.REGISTRATION_AUTHORITY, ObjectClass.PRIVATE_KEY),
        (ServiceKey.REGISTRATION_AUTHORITY, ObjectClass.PUBLIC_KEY),
        (MacKey.SIGNER_ID, ObjectClass.SECRET_KEY),
    ],
)
def test_a_second_key_with_the_same_label_is_refused(
    own_config: HsmConfig, label: str, object_class: ObjectClass
) -> None:
    login = Login.open(own_config, writable=True)
    with login.exclusively() as session:
        if object_class is ObjectClass.SECRET_KEY:
            session.generate_key(KeyType.GENERIC_SECRET, 256, label=label, store=True)
        else:
            pair = keys.generate_pair(
                session, key_id=b"2" * 16, label=label, store=True
            )
            pair[object_class is ObjectClass.PUBLIC_KEY].destroy()
    login.close()

    with pytest.raises(DeviceRefusedError, match=f"labelled {label}"):
        Pkcs11Device.open(own_config)


def test_a_service_key_that_can_do_more_is_refused_at_opening(
    own_config: HsmConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(own_config, ServiceKey.PASS_ISSUING)
    weaker = {**PRIVATE_KEY, Attribute.DERIVE: True}
    login = Login.open(own_config, writable=True)
    with monkeypatch.context() as patch, login.exclusively() as session:
        patch.setattr("hsm.keys.PRIVATE_KEY", weaker)
        keys.generate_pair(
            session, key_id=b"2" * 16, label=ServiceKey.PASS_ISSUING, store=True
        )
    login.close()

    with pytest.raises(DeviceRefusedError, match="DERIVE"):
        Pkcs11Device.open(own_config)


def test_a_mac_key_that_can_do_more_is_refused_at_opening(
    own_config: HsmConfig,
) -> None:
    remove(own_config, MacKey.HANDLE)
    login = Login.open(own_config, writable=True)
    with login.exclusively() as session:
        session.generate_key(
            KeyType.GENERIC_SECRET, 256, label=MacKey.HANDLE, store=True
        )
    login.close()

    with pytest.raises(DeviceRefusedError, match="of the key is not as required"):
        Pkcs11Device.open(own_config)


def test_a_refused_opening_leaves_the_module_free(
    own_config: HsmConfig, softhsm_config: HsmConfig
) -> None:
    login = Login.open(own_config, writable=True)
    with login.exclusively() as session:
        session.generate_key(
            KeyType.GENERIC_SECRET, 256, label=MacKey.HANDLE, store=True
        )
    login.close()
    with pytest.raises(DeviceRefusedError):
        Pkcs11Device.open(own_config)

    Pkcs11Device.open(softhsm_config).close()


@pytest.mark.parametrize(
    ("key", "call"),
    [
        pytest.param(
            ServiceKey.PASS_ISSUING,
            lambda d: d.service_public_key(ServiceKey.PASS_ISSUING),
            id="public",
        ),
        pytest.param(
            ServiceKey.PASS_ISSUING,
            lambda d: d.sign_with_service_key(ServiceKey.PASS_ISSUING, DIGEST),
            id="sign",
        ),
        pytest.param(MacKey.HANDLE, lambda d: d.mac(MacKey.HANDLE, b"m"), id="mac"),
        pytest.param(MacKey.HANDLE, lambda d: d.self_test(), id="self-test"),
    ],
)
def test_a_key_that_is_not_on_the_token_is_missed_when_asked_for(
    own_config: HsmConfig,
    key: ServiceKey | MacKey,
    call: Callable[[Pkcs11Device], object],
) -> None:
    remove(own_config, key)
    device = Pkcs11Device.open(own_config)

    with pytest.raises(KeyNotFoundError):
        call(device)

    device.close()


def remove(config: HsmConfig, label: str) -> None:
    login = Login.open(config, writable=True)
    with login.exclusively() as session:
        for half in keys.find(session, {Attribute.LABEL: label}):
            half.destroy()
    login.close()
