"""Who may vouch for the key of a signing pass, and in what words (OpenID4VCI App. D).

A refusal crosses the socket as an error code of OpenID4VCI §8.3.1.2; no pass is made.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sam import errors
from sam import messages as m
from sam.messages import AttackPotential, KeyAttestationPolicy
from tests.sam.attested import BOTH, IN_A_PROOF, Change, Draft, other_jwk, trust
from tests.sam.callers import Holder
from tests.sam.lists import Published
from tests.sam.world import NOW, World
from wallet_emulator import jws
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet_provider import WalletProvider

Key = ec.EllipticCurvePrivateKey
Send = Callable[[Draft], str]
KINDS = [
    pytest.param(Draft.proof, id="in-a-proof"),
    pytest.param(Draft.attestation, id="alone"),
]
LISTED = "https://wallet-provider.example/status/1"


@pytest.fixture(scope="module")
def provider() -> WalletProvider:
    return WalletProvider.create(NOW)


@pytest.fixture(scope="module")
def demanding(
    tmp_path_factory: pytest.TempPathFactory, provider: WalletProvider
) -> Iterator[World]:
    """Issues no pass to a key that nobody vouches for."""
    with closing(World(tmp_path_factory.mktemp("demanding"))) as world:
        trust(
            world,
            provider,
            pass_key_attestation=KeyAttestationPolicy.REQUIRED,
            pass_key_storage=AttackPotential.MODERATE,
            pass_user_authentication=AttackPotential.ENHANCED_BASIC,
        )
        yield world


@pytest.fixture(scope="module")
def holder(demanding: World) -> Holder:
    return demanding.person("erika", holds_pass=False)


@pytest.fixture
def handle(demanding: World, holder: Holder) -> str:
    return demanding.identify(holder)


@pytest.fixture
def draft(demanding: World, provider: WalletProvider, key: Key) -> Draft:
    return Draft(demanding, provider, key)


def holder_key(credential: str) -> object:
    return SdJwt.parse(credential).payload["cnf"]


@pytest.mark.parametrize("send", KINDS)
def test_a_vouched_for_key_gets_a_pass(
    demanding: World, handle: str, draft: Draft, send: Send
) -> None:
    """Guards the tables below; and only the bare key enters the pass."""
    draft.claims["attested_keys"][0] |= {"kid": "Erika", "use": "sig"}

    credential = demanding.issue_pass(handle, send(draft))

    assert holder_key(credential) == {"jwk": public_jwk(draft.key.public_key())}


@pytest.mark.parametrize("send", KINDS)
@pytest.mark.parametrize("change", BOTH)
def test_an_attestation_with_one_thing_wrong_is_refused(
    demanding: World, handle: str, draft: Draft, change: Change, send: Send
) -> None:
    change(draft)
    before = demanding.passes()

    with pytest.raises(errors.ProofRefusedError):
        demanding.issue_pass(handle, send(draft))

    assert demanding.passes() == before


@pytest.mark.parametrize("change", IN_A_PROOF)
def test_a_proof_that_does_not_fit_its_attestation_is_refused(
    demanding: World, handle: str, draft: Draft, change: Change
) -> None:
    change(draft)
    before = demanding.passes()

    with pytest.raises(errors.ProofRefusedError):
        demanding.issue_pass(handle, draft.proof())

    assert demanding.passes() == before


def test_a_proof_may_name_the_attested_key_itself(
    demanding: World, handle: str, draft: Draft
) -> None:
    draft.proof_header = {"jwk": public_jwk(draft.key.public_key())}
    draft.claims["attested_keys"].insert(0, other_jwk())

    assert demanding.issue_pass(handle, draft.proof())


def test_a_proof_may_name_the_last_of_several_keys(
    demanding: World, handle: str, draft: Draft
) -> None:
    draft.claims["attested_keys"] = [other_jwk() for _ in range(15)]
    draft.claims["attested_keys"].append(public_jwk(draft.key.public_key()))
    draft.proof_header = {"kid": "15"}

    credential = demanding.issue_pass(handle, draft.proof())

    assert holder_key(credential) == {"jwk": public_jwk(draft.key.public_key())}


def test_more_keys_than_any_wallet_has_are_refused(
    demanding: World, handle: str, draft: Draft
) -> None:
    draft.claims["attested_keys"] += [other_jwk() for _ in range(16)]

    with pytest.raises(errors.ProofRefusedError):
        demanding.issue_pass(handle, draft.proof())


def test_alone_it_vouches_for_one_key_only(
    demanding: World, handle: str, draft: Draft
) -> None:
    draft.claims["attested_keys"].append(other_jwk())
    before = demanding.passes()

    with pytest.raises(errors.ProofRefusedError, match="one key"):
        demanding.issue_pass(handle, draft.attestation())

    assert demanding.passes() == before


@pytest.mark.parametrize("send", KINDS)
def test_the_pids_key_gets_no_pass_whoever_vouches(
    demanding: World, provider: WalletProvider, holder: Holder, handle: str, send: Send
) -> None:
    draft = Draft(demanding, provider, holder.pid_key)

    with pytest.raises(errors.ProofRefusedError, match="PID"):
        demanding.issue_pass(handle, send(draft))


@pytest.mark.parametrize("send", KINDS)
def test_a_key_with_a_pass_gets_no_second(
    demanding: World, provider: WalletProvider, holder: Holder, key: Key, send: Send
) -> None:
    first = Draft(demanding, provider, key)
    demanding.issue_pass(demanding.identify(holder), first.proof())
    before = demanding.passes()

    with pytest.raises(errors.ProofRefusedError):
        demanding.issue_pass(
            demanding.identify(holder), send(Draft(demanding, provider, key))
        )

    assert demanding.passes() == before


@pytest.mark.parametrize("nonce", ["", "x", "A" * 54, "not base64url"])
@pytest.mark.parametrize("send", KINDS)
def test_the_attestations_nonce_has_to_be_ours(
    demanding: World, handle: str, draft: Draft, nonce: str, send: Send
) -> None:
    draft.claims["nonce"] = nonce
    before = demanding.passes()

    with pytest.raises(errors.NonceRefusedError):
        demanding.issue_pass(handle, send(draft))

    assert demanding.passes() == before


@pytest.mark.parametrize("send", KINDS)
def test_an_attestation_is_used_once(
    demanding: World, holder: Holder, handle: str, draft: Draft, send: Send
) -> None:
    demanding.issue_pass(handle, send(draft))
    draft.key = draft.holder = new_key()
    draft.claims["attested_keys"] = [public_jwk(draft.key.public_key())]
    draft.proof_claims["nonce"] = demanding.client.pass_nonce().c_nonce

    with pytest.raises(errors.NonceRefusedError):
        demanding.issue_pass(demanding.identify(holder), send(draft))


def test_two_nonces_are_both_used_up(
    demanding: World,
    provider: WalletProvider,
    holder: Holder,
    handle: str,
    draft: Draft,
) -> None:
    draft.claims["nonce"] = demanding.client.pass_nonce().c_nonce
    demanding.issue_pass(handle, draft.proof())

    for used in (draft.nonce, draft.claims["nonce"]):
        again = Draft(demanding, provider, new_key(), nonce=used)
        with pytest.raises(errors.NonceRefusedError):
            demanding.issue_pass(demanding.identify(holder), again.proof())


def test_the_proofs_own_nonce_counts_beside_the_attestations(
    demanding: World, handle: str, draft: Draft
) -> None:
    draft.proof_claims["nonce"] = "foreign"

    with pytest.raises(errors.NonceRefusedError):
        demanding.issue_pass(handle, draft.proof())


@pytest.mark.parametrize("send", KINDS)
def test_the_same_request_again_gets_the_same_pass(
    demanding: World, handle: str, draft: Draft, send: Send
) -> None:
    given = send(draft)

    assert demanding.issue_pass(handle, given) == demanding.issue_pass(handle, given)


@pytest.mark.parametrize("level", ["iso_18045_moderate", "iso_18045_high"])
def test_the_level_asked_for_or_a_higher_one_is_enough(
    demanding: World, handle: str, draft: Draft, level: str
) -> None:
    draft.claims["key_storage"] = ["https://example.org/own-word", level]

    assert demanding.issue_pass(handle, draft.proof())


def test_where_one_is_required_a_plain_proof_is_refused(
    demanding: World, holder: Holder, handle: str, key: Key
) -> None:
    with pytest.raises(errors.ProofRefusedError, match="required"):
        demanding.issue_pass(handle, holder.proof(key))


@pytest.mark.parametrize(
    ("policy", "send", "taken"),
    [
        pytest.param("off", Draft.proof, False, id="off-kid"),
        pytest.param("off", Draft.attestation, False, id="off-alone"),
        pytest.param("optional", Draft.proof, True, id="optional-kid"),
        pytest.param("optional", Draft.attestation, True, id="optional-alone"),
    ],
)
def test_policy_says_whether_attestations_are_looked_at(
    *,
    world: World,
    provider: WalletProvider,
    key: Key,
    policy: str,
    send: Send,
    taken: bool,
) -> None:
    setting = KeyAttestationPolicy(policy)
    trust(world, provider, pass_key_attestation=setting)
    handle = world.identify(world.person("erika"))
    before = world.passes()

    try:
        world.issue_pass(handle, send(Draft(world, provider, key)))
    except errors.ProofRefusedError:
        assert not taken

    assert world.passes() - before == taken


def test_where_it_is_optional_a_bad_one_is_worse_than_none(
    world: World, provider: WalletProvider, key: Key
) -> None:
    optional = KeyAttestationPolicy.OPTIONAL
    trust(world, provider, pass_key_attestation=optional)
    person = world.person("erika")
    handle = world.identify(person)
    draft = Draft(world, provider, key)
    draft.proof_header = {"jwk": public_jwk(key.public_key())}
    draft.signer = key

    with pytest.raises(errors.ProofRefusedError):
        world.issue_pass(handle, draft.proof())

    assert world.issue_pass(handle, person.proof(key))


def test_where_it_is_off_whatever_stands_there_is_not_read(
    world: World, key: Key
) -> None:
    handle = world.identify(world.person("erika"))
    header = {
        "alg": "ES256",
        "typ": "openid4vci-proof+jwt",
        "jwk": public_jwk(key.public_key()),
        "key_attestation": "whatever",
    }
    claims = {
        "aud": world.sam.config.base_url,
        "iat": int(world.clock.now.timestamp()),
        "nonce": world.client.pass_nonce().c_nonce,
    }

    assert world.issue_pass(handle, jws.sign(header, claims, key))


def test_without_an_anchor_nobody_can_vouch(
    world: World, provider: WalletProvider, key: Key
) -> None:
    required = KeyAttestationPolicy.REQUIRED
    world.restart(
        world.sam.config.model_copy(update={"pass_key_attestation": required})
    )
    handle = world.identify(world.person("erika", holds_pass=False))

    with pytest.raises(errors.ProofRefusedError, match="issuer_not_trusted"):
        world.issue_pass(handle, Draft(world, provider, key).proof())


@pytest.mark.parametrize(
    ("by", "revoked", "taken"),
    [
        pytest.param("wallet-provider", set(), True, id="valid"),
        pytest.param("wallet-provider", {3}, False, id="revoked"),
        pytest.param("pid-provider", set(), False, id="list-of-a-pid-provider"),
    ],
)
def test_an_attestations_status_goes_by_a_list_of_its_own_category(
    *,
    world: World,
    provider: WalletProvider,
    key: Key,
    by: str,
    revoked: set[int],
    taken: bool,
) -> None:
    trust(world, provider, pass_key_attestation=KeyAttestationPolicy.REQUIRED)
    handle = world.identify(world.person("erika", holds_pass=False))
    status = {"status_list": {"idx": 3, "uri": LISTED}}
    _refused(world, provider, handle, key, status)  # from here on it is wanted
    listed = Published(world.provider, uri=LISTED, revoked=revoked)
    if by == "wallet-provider":
        listed.key, listed.chain = provider.signer_key, (provider.signer,)
    _hand_over(world, listed.jwt(world.clock.now))

    if taken:
        draft = Draft(world, provider, key)
        draft.claims["status"] = status
        assert world.issue_pass(handle, draft.proof())
    else:
        _refused(world, provider, handle, key, status)


def _refused(
    world: World, provider: WalletProvider, handle: str, key: Key, status: object
) -> None:
    draft = Draft(world, provider, key)
    draft.claims["status"] = status
    with pytest.raises(errors.ProofRefusedError):
        world.issue_pass(handle, draft.proof())
    assert world.passes() == 0


def _hand_over(world: World, content: bytes) -> None:
    try:
        world.client.keep_file(m.FileKind.STATUS_LIST, LISTED, content)
    except errors.FileRefusedError:
        return
