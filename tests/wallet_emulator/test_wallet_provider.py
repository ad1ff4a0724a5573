"""Key attestations of the emulator, read with PyJWT; wallets with several passes."""

from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from tests.wallet_emulator.issuer import Issuer
from tests.wallet_emulator.loopback import Loopback
from tests.wallet_emulator.relying_party import NOW
from wallet_emulator.errors import IssuanceError
from wallet_emulator.issuance import receive_offer
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.wallet import MAX_PASSES, SIGNING_PASS, HeldCredential, Wallet
from wallet_emulator.wallet_provider import WalletProvider


@pytest.fixture
def issuer(loopback: Loopback) -> Issuer:
    return Issuer(loopback=loopback)


@pytest.fixture
def empty(tmp_path: Path) -> Wallet:
    return Wallet(tmp_path / "empty")


def take(
    issuer: Issuer,
    wallet: Wallet,
    http: httpx.Client,
    provider: WalletProvider | None = None,
) -> HeldCredential:
    return receive_offer(
        issuer.link(),
        wallet=wallet,
        http=http,
        issuer_roots=issuer.roots,
        now=NOW,
        wallet_provider=provider,
    )


def want(issuer: Issuer, **levels: list[str]) -> None:
    configurations: Any = issuer.issuer["credential_configurations_supported"]
    kind = {"key_attestations_required": levels}
    configurations["signing_pass"]["proof_types_supported"] = {"jwt": kind}


def test_an_attestation_says_what_the_standard_wants() -> None:
    provider, key = WalletProvider.create(NOW), new_key()
    levels = {"key_storage": ["iso_18045_high"]}

    text = provider.attest([key.public_key()], nonce="n", now=NOW, levels=levels)

    header = jwt.get_unverified_header(text)
    said = jwt.decode(
        text,
        provider.signer.public_key(),  # type: ignore[arg-type]
        ["ES256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert header["typ"] == "key-attestation+jwt"
    assert len(header["x5c"]) == 1
    assert said["exp"] > said["iat"] == int(NOW.timestamp())
    assert said["attested_keys"] == [public_jwk(key.public_key())]
    assert (said["nonce"], said["key_storage"]) == ("n", ["iso_18045_high"])
    assert "user_authentication" not in said


def test_a_provider_is_set_up_once(tmp_path: Path) -> None:
    assert WalletProvider.find(tmp_path) is None

    made = WalletProvider.setup(tmp_path, NOW)

    assert WalletProvider.setup(tmp_path, NOW).ca == made.ca
    found = WalletProvider.find(tmp_path)
    assert found is not None
    assert found.signer == made.signer


def test_without_anybody_to_vouch_the_wallet_says_so(
    issuer: Issuer, empty: Wallet, http: httpx.Client
) -> None:
    want(issuer)

    with pytest.raises(IssuanceError, match="key attestation"):
        take(issuer, empty, http)

    assert empty.credentials() == ()


def test_where_none_is_wanted_none_is_sent(
    issuer: Issuer, empty: Wallet, http: httpx.Client
) -> None:
    take(issuer, empty, http, WalletProvider.create(NOW))

    assert set(issuer.proofs[0]["header"]) == {"alg", "typ", "jwk"}


def test_several_passes_are_kept_and_the_youngest_comes_first(
    issuer: Issuer, empty: Wallet, http: httpx.Client
) -> None:
    taken = [take(issuer, empty, http).sd_jwt.text for _ in range(MAX_PASSES + 1)]

    held = [each.sd_jwt.text for each in empty.credentials()]  # type: ignore[union-attr]
    youngest = empty.credential(SIGNING_PASS)

    assert held == taken[:0:-1]
    assert youngest is not None
    assert youngest.sd_jwt.text == taken[-1]


def test_every_pass_keeps_its_own_key(
    issuer: Issuer, empty: Wallet, http: httpx.Client
) -> None:
    for _ in range(3):
        take(issuer, empty, http)

    for held in empty.credentials():
        cnf: Any = held.claims()["cnf"]
        assert cnf["jwk"] == public_jwk(held.key.public_key())


def test_dropping_the_card_drops_every_pass(
    issuer: Issuer, empty: Wallet, http: httpx.Client
) -> None:
    for _ in range(2):
        take(issuer, empty, http)

    empty.drop(SIGNING_PASS)

    assert empty.credentials() == ()
