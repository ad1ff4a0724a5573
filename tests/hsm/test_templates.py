"""Every widening of a key is noticed when its attributes are read back.

A key is really made with the wider template where SoftHSM makes such a key. The
attributes SoftHSM sets by itself are covered by a key that was imported.
"""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import (
    Attribute,
    KeyType,
    Mechanism,
    MechanismFlag,
    Object,
    ObjectClass,
    PrivateKey,
    PublicKey,
    Session,
)
from pkcs11.constants import DEFAULT
from pkcs11.util.ec import encode_named_curve_parameters

from hsm import keys
from hsm.config import HsmConfig
from hsm.encoding import P256_PARAMETERS
from hsm.errors import DeviceRefusedError
from hsm.login import Login
from hsm.port import KeyId
from hsm.templates import (
    MAC_KEY,
    MAC_KEY_MADE,
    PRIVATE_KEY,
    PRIVATE_KEY_MADE,
    PUBLIC_KEY,
    attribute_mapper,
    require,
)

KEY_ID = KeyId(b"k" * 16)
P384 = encode_named_curve_parameters("secp384r1")
MARKS = keys.one_time_marks(KEY_ID)


@pytest.fixture
def session(softhsm_config: HsmConfig) -> Iterator[Session]:
    login = Login.open(softhsm_config)
    yield login._session
    login.close()


def make_pair(
    session: Session,
    curve: bytes = P256_PARAMETERS,
    *,
    private: dict[Attribute, object] | None = None,
    public: dict[Attribute, object] | None = None,
) -> tuple[PublicKey, PrivateKey]:
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: curve}, local=True
    )
    return parameters.generate_keypair(
        id=KEY_ID,
        capabilities=MechanismFlag.SIGN,
        private_template={**PRIVATE_KEY, **(private or {})},
        public_template={**PUBLIC_KEY, **(public or {})},
    )


def make_and_check(
    session: Session,
    *,
    private: dict[Attribute, object] | None = None,
    public: dict[Attribute, object] | None = None,
) -> keys.KeyPair:
    halves = make_pair(session, private=private, public=public)
    return keys.checked_pair(*halves, MARKS)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({Attribute.PRIVATE: False}, id="public-without-login"),
        pytest.param({Attribute.SENSITIVE: False}, id="not-sensitive"),
        pytest.param({Attribute.EXTRACTABLE: True}, id="extractable"),
        pytest.param({Attribute.DECRYPT: True}, id="decrypts"),
        pytest.param({Attribute.UNWRAP: True}, id="unwraps"),
        pytest.param({Attribute.DERIVE: True}, id="derives"),
        pytest.param({Attribute.SIGN_RECOVER: True}, id="signs-with-recovery"),
        pytest.param({Attribute.MODIFIABLE: True}, id="modifiable"),
        pytest.param({Attribute.COPYABLE: True}, id="copyable"),
        pytest.param({Attribute.ALLOWED_MECHANISMS: DEFAULT}, id="any-mechanism"),
        pytest.param(
            {Attribute.ALLOWED_MECHANISMS: (Mechanism.ECDSA, Mechanism.ECDH1_DERIVE)},
            id="a-second-mechanism",
        ),
    ],
)
def test_a_wider_private_key_is_refused(
    session: Session, change: dict[Attribute, object]
) -> None:
    (attribute,) = change

    with pytest.raises(DeviceRefusedError, match=attribute.name):
        make_and_check(session, private=change)


@pytest.mark.parametrize(
    "attribute",
    [
        Attribute.ENCRYPT,
        Attribute.VERIFY,
        Attribute.WRAP,
        Attribute.DERIVE,
        Attribute.MODIFIABLE,
        Attribute.COPYABLE,
    ],
    ids=lambda a: a.name,
)
def test_a_wider_public_key_is_refused(session: Session, attribute: Attribute) -> None:
    with pytest.raises(DeviceRefusedError, match=attribute.name):
        make_and_check(session, public={attribute: True})


def test_the_unchanged_pair_is_accepted(session: Session) -> None:
    """Guards the tables above."""
    assert make_and_check(session).spki


