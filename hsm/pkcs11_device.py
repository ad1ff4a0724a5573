"""``SigningDevice`` over PKCS#11: SoftHSM in tests, a certified module in service.

How the promises of ``hsm.port`` are kept:

* one-time keys are *session* objects, so the module itself forgets them when the
  session or the process ends; nothing of them is ever written to the token;
* the handle of a key is kept from its generation, so that signing searches nothing
  (on SoftHSM a search costs three signatures);
* a key counts as gone when a search for its id, over both halves, finds nothing.
  The answer of C_DestroyObject alone is not believed;
* the session is read-only towards token objects: a compromised service cannot
  destroy or add service keys through it. Only while a quota key is made or destroyed
  is there a second, writing session, which ``hsm.quota_keys`` alone sees;
* SoftHSM signs digests of any length, cutting or padding them: the length is
  checked here.
"""

import secrets
from collections.abc import Sequence
from typing import Self, TypeVar

from pkcs11 import Attribute, Mechanism, ObjectClass, PrivateKey, SecretKey, Session
from pkcs11 import exceptions as ck

from hsm import inventory, keys, quota_keys, wrapping_keys
from hsm.algorithms import Algorithm, Scheme
from hsm.config import HsmConfig
from hsm.encoding import ecdsa_sig_value
from hsm.errors import DeviceRefusedError, HsmError, KeyNotFoundError
from hsm.key_ids import KEY_ID_BYTES, KeyId, require_key_id
from hsm.login import Login
from hsm.module import SESSION_LOST
from hsm.modules import ModuleFacts
from hsm.pkcs11_wrapping import Pkcs11Wrapping
from hsm.port import (
    DIGEST_BYTES,
    MacKey,
    SelfTest,
    ServiceKey,
    require_digest,
)
from hsm.selftest import known_answers
from hsm.wrapped import WrappedKey

Key = TypeVar("Key", keys.KeyPair, SecretKey)


