"""Handing lists over to a SAM, and asking it whom it trusts by them."""

from typing import Any

from cryptography import x509

from openid4vp.errors import IssuerNotTrustedError
from sam import messages as m
from sam.trust.categories import Category
from tests.sam.callers import Holder
from tests.sam.trust.conftest import URI
from tests.sam.trust.lists import Lote, entity
from tests.sam.world import World
from wallet_emulator.keys import new_key
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider, holder_jwk, pid_claims
from wallet_emulator.wallet import PID

LISTED_ID = "eu-pid/entity:VATSE-5560001111"
PIDS, WALLETS = Category.PID_PROVIDERS, Category.WALLET_PROVIDERS


def a_list(world: World, *providers: PidProvider, **options: Any) -> Lote:
    options.setdefault("issued", world.clock.now)
    return Lote([entity(f"P{n}", p.ca) for n, p in enumerate(providers)], **options)


def keep(
    world: World, lote: Lote | bytes, uri: str = URI, kind: str = "lote"
) -> m.KeptFile:
    content = lote if isinstance(lote, bytes) else lote.sign()
    return world.client.keep_file(m.FileKind(kind), uri, content)


def holder_of(world: World, provider: PidProvider) -> Holder:
    """Someone whose PID is of that provider; no pass yet."""
    holder = world.person("erika", holds_pass=False)
    key, now = new_key(), world.clock.now
    claims = pid_claims(PERSONS["erika"], now)
    holder.wallet.hold(
        PID, provider.issue(claims, holder_jwk(key.public_key()), now), key
    )
    return holder


def resolved(
    world: World, chain: list[x509.Certificate], category: Category = PIDS
) -> str | None:
    try:
        return world.sam.anchors[category].resolve(chain, world.clock.now)
    except IssuerNotTrustedError:
        return None


def state(world: World) -> str:
    (source,) = world.client.info().trust_sources
    return source.state


def garbage(_world: World) -> bytes:
    return b"\x00\xff" * 100
