"""What an attacker holds who has taken over the web tier: the SAM's socket, and time.

The SAM and the trust services are real processes. The web tier is not running at all:
everything it could do, the attacker does, by the SAM's client and with the bytes that
wallets post. Victims use honest wallets and do what they are asked on a page.
"""

import json
import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography import x509

from app.local.layout import Layout
from sam import messages as m
from sam import policy
from sam.client import SamClient, connect
from sam.periods import period_at
from sam.policy import FreeTierPolicy
from tests.sam.callers import Callers
from tests.sam.files import described
from wallet_emulator.pid_provider import PidProvider

NOBODY = 65534


class RealTime:
    @property
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class Stage(Callers):
    """The calls over the real socket, in real time."""

    layout: Layout
    socket: Path
    folder: Path
    client: SamClient = field(init=False)
    provider: PidProvider = field(init=False)
    access_root: x509.Certificate = field(init=False)
    rule: FreeTierPolicy = field(init=False)

    def __post_init__(self) -> None:
        self.client = connect(self.socket)
        self.provider = PidProvider.open(self.layout.wallet)
        access_root = (self.layout.wallet / "access-root.pem").read_bytes()
        self.access_root = x509.load_pem_x509_certificate(access_root)
        self.rule = policy.load(self.layout.free_tier["QES_FREE_TIER_POLICY"])

    def period_at(self, moment: datetime) -> str:
        """The name of the policy's period then."""
        return period_at(moment, self.rule.period.unit, self.rule.period.zone_info).name

    @property
    def watch(self) -> RealTime:
        return RealTime()

    @property
    def key_operations(self) -> int:
        return self.client.info().signer_key_operations

    @property
    def releases(self) -> tuple[m.Release, ...]:
        return self.client.releases(0).releases

    def raw(
        self, call: str, body: Mapping[str, object], content: bytes = b""
    ) -> httpx.Response:
        """What no client of ours would send; ``content`` follows on the wire."""
        sent = json.dumps(body).encode() + (b"\n" + content if content else b"")
        transport = httpx.HTTPTransport(uds=str(self.socket))
        with httpx.Client(transport=transport, base_url="http://sam") as http:
            return http.post(f"/{call}", content=sent)

    def open_raw(self, content: bytes, **claimed: object) -> httpx.Response:
        """``open_sign`` of one document, with members of the attacker's own."""
        call = m.OpenSign(documents=(described(content),)).model_dump(mode="json")
        return self.raw("open_sign", call | claimed, content)


def as_attacker(attack: Callable[[], None], *, group: int | None) -> None:
    """Run ``attack`` in a child, under another OS user if ``group`` is given.

    The child is a fork, not a new program: the other user need not be able to read
    this installation. Raises ``AssertionError`` with the child's traceback.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, _outcome(attack, group).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    assert said == "held", said


def _outcome(attack: Callable[[], None], group: int | None) -> str:
    try:
        if group is not None:
            os.setgroups([group])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        attack()
    except BaseException:  # noqa: BLE001 — the child's only way to speak
        return traceback.format_exc()[-4000:]
    return "held"
