"""The mock wallet of the OpenID conformance suite, as far as its verifier plans go.

Written from what the suite's modules do (release of August 2026, its packages
``vp1finalverifier`` and ``condition``), none of its code. It is a web wallet: the
verifier's link leads to its address, it fetches and judges the request, presents a PID
of its own issuer, and sends the tester's browser where the verifier says. Its PID names
nobody uniquely.

Not played: its log, its configuration, and the person who uploads a screenshot.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
from cryptography import x509

from wallet_emulator import answer, dcql, jws
from wallet_emulator.answer import Change, Stage, no_change
from wallet_emulator.certificates import parse_x5c, verify_chain
from wallet_emulator.keys import new_key, public_jwk
from wallet_emulator.persons import Person
from wallet_emulator.pid_provider import PidProvider, holder_jwk, pid_elements
from wallet_emulator.recipient import choose_recipient
from wallet_emulator.request import VerifiedRequest, x509_hash
from wallet_emulator.wallet import PID, Wallet

AUTHORIZE: Final = "https://suite.example/test/a/verifier/authorize"
SD_JWT_VC, ISO_MDL = "sd_jwt_vc", "iso_mdl"
DCQL_FORMAT: Final = {SD_JWT_VC: "dc+sd-jwt", ISO_MDL: "mso_mdoc"}
TESTER: Final = Person(
    family_name="Dupont",
    given_name="Jean",
    birthdate="1980-05-23",
    place_of_birth={"country": "DD"},
    nationality="FR",
    issuing_country="FR",
)
EXPECTED_CLAIMS: Final = frozenset(
    [
        "dcql_query",
        "client_id",
        "response_uri",
        "client_metadata",
        "nonce",
        "state",
        "response_type",
        "response_mode",
        "verifier_info",
        "aud",
        "iss",
        "iat",
        "nbf",
        "exp",
        "jti",
        "wallet_nonce",
    ]
)
EXPECTED_METADATA: Final = frozenset(
    {"jwks", "vp_formats_supported", "encrypted_response_enc_values_supported"}
)
TYP: Final = "oauth-authz-req+jwt"
REQUEST_TYPE: Final = "application/oauth-authz-req+jwt"


@dataclass(frozen=True, slots=True)
class Authorized:
    """How the verifier took the answer, and what it had asked."""

    request: Mapping[str, Any]
    response: httpx.Response

    @property
    def redirect_uri(self) -> str:
        return str(self.response.json()["redirect_uri"])


@dataclass(slots=True)
class Suite:
    """One test plan; ``keys_seen`` are the encryption keys of all its modules."""

    folder: Path
    credential_format: str
    issuer: PidProvider
    access_root: x509.Certificate
    http: httpx.Client
    keys_seen: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def authorize(
        self,
        link: str,
        *,
        change: Change = no_change,
        fetch: "Callable[[Suite, dict[str, str]], str] | None" = None,
        minimal_cnf: bool = False,
    ) -> Authorized:
        """What happens at the authorization endpoint, from its query to the answer."""
        address, _, query = link.partition("?")
        self.expect(address == AUTHORIZE, f"not the suite's address: {address}")
        sent = dict(parse_qsl(query))
        only = {"client_id", "request_uri", "request_uri_method"}
        self.expect(sent.keys() <= only, f"outer parameters {sorted(sent)}")
        text = (fetch or get)(self, sent)
        claims = self._checked(text, sent["client_id"])
        form = self._presented(claims, change, minimal_cnf=minimal_cnf)
        response = self.http.post(str(claims["response_uri"]), data=form)
        return Authorized(claims, response)

    def expect(self, held: object, complaint: str) -> None:
        if not held:
            self.complaints.append(complaint)

    def _checked(self, text: str, client_id: str) -> dict[str, Any]:
        """The checks of its base class, each a complaint if it does not hold."""
        parsed = jws.parse(text)
        chain = parse_x5c(parsed.header.get("x5c"))
        key = verify_chain(chain, [self.access_root], datetime.now(UTC))
        claims: dict[str, Any] = dict(jws.verify(parsed, typ=TYP, key=key))
        own = (claims.get("client_id"), x509_hash(chain[0]))
        self.expect(set(own) == {client_id}, "client_id is not of the certificate")
        self.expect(claims.get("response_type") == "vp_token", "response_type")
        self.expect(claims.get("response_mode") == "direct_post.jwt", "response_mode")
        self.expect(claims.get("aud") == "https://self-issued.me/v2", "aud")
        self.expect(claims.keys() <= EXPECTED_CLAIMS, f"claims {sorted(claims)}")
        now = datetime.now(UTC).timestamp()
        self.expect(claims["iat"] <= now < claims["exp"], "iat or exp")
        nonce = str(claims["nonce"])
        self.expect(re.fullmatch(r"[A-Za-z0-9_-]{43}", nonce), "nonce")
        self._check_metadata(claims["client_metadata"])
        self._check_query(claims["dcql_query"])
        return claims

    def _check_metadata(self, metadata: Mapping[str, Any]) -> None:
        self.expect(metadata.keys() <= EXPECTED_METADATA, f"{sorted(metadata)}")
        formats = metadata["vp_formats_supported"]
        self.expect(DCQL_FORMAT[self.credential_format] in formats, "formats")
        offered = set(metadata["encrypted_response_enc_values_supported"])
        self.expect({"A128GCM", "A256GCM"} <= offered, "HAIP: both enc values")
        (jwk,) = metadata["jwks"]["keys"]
        own = (jwk["alg"], jwk["crv"], jwk.get("use", "enc"), bool(jwk["kid"]))
        self.expect(own == ("ECDH-ES", "P-256", "enc", True), f"jwk {own}")
        self.expect(jwk["x"] not in self.keys_seen, "HAIP: encryption key reused")
        self.keys_seen.add(jwk["x"])

    def _check_query(self, query: Mapping[str, Any]) -> None:
        asked = query["credentials"]
        self.expect(len(asked) == 1, "not a single credential")
        wanted = DCQL_FORMAT[self.credential_format]
        self.expect({a["format"] for a in asked} == {wanted}, "another format")

    def _presented(
        self, claims: Mapping[str, Any], change: Change, *, minimal_cnf: bool
    ) -> dict[str, str]:
        now = datetime.now(UTC)
        query = dcql.parse_query(claims["dcql_query"])
        wallet = self._wallet(now, minimal_cnf=minimal_cnf)
        request = VerifiedRequest(
            client_id=str(claims["client_id"]),
            relying_party="the verifier under test",
            response_uri=str(claims["response_uri"]),
            nonce=str(claims["nonce"]),
            state=claims.get("state"),
            recipient=choose_recipient(claims["client_metadata"], query.formats()),
            query=query,
            transaction_data=(),
        )
        matches = dcql.match(query, wallet.credentials())
        return answer.build(answer.start(request, matches, wallet, now), change)

    def _wallet(self, now: datetime, *, minimal_cnf: bool) -> Wallet:
        """A new credential with a new key for each module."""
        count = sum(1 for _ in self.folder.iterdir())
        wallet, key = Wallet(self.folder / f"wallet-{count}"), new_key()
        bare = public_jwk(key.public_key())
        holder = bare if minimal_cnf else holder_jwk(key.public_key())
        wallet.hold(PID, self.issuer.issue(TESTER.claims(), holder, now), key)
        key = new_key()
        elements = pid_elements(TESTER, now)
        wallet.hold_mdoc(self.issuer.issue_mdoc(elements, key.public_key(), now), key)
        return wallet


def get(suite: Suite, sent: Mapping[str, str]) -> str:
    """By GET, whatever the link allows: the wallet's choice (OpenID4VP §5.10)."""
    answered = suite.http.get(sent["request_uri"])
    suite.expect(answered.status_code == 200, f"request_uri: {answered.status_code}")
    return _without_wallet_nonce(suite, answered.text)


