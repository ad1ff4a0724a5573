from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.wallet_emulator.bench import Bench
from tests.wallet_emulator.handset import Handset
from tests.wallet_emulator.issuer import Issuer
from tests.wallet_emulator.loopback import Loopback, serve
from tests.wallet_emulator.phones import Clock, Roots, phone_app
from tests.wallet_emulator.relying_party import (
    DAY,
    NOW,
    PASS_VCT,
    RelyingParty,
)
from tests.wallet_emulator.verifier import Service
from wallet_emulator import sd_jwt
from wallet_emulator.certificates import x5c
from wallet_emulator.keys import new_key
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import PidProvider, holder_jwk
from wallet_emulator.transport import open_client
from wallet_emulator.wallet import SIGNING_PASS, Wallet, receive_pid


@pytest.fixture
def relying_party() -> RelyingParty:
    return RelyingParty()


@pytest.fixture
def provider() -> PidProvider:
    return PidProvider.create(NOW - DAY)


@pytest.fixture
def wallet(tmp_path: Path, provider: PidProvider) -> Wallet:
    """Holds Erika's PID and a signing pass."""
    return filled_wallet(tmp_path / "wallet", provider, "erika")


@pytest.fixture
def other_wallet(tmp_path: Path, provider: PidProvider) -> Wallet:
    return filled_wallet(tmp_path / "other", provider, "asa")


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with open_client() as client:
        yield client


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with serve() as running:
        yield running


@pytest.fixture
def service(loopback: Loopback, relying_party: RelyingParty) -> Service:
    return Service(loopback, relying_party)


@pytest.fixture
def issuer(loopback: Loopback) -> Issuer:
    return Issuer(loopback=loopback)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def roots(service: Service, issuer: Issuer) -> Roots:
    return Roots(access=(service.party.root,), issuer=issuer.roots)


@pytest.fixture
def handset(
    tmp_path: Path,
    provider: PidProvider,
    http: httpx.Client,
    roots: Roots,
    clock: Clock,
) -> Handset:
    """Held by Erika, with a PID and a signing pass."""
    filled_wallet(tmp_path / "phone" / "erika", provider, "erika")
    return Handset(phone_app(tmp_path, provider, http, clock=clock, roots=roots))


def filled_wallet(folder: Path, provider: PidProvider, person: str) -> Wallet:
    wallet = Wallet(folder)
    receive_pid(wallet, provider, PERSONS[person], NOW)
    key = new_key()
    signing_pass = sd_jwt.issue(
        header={"alg": "ES256", "typ": "dc+sd-jwt", "x5c": x5c([provider.signer])},
        plain={
            "vct": PASS_VCT,
            "exp": int((NOW + 30 * DAY).timestamp()),
            "cnf": {"jwk": holder_jwk(key.public_key())},
            "pass_id": person,
        },
        concealed={},
        key=provider.signer_key,
    )
    wallet.hold(SIGNING_PASS, signing_pass, key)
    return wallet


@pytest.fixture
def bench(
    relying_party: RelyingParty,
    wallet: Wallet,
    other_wallet: Wallet,
    provider: PidProvider,
) -> Bench:
    return Bench(relying_party, wallet, other_wallet, provider)


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """For tests that only build answers: keys and cards are made once."""
    provider, folder = PidProvider.create(NOW - DAY), tmp_path_factory.mktemp("bench")
    return Bench(
        RelyingParty(),
        filled_wallet(folder / "wallet", provider, "erika"),
        filled_wallet(folder / "other", provider, "asa"),
        provider,
    )
