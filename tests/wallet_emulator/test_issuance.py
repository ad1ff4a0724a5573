"""Receiving a signing pass: what is asked for, and what is not kept."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from tests.wallet_emulator.issuer import PRE_AUTHORIZED, Issuer
from tests.wallet_emulator.loopback import Loopback, Reply
from tests.wallet_emulator.relying_party import (
    DAY,
    NOW,
    PASS_VCT,
    certificate,
    der64,
    key,
)
from wallet_emulator.errors import (
    CredentialInvalidError,
    IssuanceError,
    PeerUnavailableError,
)
from wallet_emulator.issuance import receive_offer
from wallet_emulator.keys import new_key, public_jwk, thumbprint
from wallet_emulator.wallet import SIGNING_PASS, HeldCredential, Wallet


@pytest.fixture
def issuer(loopback: Loopback) -> Issuer:
    return Issuer(loopback=loopback)


@pytest.fixture
def empty(tmp_path: Path) -> Wallet:
    return Wallet(tmp_path / "empty")


@pytest.fixture
def receive(
    issuer: Issuer, empty: Wallet, http: httpx.Client
) -> Callable[..., HeldCredential]:
    def take(
        link: str | None = None, roots: Sequence[x509.Certificate] | None = None
    ) -> HeldCredential:
        return receive_offer(
            link or issuer.link(),
            wallet=empty,
            http=http,
            issuer_roots=issuer.roots if roots is None else roots,
            now=NOW,
        )

    return take


Receive = Callable[..., HeldCredential]


def test_the_pass_is_held_with_its_key(receive: Receive, empty: Wallet) -> None:
    received = receive()

    held = empty.credential(SIGNING_PASS)
    assert held is not None
    assert held.vct == PASS_VCT
    assert held.sd_jwt == received.sd_jwt


def test_an_offer_by_reference_is_fetched(receive: Receive, issuer: Issuer) -> None:
    assert receive(issuer.link_by_reference()).vct == PASS_VCT


def test_the_pre_authorised_code_is_redeemed(
    receive: Receive, loopback: Loopback
) -> None:
    receive()

    (asked,) = loopback.to("/oauth2/token")
    assert dict(asked.form()) == {
        "grant_type": PRE_AUTHORIZED,
        "pre-authorized_code": "code-1",
    }


def test_the_access_token_is_a_bearer_token(
    receive: Receive, loopback: Loopback
) -> None:
    receive()

    (asked,) = loopback.to("/credential")
    assert asked.headers["authorization"] == "Bearer at-1"


def test_the_proof_shows_the_key_over_the_nonce(
    receive: Receive, issuer: Issuer, loopback: Loopback
) -> None:
    held = receive()

    (proof,) = issuer.proofs
    assert proof["header"]["typ"] == "openid4vci-proof+jwt"
    assert proof["header"]["jwk"] == public_jwk(held.key.public_key())
    assert proof["claims"] == {
        "aud": loopback.url,
        "iat": int(NOW.timestamp()),
        "nonce": "nonce-1",
    }


def test_the_offered_configuration_is_asked_for(
    receive: Receive, issuer: Issuer
) -> None:
    receive()

    assert issuer.proofs[0]["body"]["credential_configuration_id"] == "signing_pass"


def test_a_credential_identifier_replaces_the_configuration(
    receive: Receive, issuer: Issuer
) -> None:
    issuer.token["authorization_details"] = [
        {"type": "openid_credential", "credential_identifiers": ["id-1"]}
    ]

    receive()

    body = issuer.proofs[0]["body"]
    assert body["credential_identifier"] == "id-1"
    assert "credential_configuration_id" not in body


def test_every_pass_gets_a_new_key(receive: Receive) -> None:
    first, second = receive(), receive()

    keys = {thumbprint(public_jwk(h.key.public_key())) for h in (first, second)}
    assert len(keys) == 2


def test_without_roots_the_chain_must_still_hold_together(
    receive: Receive, issuer: Issuer
) -> None:
    assert receive(roots=()).vct == PASS_VCT

    issuer.key = key()
    with pytest.raises(CredentialInvalidError, match="signature"):
        receive(roots=())


def other_root(issuer: Issuer) -> None:
    impostor = key()
    issuer.root = certificate(
        "root", impostor, issuer="root", issuer_key=impostor, ca=True
    )


def another_holder(issuer: Issuer) -> None:
    issuer.claims["cnf"] = {"jwk": public_jwk(new_key().public_key())}


def claim(**members: object) -> Callable[[Issuer], object]:
    return lambda issuer: issuer.claims.update(members)


def header(**members: object) -> Callable[[Issuer], object]:
    return lambda issuer: issuer.header.update(members)


def wrong_key(issuer: Issuer) -> None:
    issuer.key = key()


BAD_CREDENTIALS: list[Any] = [
    pytest.param(claim(vct="urn:other"), "vct", id="other-type"),
    pytest.param(another_holder, "cnf names another key", id="another-holder"),
    pytest.param(claim(cnf={"kid": "1"}), "cnf.jwk", id="cnf-without-key"),
    pytest.param(claim(cnf=None), "cnf", id="no-cnf"),
    pytest.param(claim(exp=int(NOW.timestamp())), "exp", id="expired"),
    pytest.param(claim(exp="tomorrow"), "exp", id="exp-is-text"),
    pytest.param(header(typ="vc+sd-jwt"), "typ", id="old-typ"),
    pytest.param(header(x5c=None), "x5c", id="no-chain"),
    pytest.param(wrong_key, "signature", id="signed-by-another-key"),
    pytest.param(other_root, "certificate", id="unknown-root"),
    pytest.param(
        lambda issuer: issuer.header.update(
            x5c=[der64(issuer.leaf), der64(issuer.root)]
        ),
        "self-signed",
        id="root-sent-along",
    ),
    pytest.param(
        lambda issuer: setattr(issuer, "disclosures", "AAAA~"),
        "JSON",
        id="broken-disclosure",
    ),
    pytest.param(
        lambda issuer: setattr(issuer, "disclosures", "WyJzIiwxXQ~x"),
        "ends with",
        id="key-binding-attached",
    ),
]


@pytest.mark.parametrize(("change", "complaint"), BAD_CREDENTIALS)
def test_a_credential_that_is_not_what_was_offered_is_not_kept(
    receive: Receive,
    issuer: Issuer,
    empty: Wallet,
    change: Callable[[Issuer], object],
    complaint: str,
) -> None:
    change(issuer)

    with pytest.raises(CredentialInvalidError, match=complaint):
        receive()

    assert empty.credential(SIGNING_PASS) is None


def expired_signer(issuer: Issuer) -> None:
    issuer.leaf = certificate(
        "issuer",
        issuer.key,
        issuer="root",
        issuer_key=issuer.root_key,
        valid=(-9 * DAY, -DAY),
    )


def test_an_expired_issuer_certificate_is_refused(
    receive: Receive, issuer: Issuer
) -> None:
    expired_signer(issuer)

    with pytest.raises(CredentialInvalidError, match="not valid now"):
        receive()


BAD_DOCUMENTS: list[Any] = [
    pytest.param("offer", {"credential_issuer": "http://x.test"}, id="issuer-http"),
    pytest.param("offer", {"credential_configuration_ids": []}, id="offers-nothing"),
    pytest.param("offer", {"credential_configuration_ids": ["x"]}, id="unknown-offer"),
    pytest.param("offer", {"grants": {}}, id="no-grant"),
    pytest.param(
        "offer",
        {"grants": {PRE_AUTHORIZED: {"pre-authorized_code": "c", "tx_code": {}}}},
        id="wants-a-transaction-code",
    ),
    pytest.param("issuer", {"credential_issuer": "https://x.test"}, id="other-issuer"),
    pytest.param(
        "issuer", {"credential_endpoint": "http://x.test"}, id="endpoint-http"
    ),
    pytest.param("issuer", {"nonce_endpoint": None}, id="no-nonce-endpoint"),
    pytest.param("issuer", {"authorization_servers": []}, id="no-server"),
    pytest.param(
        "issuer", {"credential_configurations_supported": {}}, id="no-configuration"
    ),
    pytest.param(
        "issuer",
        {
            "credential_configurations_supported": {
                "signing_pass": {"format": "mso_mdoc", "vct": PASS_VCT}
            }
        },
        id="other-format",
    ),
    pytest.param("server", {"issuer": "https://x.test"}, id="other-server"),
    pytest.param("server", {"token_endpoint": "ftp://x.test"}, id="token-endpoint-ftp"),
    pytest.param("token", {"token_type": "DPoP"}, id="not-a-bearer-token"),
    pytest.param("token", {"access_token": ""}, id="no-access-token"),
]


@pytest.mark.parametrize(("document", "members"), BAD_DOCUMENTS)
def test_metadata_that_is_not_right_ends_the_issuance(
    receive: Receive, issuer: Issuer, document: str, members: dict[str, Any]
) -> None:
    getattr(issuer, document).update(members)

    with pytest.raises(IssuanceError):
        receive()


@pytest.mark.parametrize("path", ["/oauth2/token", "/nonce", "/credential"])
def test_an_endpoint_that_refuses_ends_the_issuance(
    receive: Receive, issuer: Issuer, loopback: Loopback, path: str
) -> None:
    loopback.routes[path] = lambda asked: Reply(
        status=400, body=b'{"error":"invalid_grant"}'
    )

    with pytest.raises(PeerUnavailableError, match="invalid_grant"):
        receive()


def test_metadata_that_is_missing_ends_the_issuance(
    receive: Receive, loopback: Loopback
) -> None:
    del loopback.routes["/.well-known/openid-credential-issuer"]

    with pytest.raises(IssuanceError, match="no metadata"):
        receive()


@pytest.mark.parametrize(
    "link",
    [
        "https://x.test/?credential_offer=%7B%7D",
        "openid-credential-offer://?",
        "openid-credential-offer://?credential_offer=nothing",
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fx.test",
        "openid-credential-offer://?credential_offer=" + "x" * 20_000,
        "openid-credential-offer://[",
    ],
)
def test_a_bad_offer_link_is_refused(receive: Receive, link: str) -> None:
    with pytest.raises(IssuanceError):
        receive(link)


@pytest.mark.parametrize("copies", [0, 2])
def test_exactly_one_credential_is_expected(
    receive: Receive, issuer: Issuer, copies: int
) -> None:
    issuer.copies = copies

    with pytest.raises(IssuanceError, match="exactly one"):
        receive()


def test_a_right_offer_under_another_scheme_is_refused(
    receive: Receive, issuer: Issuer
) -> None:
    link = issuer.link().replace("openid-credential-offer:", "https:")

    with pytest.raises(IssuanceError, match="begins with"):
        receive(link)


def test_a_right_offer_that_is_too_long_is_refused(
    receive: Receive, issuer: Issuer
) -> None:
    with pytest.raises(IssuanceError, match="too long"):
        receive(issuer.link() + "&more=" + "x" * 20_000)
