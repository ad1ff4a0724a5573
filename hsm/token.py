"""The administrator's act: a SoftHSM token, its PIN file, and the service's keys.

``set_up`` may be run any number of times, by several processes at once, and after it
was killed at any instant. It makes only what is missing:

    1. folders, mode 0700, and ``softhsm2.conf``
    2. the PIN file, mode 0600, from 192 random bits
    3. the token with all keys, in a staging folder, moved into place by one rename
    4. on a token that was there before: the keys it lacks

The security officer's PIN is random and is forgotten at once: nobody can reset the
user PIN or initialise the token again. To start over, remove the token's folder.

A token of another module than SoftHSM is initialised with its vendor's tools, under
their ceremony; ``create_service_keys`` then makes the keys on it.
"""

import ctypes
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from pkcs11 import exceptions as ck

from hsm import keys, wrapping_keys
from hsm.config import TOKEN_LABEL_BYTES, HsmConfig
from hsm.errors import HsmUnavailableError
from hsm.initialising import Module
from hsm.login import Login
from hsm.module import held_module, our_error
from hsm.pin import Pin, new_pin, read_pin, write_pin
from hsm.port import MacKey, ServiceKey
from hsm.turns import turn_between_processes

_OBJECT_STORE: Final = "directories.tokendir"
_CKR_OK: Final = 0


def set_up(config: HsmConfig) -> tuple[str, ...]:
    """Make the token and its keys if they are missing; return the new keys' labels.

    Raises ``HsmError``. No device may be open on the module in this process.
    """
    with _one_set_up_at_a_time(config):
        if config.softhsm_conf is not None:
            made = _initialise_softhsm(config, config.softhsm_conf)
            return made or _create_missing_keys(config)
        return _create_missing_keys(config)


def create_service_keys(config: HsmConfig) -> tuple[str, ...]:
    """Make the keys that an initialised token lacks; return those made now."""
    with _one_set_up_at_a_time(config):
        return _create_missing_keys(config)


@contextmanager
def _one_set_up_at_a_time(config: HsmConfig) -> Iterator[None]:
    # The folder, not the PIN file: the PIN file may not be there yet, and is the
    # lock that each login inside takes.
    folder = config.pin_file.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with turn_between_processes(folder, config.busy_timeout):
            yield
    except OSError as error:
        raise HsmUnavailableError(f"set-up: {error}") from error


def _create_missing_keys(config: HsmConfig) -> tuple[str, ...]:
    login = Login.open(config, writable=True)
    try:
        with login.exclusively() as session:
            facts = login.facts
            return (
                *(k for k in ServiceKey if keys.ensure_service_key(session, k, facts)),
                *(k for k in MacKey if keys.ensure_mac_key(session, k, facts)),
                *wrapping_keys.ensure(session, facts),
            )
    finally:
        login.close()


def _initialise_softhsm(config: HsmConfig, conf: Path) -> tuple[str, ...]:
    """Return the labels of a new token's keys, none if this token is there."""
    folder = _token_folder(conf)
    if _has_token(config):
        return ()
    if not config.pin_file.exists():
        write_pin(config.pin_file, new_pin())
    staging = folder.with_name(f"{folder.name}.staging")
    shutil.rmtree(staging, ignore_errors=True)
    staged_conf = staging / "softhsm2.conf"
    staged = config.model_copy(update={"softhsm_conf": staged_conf})
    staged_folder = staging / "tokens"
    _write_conf(staged_conf, staged_folder)
    staged_folder.mkdir(mode=0o700)
    _initialise_token(staged)
    made = _create_missing_keys(staged)
    for token in staged_folder.iterdir():  # exactly one
        token.rename(folder / token.name)
    shutil.rmtree(staging)
    return made


def _has_token(config: HsmConfig) -> bool:
    # Listing tokens while another process logs in fails, so it takes the same turn.
    # Without a PIN file nobody logs in.
    turn = (
        turn_between_processes(config.pin_file, config.busy_timeout)
        if config.pin_file.exists()
        else nullcontext()
    )
    with turn, held_module(config) as module:
        try:
            return any(module.get_tokens(token_label=config.token_label))
        except ck.PKCS11Error as error:
            raise our_error(error) from error


def _token_folder(conf: Path) -> Path:
    """Return the folder that ``conf`` names; write both if there is no ``conf``."""
    if not conf.exists():
        _write_conf(conf, conf.with_name("tokens"))
    for line in conf.read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == _OBJECT_STORE:
            folder = Path(value.strip())
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return folder
    raise HsmUnavailableError(f"{conf} has no {_OBJECT_STORE}")


def _write_conf(conf: Path, folder: Path) -> None:
    conf.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = conf.with_name(f"{conf.name}.new")
    whole.write_text(
        f"{_OBJECT_STORE} = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    whole.rename(conf)


def _initialise_token(config: HsmConfig) -> None:
    """Initialise the one free slot and set the user PIN to that of the PIN file."""
    pin, so_pin = read_pin(config.pin_file), new_pin()
    with held_module(config) as module:
        try:
            slot = module.get_slots()[0]
            _c_init_token(module, slot.slot_id, so_pin, config.token_label)
            token = module.get_token(token_label=config.token_label)
            session = token.open(rw=True, so_pin=so_pin.reveal())
            session.init_pin(pin.reveal())
            session.close()
        except ck.PKCS11Error as error:
            raise our_error(error) from error


def _c_init_token(module: Module, slot_id: int, so_pin: Pin, label: str) -> None:
    """C_InitToken (PKCS#11 v2.40 §5.5), which python-pkcs11 does not offer.

    ``softhsm2-util`` would take the PINs on its command line, for all to read.
    """
    answer = ctypes.CDLL(module.so).C_InitToken(
        ctypes.c_ulong(slot_id),
        so_pin.reveal().encode(),
        ctypes.c_ulong(len(so_pin.reveal().encode())),
        label.encode().ljust(TOKEN_LABEL_BYTES),
    )
    if answer != _CKR_OK:
        raise HsmUnavailableError(f"C_InitToken returned 0x{answer & 0xFFFFFFFF:x}")
