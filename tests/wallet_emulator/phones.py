"""Phones for tests, at a fixed time, in a folder of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
from cryptography import x509
from flask import Flask

from tests.wallet_emulator.relying_party import NOW
from wallet_emulator.phone import create_app
from wallet_emulator.phone.exchanges import Exchanges
from wallet_emulator.phone.holders import Holders
from wallet_emulator.phone.phone import Phone
from wallet_emulator.pid_provider import PidProvider


@dataclass
class Clock:
    """A test moves ``now``."""

    now: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Roots:
    """Whom a phone trusts: certificates of relying parties, of card issuers."""

    access: Sequence[x509.Certificate] = ()
    issuer: Sequence[x509.Certificate] = ()


def phone_app(
    folder: Path,
    provider: PidProvider,
    http: httpx.Client,
    *,
    clock: Clock,
    roots: Roots,
) -> Flask:
    return create_app(
        Phone(
            holders=Holders(folder, provider, clock),
            exchanges=Exchanges(clock),
            access_roots=roots.access,
            issuer_roots=roots.issuer,
            http=http,
            clock=clock,
        ),
        "http://localhost:8000",
    )