@pytest.mark.parametrize("half", ["private", "public"])
def test_a_half_with_another_id_is_refused(session: Session, half: str) -> None:
    other = {half: {Attribute.ID: b"x" * 16}}

    with pytest.raises(DeviceRefusedError, match="ID"):
        make_and_check(session, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("public_curve", "private_curve"),
    [
        pytest.param(P384, P256_PARAMETERS, id="public"),
        pytest.param(P256_PARAMETERS, P384, id="private"),
        pytest.param(P384, P384, id="both"),
    ],
)
def test_a_half_on_another_curve_is_refused(
    session: Session, public_curve: bytes, private_curve: bytes
) -> None:
    public, _ = make_pair(session, public_curve)
    _, private = make_pair(session, private_curve)

    with pytest.raises(DeviceRefusedError, match="EC_PARAMS"):
        keys.checked_pair(public, private, MARKS)


def test_an_attribute_that_a_lenient_token_leaves_out_is_refused() -> None:
    """SoftHSM answers an error instead; the standard's answer is the error, too."""

    class Silent(Object):
        def get_attributes(self, keys: list[Attribute]) -> dict[Attribute, object]:
            return {}

    with pytest.raises(DeviceRefusedError, match="EXTRACTABLE"):
        require(Silent(), {Attribute.EXTRACTABLE: False})


@pytest.mark.parametrize(
    "attribute",
    [Attribute.LOCAL, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE],
    ids=lambda a: a.name,
)
def test_an_imported_private_key_is_refused(
    session: Session, attribute: Attribute
) -> None:
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    imported = session.create_object(
        {
            Attribute.CLASS: ObjectClass.PRIVATE_KEY,
            Attribute.KEY_TYPE: KeyType.EC,
            Attribute.EC_PARAMS: P256_PARAMETERS,
            Attribute.VALUE: numbers.private_value.to_bytes(32, "big"),
            Attribute.TOKEN: False,
            **PRIVATE_KEY,
        }
    )
    only_this = {attribute: PRIVATE_KEY_MADE[attribute]}

    with pytest.raises(DeviceRefusedError, match=attribute.name):
        require(imported, only_this)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({Attribute.PRIVATE: False}, id="public-without-login"),
        pytest.param({Attribute.SENSITIVE: False}, id="not-sensitive"),
        pytest.param({Attribute.EXTRACTABLE: True}, id="extractable"),
        pytest.param({Attribute.ENCRYPT: True}, id="encrypts"),
        pytest.param({Attribute.DECRYPT: True}, id="decrypts"),
        pytest.param({Attribute.VERIFY: True}, id="verifies"),
        pytest.param({Attribute.WRAP: True}, id="wraps"),
        pytest.param({Attribute.UNWRAP: True}, id="unwraps"),
        pytest.param({Attribute.DERIVE: True}, id="derives"),
        pytest.param({Attribute.MODIFIABLE: True}, id="modifiable"),
        pytest.param({Attribute.COPYABLE: True}, id="copyable"),
        pytest.param({Attribute.ALLOWED_MECHANISMS: DEFAULT}, id="any-mechanism"),
        pytest.param({Attribute.VALUE_LEN: 16}, id="short"),
    ],
)
def test_a_wider_mac_key_is_refused(
    session: Session, change: dict[Attribute, object]
) -> None:
    (attribute,) = change
    key = session.generate_key(
        KeyType.GENERIC_SECRET, 256, template={**MAC_KEY, **change}
    )

    with pytest.raises(DeviceRefusedError, match=attribute.name):
        require(key, MAC_KEY_MADE)


def test_the_unchanged_mac_key_is_accepted(session: Session) -> None:
    """Guards the table above."""
    key = session.generate_key(KeyType.GENERIC_SECRET, 256, template=dict(MAC_KEY))

    require(key, MAC_KEY_MADE)


def test_mechanisms_are_packed_as_the_token_reads_them() -> None:
    mapper = attribute_mapper()
    mechanisms = (Mechanism.ECDSA, Mechanism.SHA256_HMAC)

    packed = mapper.pack_attribute(Attribute.ALLOWED_MECHANISMS, mechanisms)

    unpacked = mapper.unpack_attributes(Attribute.ALLOWED_MECHANISMS, packed)
    assert unpacked == mechanisms
