"""What only a token can show of quota keys: attributes, attacks, halves, restarts."""

import subprocess
from collections.abc import Callable

import pytest
from pkcs11 import Attribute, KeyType, Mechanism, SecretKey, Session
from pkcs11 import exceptions as ck

from hsm import keys, quota_keys
from hsm.config import HsmConfig
from hsm.errors import DeviceRefusedError, KeyNotFoundError
from hsm.login import Login
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId, MacKey, ServiceKey
from hsm.templates import MAC_KEY

Start = Callable[..., "subprocess.Popen[str]"]
KEY_ID = KeyId(b"1" * 16)
MESSAGE = b"message"

QUOTA_KEY = {
    Attribute.TOKEN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.NEVER_EXTRACTABLE: True,
    Attribute.LOCAL: True,
    Attribute.SIGN: True,
    Attribute.VERIFY: False,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
    Attribute.DERIVE: False,
    Attribute.MODIFIABLE: False,
    Attribute.COPYABLE: False,
    Attribute.ALLOWED_MECHANISMS: (Mechanism.SHA256_HMAC,),
    Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
    Attribute.VALUE_LEN: 32,
}

pytestmark = pytest.mark.usefixtures("token_without_quota_keys")


def lent(device: Pkcs11Device) -> Session:
    return device._login._session


def made(device: Pkcs11Device) -> SecretKey:
    device.create_quota_key(KEY_ID)
    return device._quota[KEY_ID]


def plant(config: HsmConfig, **changed: object) -> None:
    """A quota key that no device made: another process, or an administrator."""
    wider = {Attribute[name]: value for name, value in changed.items()}
    login = Login.open(config, writable=True)
    with login.exclusively() as session:
        session.generate_key(
            KeyType.GENERIC_SECRET,
            256,
            id=KEY_ID,
            label=quota_keys.LABEL,
            store=True,
            template={**MAC_KEY, **wider},
        )
    login.close()


@pytest.mark.parametrize("attribute", QUOTA_KEY, ids=lambda a: a.name)
def test_a_quota_key_on_the_token_is_as_narrow_as_promised(
    pkcs11_device: Pkcs11Device, attribute: Attribute
) -> None:
    """The list is written out here: a template that grew wider must not follow."""
    secret = made(pkcs11_device)

    assert secret[attribute] == QUOTA_KEY[attribute]


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(lambda s, k: k[Attribute.VALUE], id="read-the-value"),
        pytest.param(lambda s, k: k.copy({}), id="copy"),
        pytest.param(lambda s, k: k.copy({Attribute.TOKEN: False}), id="copy-out"),
        pytest.param(lambda s, k: k.__setitem__(Attribute.ID, b"x"), id="change-id"),
        pytest.param(
            lambda s, k: k.__setitem__(Attribute.EXTRACTABLE, True), id="extractable"
        ),
        pytest.param(lambda s, k: k.destroy(), id="destroy-by-the-reading-session"),
        pytest.param(
            lambda s, k: s.generate_key(KeyType.AES, 256).wrap_key(
                k, mechanism=Mechanism.AES_KEY_WRAP
            ),
            id="wrap",
        ),
        pytest.param(
            lambda s, k: keys.sign(k, MESSAGE, Mechanism.SHA224_HMAC), id="mechanism"
        ),
    ],
)
def test_a_quota_key_does_not_leave_or_change(
    pkcs11_device: Pkcs11Device, attack: Callable[[Session, SecretKey], object]
) -> None:
    secret = made(pkcs11_device)

    with pytest.raises(ck.PKCS11Error):
        attack(lent(pkcs11_device), secret)


def test_a_quota_key_outlives_the_device(softhsm_config: HsmConfig) -> None:
    first = Pkcs11Device.open(softhsm_config)
    first.create_quota_key(KEY_ID)
    before = first.quota_mac(KEY_ID, MESSAGE)
    first.close()

    second = Pkcs11Device.open(softhsm_config)

    after = second.quota_mac(KEY_ID, MESSAGE)
    second.close()
    assert after == before


def test_a_destroyed_quota_key_is_gone_for_the_next_device(
    softhsm_config: HsmConfig,
) -> None:
    first = Pkcs11Device.open(softhsm_config)
    first.create_quota_key(KEY_ID)
    first.destroy_quota_key(KEY_ID)
    first.close()

    second = Pkcs11Device.open(softhsm_config)

    left = second.quota_keys()
    second.close()
    assert left == ()


def test_a_handle_kept_from_a_destroyed_quota_key_macs_nothing(
    pkcs11_device: Pkcs11Device,
) -> None:
    secret = made(pkcs11_device)

    pkcs11_device.destroy_quota_key(KEY_ID)

    with pytest.raises(ck.PKCS11Error):
        keys.sign(secret, MESSAGE, Mechanism.SHA256_HMAC)


def weaker(monkeypatch: pytest.MonkeyPatch) -> None:
    template = {**MAC_KEY, Attribute.COPYABLE: True}
    monkeypatch.setattr("hsm.quota_keys.MAC_KEY", template)


def test_a_weaker_quota_key_is_refused(
    pkcs11_device: Pkcs11Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker(monkeypatch)

    with pytest.raises(DeviceRefusedError, match="COPYABLE"):
        pkcs11_device.create_quota_key(KEY_ID)


def test_a_refused_quota_key_does_not_stay(
    pkcs11_device: Pkcs11Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker(monkeypatch)

    with pytest.raises(DeviceRefusedError):
        pkcs11_device.create_quota_key(KEY_ID)

    assert pkcs11_device.quota_keys() == ()


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        pytest.param({"EXTRACTABLE": True}, "EXTRACTABLE", id="extractable"),
        pytest.param({"DERIVE": True}, "DERIVE", id="derives"),
        pytest.param({"COPYABLE": True}, "COPYABLE", id="copyable"),
    ],
)
def test_a_quota_key_that_can_do_more_macs_nothing_after_a_restart(
    own_config: HsmConfig, changed: dict[str, object], complaint: str
) -> None:
    plant(own_config, **changed)
    device = Pkcs11Device.open(own_config)

    with pytest.raises(DeviceRefusedError, match=complaint):
        device.quota_mac(KEY_ID, MESSAGE)

    device.close()