def get_twice(suite: Suite, sent: Mapping[str, str]) -> str:
    first, second = get(suite, sent), get(suite, sent)
    suite.expect(_payload(first) == _payload(second), "another request")
    return second


def post(suite: Suite, sent: Mapping[str, str]) -> str:
    suite.expect(sent.get("request_uri_method") == "post", "POST is not offered")
    nonce = "suite-wallet-nonce-7f3a9c"
    answered = suite.http.post(sent["request_uri"], data={"wallet_nonce": nonce})
    media_type = answered.headers["Content-Type"].partition(";")[0]
    suite.expect(answered.status_code == 200, f"request_uri: {answered.status_code}")
    suite.expect(media_type == REQUEST_TYPE, f"media type {media_type}")
    suite.expect(_payload(answered.text).get("wallet_nonce") == nonce, "wallet_nonce")
    return answered.text


def _without_wallet_nonce(suite: Suite, text: str) -> str:
    suite.expect("wallet_nonce" not in _payload(text), "a wallet_nonce nobody sent")
    return text


def _payload(text: str) -> Mapping[str, Any]:
    return jws.parse(text).claims()


def stage(at: Stage, alter: Callable[[answer.Draft], None]) -> Change:
    """A module's one thing wrong, at the stage where the suite does it."""

    def change(now: Stage, draft: answer.Draft) -> None:
        if now is at:
            alter(draft)

    return change


def query_of(credential_format: str) -> str:
    """What ``QES_IDENTIFICATION_QUERY`` has to hold for a plan of this format."""
    doctype = "eu.europa.ec.eudi.pid.1"
    mdoc = credential_format == ISO_MDL
    names = ("family_name", "given_name")
    query = {
        "id": "identification",
        "format": DCQL_FORMAT[credential_format],
        "meta": {"doctype_value": doctype}
        if mdoc
        else {"vct_values": ["urn:eudi:pid:1"]},
        "claims": [{"path": [doctype, n] if mdoc else [n]} for n in names],
    }
    return json.dumps(query)
