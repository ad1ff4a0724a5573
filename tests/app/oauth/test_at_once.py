"""Many at the same moment, on every database: exactly one of them gets it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app.database import Database, upgrade
from app.oauth import store
from app.oauth.authorizations import Authorizations, Pushed
from app.oauth.dpop import OnceOnly, ProofRefusedError
from app.oauth.tokens import CodeRefusedError, Terms, Tokens
from app.signers.sessions import hashed
from app.signers.store import BrowserSession, Exchange, PassOffer
from app.signing.tables import SigningRequest
from tests.postgresql import Databases

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
HANDLE, TX, MANY = "h" * 43, "tx", 16
BROWSER = BrowserSession(
    id="b",
    cookie_hash="c",
    csrf_token="t",
    expires_at=LATER,
    confirmed_by="same_device",
    handle=HANDLE,
    handle_expires_at=LATER,
)


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """One identified person with an open offer."""
    url = databases("app")
    upgrade(url)
    database = Database(url)
    for row in (
        BrowserSession(
            id="b", cookie_hash="c", csrf_token="t", expires_at=LATER, handle=HANDLE
        ),
        SigningRequest(
            id="r",
            browser_id="b",
            state="ready",
            created_at=NOW,
            changed_at=NOW,
            deadline=LATER,
        ),
        Exchange(
            tx=TX,
            browser_id="b",
            request_id="r",
            purpose="identify",
            client_id="x",
            link_scheme="openid4vp",
            request_uri_method="post",
            opened_at=NOW,
            expires_at=LATER,
            return_hash="1",
            error_hash="2",
        ),
        PassOffer(
            code_hash=hashed("code"),
            state_hash=hashed("state"),
            tx=TX,
            handle=HANDLE,
            expires_at=LATER,
        ),
    ):
        with database.write() as db:
            db.add(row)
    yield database
    database.close()


def terms(proof: OnceOnly | None = None) -> Terms:
    return Terms(client_id="w", proof=proof, by_identifier=False)


def once(name: str) -> OnceOnly:
    return OnceOnly(proof_hash=name, thumbprint="k", expires_at=LATER)


def authorizations(database: Database) -> Authorizations:
    return Authorizations(database, lambda: NOW)


def pushed(proof: OnceOnly | None = None) -> Pushed:
    return Pushed(
        issuer_state="state",
        client_id="w",
        client_key=None,
        redirect_uri="https://wallet.example/cb",
        scope="signing_pass",
        state=None,
        code_challenge="x" * 43,
        thumbprint=None,
        proof=proof,
        by_identifier=False,
    )


def successes(act: Callable[[int], object]) -> int:
    def tried(number: int) -> bool:
        try:
            return bool(act(number))
        except (CodeRefusedError, ProofRefusedError):
            return False

    with ThreadPoolExecutor(MANY) as pool:
        return sum(pool.map(tried, range(MANY)))


def test_a_pre_authorised_code_gives_one_token(database: Database) -> None:
    tokens = Tokens(database, lambda: NOW)

    assert successes(lambda _: tokens.for_offer("code", terms())) == 1


def test_a_request_is_decided_once(database: Database) -> None:
    server = authorizations(database)
    uri = server.push(pushed())
    asked = server.waiting(BROWSER, uri, "w")

    def decide(number: int) -> object:
        return server.allow(asked) if number % 2 else server.refuse(asked)

    assert successes(decide) == 1


def test_a_code_gives_one_token(database: Database) -> None:
    server, tokens = authorizations(database), Tokens(database, lambda: NOW)
    code = server.allow(server.waiting(BROWSER, server.push(pushed()), "w"))
    assert code is not None

    assert successes(lambda _: tokens.for_authorization(code, TX, terms())) == 1


def test_of_both_grants_one_gives_a_token(database: Database) -> None:
    server, tokens = authorizations(database), Tokens(database, lambda: NOW)
    code = server.allow(server.waiting(BROWSER, server.push(pushed()), "w"))
    assert code is not None

    def redeem(number: int) -> object:
        if number % 2:
            return tokens.for_offer("code", terms())
        return tokens.for_authorization(code, TX, terms())

    assert successes(redeem) == 1


def test_a_proof_is_accepted_once(database: Database) -> None:
    server = authorizations(database)

    assert successes(lambda _: server.remember(once("same"))) == 1


def test_a_refused_proof_leaves_the_code_as_it_was(database: Database) -> None:
    tokens = Tokens(database, lambda: NOW)
    authorizations(database).remember(once("used"))

    with pytest.raises(ProofRefusedError):
        tokens.for_offer("code", terms(once("used")))

    assert tokens.for_offer("code", terms(once("new")))


def test_a_code_is_over_also_for_who_was_checked_in_time(database: Database) -> None:
    server = authorizations(database)
    code = server.allow(server.waiting(BROWSER, server.push(pushed()), "w"))
    assert code is not None
    late = Tokens(database, lambda: NOW + timedelta(minutes=1))

    with pytest.raises(CodeRefusedError):
        late.for_authorization(code, TX, terms())


def test_a_code_is_redeemed_once_whatever_its_offer_says(database: Database) -> None:
    server = authorizations(database)
    code = server.allow(server.waiting(BROWSER, server.push(pushed()), "w"))
    assert code is not None

    with database.write() as db:
        assert store.redeem(db, hashed(code), NOW)
        assert not store.redeem(db, hashed(code), NOW)