def test_a_planted_quota_key_that_is_as_narrow_is_used(own_config: HsmConfig) -> None:
    """Guards the table above."""
    plant(own_config)
    device = Pkcs11Device.open(own_config)

    assert len(device.quota_mac(KEY_ID, MESSAGE)) == 32
    device.close()


def test_of_two_keys_with_one_id_none_is_chosen(own_config: HsmConfig) -> None:
    plant(own_config)
    plant(own_config)
    device = Pkcs11Device.open(own_config)

    with pytest.raises(DeviceRefusedError, match="2 quota keys"):
        device.quota_mac(KEY_ID, MESSAGE)

    device.close()


def test_two_keys_with_one_id_are_both_destroyed(own_config: HsmConfig) -> None:
    plant(own_config)
    plant(own_config)
    device = Pkcs11Device.open(own_config)

    device.destroy_quota_key(KEY_ID)

    assert device.quota_keys() == ()
    device.close()


def test_a_quota_key_that_something_is_left_of_does_not_count_as_gone(
    pkcs11_device: Pkcs11Device,
) -> None:
    pkcs11_device.create_quota_key(KEY_ID)
    keys.generate_pair(lent(pkcs11_device), key_id=KEY_ID)

    with pytest.raises(DeviceRefusedError, match="still there"):
        pkcs11_device.destroy_quota_key(KEY_ID)


def test_a_quota_key_not_proven_gone_does_not_stop_the_device(
    pkcs11_device: Pkcs11Device,
) -> None:
    keys.generate_pair(lent(pkcs11_device), key_id=KEY_ID)
    with pytest.raises(DeviceRefusedError):
        pkcs11_device.destroy_quota_key(KEY_ID)

    assert len(pkcs11_device.mac(MacKey.HANDLE, MESSAGE)) == 32


@pytest.mark.parametrize("key", ServiceKey)
def test_the_id_of_a_service_key_destroys_nothing(
    pkcs11_device: Pkcs11Device, key: ServiceKey
) -> None:
    pair = pkcs11_device._service[key]
    assert pair is not None

    with pytest.raises(DeviceRefusedError, match="still there"):
        pkcs11_device.destroy_quota_key(KeyId(pair.private[Attribute.ID]))

    assert pkcs11_device.sign_with_service_key(key, bytes(32))


def test_nothing_can_be_written_once_a_quota_key_is_made(
    pkcs11_device: Pkcs11Device,
) -> None:
    pkcs11_device.create_quota_key(KEY_ID)

    with pytest.raises(ck.SessionReadOnly):
        keys.generate_pair(lent(pkcs11_device), key_id=KeyId(b"2" * 16), store=True)


def test_a_session_that_may_write_ends_with_its_block(
    pkcs11_device: Pkcs11Device,
) -> None:
    login = pkcs11_device._login
    with login.exclusively() as session, login.writing(session) as writing:
        quota_keys.make(writing, KEY_ID)

    with pytest.raises(ck.SessionHandleInvalid):
        quota_keys.make(writing, KeyId(b"2" * 16))


def test_making_a_quota_key_leaves_the_device_logged_in(
    pkcs11_device: Pkcs11Device, key_id: KeyId
) -> None:
    pkcs11_device.create_quota_key(KEY_ID)

    assert pkcs11_device.generate_one_time_key(key_id)


def test_a_process_killed_while_it_makes_keys_leaves_none_that_cannot_be_removed(
    own_config: HsmConfig, start: Start
) -> None:
    """Ids are recorded before; what the kill left of the last is whole, half or none,
    and each that was acknowledged is whole."""
    process = start("quota_key_process.py", own_config.model_dump_json())
    assert process.stdout is not None
    ids = [process.stdout.readline().strip() for _ in range(5)]
    process.kill()
    ids += process.stdout.read().split()
    device = Pkcs11Device.open(own_config)
    recorded = [KeyId(bytes.fromhex(key_id)) for key_id in ids]

    assert [len(device.quota_mac(key, MESSAGE)) for key in recorded[:4]] == [32] * 4
    for key in recorded:
        device.destroy_quota_key(key)
    assert device.quota_keys() == ()
    device.close()


def test_a_quota_key_the_token_did_not_make_macs_nothing_and_can_be_removed(
    own_config: HsmConfig,
) -> None:
    """As half a key, which has no value and is not LOCAL either."""
    login = Login.open(own_config, writable=True)
    with login.exclusively() as session:
        session.create_object(
            {
                Attribute.CLASS: quota_keys._ALL[Attribute.CLASS],
                Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
                Attribute.TOKEN: True,
                Attribute.LABEL: quota_keys.LABEL,
                Attribute.ID: KEY_ID,
                Attribute.VALUE: bytes(16),
                **MAC_KEY,
            }
        )
    login.close()
    device = Pkcs11Device.open(own_config)

    with pytest.raises(DeviceRefusedError, match=r"SENSITIVE|LOCAL|VALUE_LEN"):
        device.quota_mac(KEY_ID, MESSAGE)

    device.destroy_quota_key(KEY_ID)
    with pytest.raises(KeyNotFoundError):
        device.quota_mac(KEY_ID, MESSAGE)
    device.close()
