"""Every error of the list, at every call of a ceremony: what comes of it (R6).

    python -m tests.hsm.shim.sweep [--step 1]

One trial: the n-th PKCS#11 call goes wrong, n = 1, 2, … until none was left to. Then

* the ceremony ended right, or with an ``HsmError``; nothing else came out;
* what it returned verifies;
* the device made no more signatures than one ceremony makes;
* a PIN was offered at most once per login that the ceremony has, never again after
  it was refused;
* the device serves again, at the latest after it was closed and opened anew;
* no session object is left.
"""

import argparse
import contextlib
import io
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hsm.algorithms import Algorithm, Scheme
from hsm.config import HsmConfig
from hsm.errors import HsmError, HsmUnavailableError
from hsm.pkcs11_device import Pkcs11Device
from hsm.port import KeyId
from hsm.token import set_up
from hsm.verifying import require_signature
from hsm.wrapped import WrappedKey
from tests.hsm.shim.built import Effect, Shim

CODES = {
    "GENERAL_ERROR": 0x05,
    "HOST_MEMORY": 0x02,
    "DEVICE_ERROR": 0x30,
    "DEVICE_REMOVED": 0x32,
    "OPERATION_ACTIVE": 0x90,
    "PIN_LOCKED": 0xA4,
    "SESSION_CLOSED": 0xB0,
    "SESSION_HANDLE_INVALID": 0xB3,
    "TOKEN_NOT_PRESENT": 0xE0,
    "USER_NOT_LOGGED_IN": 0x101,
}
FOR_EVER = 1 << 40
MOST_CALLS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One ceremony and one error; the sweep moves it from call to call."""

    ceremony: str
    code: str
    effect: Effect
    times: int


@dataclass(slots=True)
class Tally:
    trials: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)


class Bench:
    """A token of its own behind the shim, and a device that is opened when needed."""

    def __init__(self, folder: Path, module: Path) -> None:
        self.shim = Shim(folder, module)
        self.config = HsmConfig(
            module=self.shim.path,
            token_label="faults",
            pin_file=folder / "sam" / "pin",
            softhsm_conf=folder / "softhsm2.conf",
            busy_timeout=1,
        )
        set_up(self.config)
        self.device = Pkcs11Device.open(self.config)
        self.ec = self.device.generate_wrapped_key(Algorithm.P256)
        self.rsa = self.device.generate_wrapped_key(Algorithm.RSA3072)
        self.made = self.ec
        self.device.create_wrapping_key()

    def ceremonies(self) -> dict[str, tuple[Callable[[], None], int]]:
        """Name → what is done, and how many signatures that takes at most."""
        return {
            "wrapped-ec": (lambda: self.sign(self.ec, Scheme.ECDSA_SHA256), 3),
            "wrapped-rsa": (lambda: self.sign(self.rsa, Scheme.RSA_PSS_SHA256), 2),
            "generate": (lambda: self.keep(self.generated), 0),
            "rewrap": (lambda: self.keep(self.rewrapped), 1),
            "one-time": (self.one_time, 1),
            "start-up": (self.start, 0),
        }

    def sign(self, wrapped: WrappedKey, scheme: Scheme) -> None:
        digests = [secrets.token_bytes(32) for _ in range(2)]
        signatures = self.device.sign_with_wrapped_key(wrapped, scheme, digests)
        for digest, signature in zip(digests, signatures, strict=True):
            require_signature(wrapped.public_key, scheme, digest, signature)

    def generated(self) -> WrappedKey:
        return self.device.generate_wrapped_key(Algorithm.P256)

    def rewrapped(self) -> WrappedKey:
        return self.device.rewrap(self.ec)

    def keep(self, make: Callable[[], WrappedKey]) -> None:
        """What was made must sign, once nothing goes wrong any more."""
        self.made = make()

    def one_time(self) -> None:
        key_id, digest = KeyId(secrets.token_bytes(16)), secrets.token_bytes(32)
        public_key = self.device.generate_one_time_key(key_id)
        signature = self.device.sign_with_one_time_key(key_id, digest)
        self.device.destroy_one_time_key(key_id)
        assert key_id not in self.device.one_time_keys()
        require_signature(public_key, Scheme.ECDSA_SHA256, digest, signature)

    def start(self) -> None:
        self.device.close()
        self.device = Pkcs11Device.open(self.config)

    def recover(self) -> str:
        """Return how the device serves again."""
        self.shim.disarm()
        for how in ("at once", "at the second call"):
            try:
                self.sign(self.made, Scheme.ECDSA_SHA256)
            except HsmUnavailableError:
                continue
            return how
        self.renew()
        self.sign(self.made, Scheme.ECDSA_SHA256)
        return "after a new start"

    def renew(self) -> None:
        with contextlib.suppress(HsmError):
            self.device.close()
        try:
            self.device = Pkcs11Device.open(self.config)
        except HsmError:  # C_Finalize went wrong: only a new process helps
            self.shim.finalise()
            self.device = Pkcs11Device.open(self.config)


def every_series(ceremony: str, times: list[int]) -> Iterator[Series]:
    for code in CODES:
        for effect in (Effect.INSTEAD, Effect.AFTERWARDS):
            for number in times:
                yield Series(ceremony=ceremony, code=code, effect=effect, times=number)


def sweep(bench: Bench, series: Series, tally: Tally, calls: range) -> None:
    """Let each of ``calls`` go wrong, in a ceremony of its own, until none is left."""
    for nth in calls:
        bench.shim.arm(
            nth, effect=series.effect, code=CODES[series.code], times=series.times
        )
        ceremony, signatures = bench.ceremonies()[series.ceremony]
        end = _end_of(ceremony)
        made, logins, hit = bench.shim.signatures, bench.shim.logins, bench.shim.hit
        how, left = _served_again(bench)
        tally.trials += 1
        tally.ends[f"{end}, serves {how}"] += 1
        wrong = {
            end: end.startswith("WRONG"),
            f"serves {how}": how.startswith("WRONG"),
            f"{made} signatures": made > signatures,
            f"{left} objects left": left > 0,
            f"{logins} logins": series.code == "PIN_LOCKED" and logins > 1,
        }
        tally.complaints += [
            f"{series} n={nth}: {w}" for w, is_so in wrong.items() if is_so
        ]
        if not hit:
            return
    raise AssertionError("more calls than any ceremony makes")


def _served_again(bench: Bench) -> tuple[str, int]:
    """How the device came back, and how many session objects it found."""
    try:
        return bench.recover(), len(bench.device.one_time_keys())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        bench.renew()
        return f"WRONG {type(error).__name__}: {error}", 0


def _end_of(ceremony: Callable[[], None]) -> str:
    try:
        ceremony()
    except HsmError as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return f"WRONG {type(error).__name__}: {error}"
    return "right"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--ceremony", action="append")
    parser.add_argument("--module", default="/usr/lib/softhsm/libsofthsm2.so")
    given = parser.parse_args()
    tally = Tally()
    # python-pkcs11 prints what its finalisers meet in a session that is gone.
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(io.StringIO()),
    ):
        bench = Bench(Path(folder), Path(given.module))
        for name in given.ceremony or bench.ceremonies():
            for series in every_series(name, [1, FOR_EVER]):
                sweep(bench, series, tally, range(1, MOST_CALLS, given.step))
        bench.device.close()
    for end, count in tally.ends.most_common():
        print(f"{count:7}  {end}")
    print(f"{tally.trials} trials, {len(tally.complaints)} complaints")
    print(*tally.complaints[:40], sep="\n")
    return 1 if tally.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