class Pkcs11Device:
    """One logged-in session on one token, the only one of its module in a process."""

    def __init__(self, config: HsmConfig) -> None:
        self._token_serial: bytes | None = None
        self._login = Login.open(config, greet=self._greet)

    @classmethod
    def open(cls, config: HsmConfig) -> Self:
        """Log in, and read back every key of the service that is on the token.

        Keys that are missing are missed when they are asked for. Raises
        ``HsmUnavailableError``, or ``DeviceRefusedError`` if a key is too weak.
        """
        return cls(config)

    def _greet(self, session: Session, facts: ModuleFacts) -> None:
        """Read the keys anew: handles, and one-time keys, end with their session."""
        self._require_same_token(session)
        self._facts = facts
        self._one_time: dict[KeyId, keys.KeyPair] = {}
        self._quota: dict[KeyId, SecretKey] = {}
        service = {k: keys.load_service_key(session, k, facts) for k in ServiceKey}
        self._service = service
        self._wrapping = Pkcs11Wrapping(session, facts)
        self._mac = {k: keys.load_mac_key(session, k, facts) for k in MacKey}

    def _require_same_token(self, session: Session) -> None:
        serial = session.token.serial
        if self._token_serial not in {None, serial}:
            raise DeviceRefusedError("another token came back under the same label")
        self._token_serial = serial

    def generate_one_time_key(self, key_id: KeyId) -> bytes:
        require_key_id(key_id)
        with self._login.exclusively() as session:
            if key_id in self._one_time:
                raise DeviceRefusedError("a one-time key with this id is there")
            try:
                pair = keys.one_time_pair(session, key_id, self._facts)
            except SESSION_LOST:  # and with the session, all of its objects
                raise
            except (HsmError, ck.PKCS11Error):
                self._destroy(session, key_id)
                raise
            self._one_time[key_id] = pair
            return pair.spki

    def sign_with_one_time_key(self, key_id: KeyId, digest: bytes) -> bytes:
        require_digest(digest)
        with self._login.exclusively():
            pair = _found(self._one_time.get(key_id), key_id.hex())
            return _sign(pair.private, digest)

    def destroy_one_time_key(self, key_id: KeyId) -> None:
        require_key_id(key_id)
        with self._login.exclusively() as session:
            if not self._destroy(session, key_id):
                raise KeyNotFoundError(f"no key {key_id.hex()}")

    def one_time_keys(self) -> tuple[KeyId, ...]:
        with self._login.exclusively() as session:
            ids: set[bytes] = set()
            for half in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
                wanted = {Attribute.TOKEN: False, Attribute.CLASS: half}
                ids |= {key[Attribute.ID] for key in keys.find(session, wanted)}
            return tuple(KeyId(key_id) for key_id in sorted(ids))

    def service_public_key(self, key: ServiceKey) -> bytes:
        with self._login.exclusively():
            return _found(self._service[key], key).spki

    def sign_with_service_key(self, key: ServiceKey, digest: bytes) -> bytes:
        require_digest(digest)
        with self._login.exclusively():
            return _sign(_found(self._service[key], key).private, digest)

    def mac(self, key: MacKey, message: bytes) -> bytes:
        with self._login.exclusively():
            secret = _found(self._mac[key], key)
            return keys.sign(secret, message, Mechanism.SHA256_HMAC)

    def create_quota_key(self, key_id: KeyId) -> None:
        require_key_id(key_id)
        with self._login.exclusively() as session:
            if keys.find(session, {Attribute.ID: key_id}):
                raise DeviceRefusedError("a key with this id is there")
            try:
                with self._login.writing(session) as writing:
                    quota_keys.make(writing, key_id, self._facts)
                self._quota[key_id] = quota_keys.load(session, key_id, self._facts)
            except SESSION_LOST:
                raise
            except (HsmError, ck.PKCS11Error):
                self._destroy_quota_key(session, key_id)
                raise

    def quota_mac(self, key_id: KeyId, message: bytes) -> bytes:
        with self._login.exclusively() as session:
            if key_id not in self._quota:
                self._quota[key_id] = quota_keys.load(session, key_id, self._facts)
            return keys.sign(self._quota[key_id], message, Mechanism.SHA256_HMAC)

    def destroy_quota_key(self, key_id: KeyId) -> None:
        require_key_id(key_id)
        with self._login.exclusively() as session:
            self._destroy_quota_key(session, key_id)

    def quota_keys(self) -> tuple[KeyId, ...]:
        with self._login.exclusively() as session:
            return quota_keys.listed(session)

    def generate_wrapped_key(self, algorithm: Algorithm) -> WrappedKey:
        with self._login.exclusively() as session:
            return self._wrapping.generate(session, algorithm)

    def sign_with_wrapped_key(
        self, wrapped: WrappedKey, scheme: Scheme, digests: Sequence[bytes]
    ) -> tuple[bytes, ...]:
        with self._login.exclusively() as session:
            return self._wrapping.sign(session, wrapped, scheme, digests)

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        with self._login.exclusively() as session:
            return self._wrapping.rewrap(session, wrapped)

    def wrapping_keys(self) -> tuple[KeyId, ...]:
        with self._login.exclusively() as session:
            return self._wrapping.listed(session)

    def create_wrapping_key(self) -> KeyId:
        with self._login.exclusively() as session:
            with self._login.writing(session) as writing:
                key_id = wrapping_keys.make(writing, self._facts)
            if key_id not in self._wrapping.listed(session):
                raise DeviceRefusedError("the wrapping key is not as required")
            return key_id

    def destroy_wrapping_key(self, key_id: KeyId) -> None:
        require_key_id(key_id)
        with self._login.exclusively() as session:
            listed = self._wrapping.listed(session)
            if key_id not in listed:
                raise KeyNotFoundError(f"no wrapping key {key_id.hex()}")
            if key_id == listed[-1]:
                raise DeviceRefusedError("the newest wrapping key is not destroyed")
            with self._login.writing(session) as writing:
                wrapping_keys.destroy(writing, key_id)
            self._wrapping.listed(session)

    def self_test(self) -> SelfTest:
        passed = known_answers(self)
        with self._login.exclusively() as session:
            self._require_enforced_mechanisms(session)
            token = session.token
            return SelfTest(
                manufacturer=token.manufacturer_id,
                model=token.model,
                library_version=self._login.library_version(),
                token_label=token.label,
                token_serial=token.serial.decode("ascii", "replace"),
                passed=(*passed, "a key refuses a mechanism it does not allow"),
                quarantine=inventory.strangers(session, self._facts),
            )

    def close(self) -> None:
        self._login.close()

    def _destroy(self, session: Session, key_id: KeyId) -> bool:
        """Return whether a half was there. Ends the service unless both are gone."""
        pair = self._one_time.pop(key_id, None)
        try:
            halves = (
                [pair.private, pair.public]
                if pair is not None
                else keys.find(session, keys.one_time_marks(key_id))
            )
            for half in halves:
                half.destroy()
            if halves and keys.find(session, {Attribute.ID: key_id}):
                raise DeviceRefusedError(f"key {key_id.hex()} is still there")
        except SESSION_LOST:  # the session ends, and the key with it
            raise
        except (HsmError, ck.PKCS11Error):
            self._login.refuse_from_now_on(f"key {key_id.hex()} not proven gone")
            raise
        return bool(halves)

    def _destroy_quota_key(self, session: Session, key_id: KeyId) -> None:
        self._quota.pop(key_id, None)
        with self._login.writing(session) as writing:
            quota_keys.destroy(writing, key_id)
        quota_keys.require_gone(session, key_id)

    def _require_enforced_mechanisms(self, session: Session) -> None:
        """CKA_ALLOWED_MECHANISMS is optional in PKCS#11, and vital here."""
        key_id = KeyId(secrets.token_bytes(KEY_ID_BYTES))
        _, no_ecdsa = keys.generate_pair(
            session,
            key_id=key_id,
            mechanism=Mechanism.ECDH1_DERIVE,
            facts=self._facts,
        )
        try:
            _require_refusal(no_ecdsa, Mechanism.ECDSA)
        finally:
            self._destroy(session, key_id)
        for key, secret in self._mac.items():
            _require_refusal(_found(secret, key), Mechanism.SHA224_HMAC)


def _found(key: Key | None, name: str) -> Key:
    if key is None:
        raise KeyNotFoundError(f"no key {name}")
    return key


def _sign(private: PrivateKey, digest: bytes) -> bytes:
    return ecdsa_sig_value(keys.sign(private, digest, Mechanism.ECDSA))


def _require_refusal(key: PrivateKey | SecretKey, mechanism: Mechanism) -> None:
    try:
        keys.sign(key, bytes(DIGEST_BYTES), mechanism)
    except ck.MechanismInvalid:
        return
    raise DeviceRefusedError(f"a key obeys {mechanism.name}, which it does not allow")
