"""Receive a credential by OpenID4VCI 1.0 with a pre-authorised code.

    1. read the offer: by value or by reference                      §4.1
    2. credential issuer metadata; its identifier must be the offer's §12.2
    3. authorization server metadata; likewise                       RFC 8414 §3.3
    4. token: the pre-authorised code for an access token            §6
    5. a nonce for the key proof                                     §7
    6. the credential, for a new key that the proof shows            §8, App. F.1
       and, if the issuer wants that, a wallet provider vouches for  App. D
    7. check what came: type, signature, chain, key, time

Only step 7 decides whether the wallet keeps anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator import jws, transport
from wallet_emulator.certificates import (
    parse_x5c,
    verify_chain,
    verify_unanchored_chain,
)
from wallet_emulator.encoding import parse_json_object, text_member
from wallet_emulator.errors import (
    CredentialInvalidError,
    IssuanceError,
    MalformedError,
    PeerUnavailableError,
)
from wallet_emulator.key_proofs import Prover, wanted_attestation
from wallet_emulator.keys import new_key, public_jwk, thumbprint
from wallet_emulator.pid_provider import CREDENTIAL_TYP
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import SIGNING_PASS, HeldCredential, Wallet
from wallet_emulator.wallet_provider import WalletProvider

OFFER_SCHEME: Final = "openid-credential-offer"
PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
MAX_OFFER: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    credential_issuer: str
    configuration_id: str
    pre_authorized_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerMetadata:
    """What steps 4 to 7 need of both metadata documents."""

    credential_issuer: str
    token_endpoint: str
    nonce_endpoint: str
    credential_endpoint: str
    vct: str
    attestation: Mapping[str, object] | None = None
    """Which levels a key attestation has to state; ``None``: none is wanted."""


def receive_offer(
    link: str,
    *,
    wallet: Wallet,
    http: httpx.Client,
    issuer_roots: Sequence[x509.Certificate],
    now: datetime,
    wallet_provider: WalletProvider | None = None,
) -> HeldCredential:
    """Redeem ``openid-credential-offer://…`` and hold the credential as signing pass.

    ``issuer_roots`` vouch for the issuer's certificate. Without any, the chain is
    checked up to its own end, and trust rests on the origin the offer came from.
    ``wallet_provider`` vouches for the wallet's key where the issuer wants that.

    Raises:
        IssuanceError: the offer, the metadata or an endpoint is not as it must be.
        CredentialInvalidError: what came is not what was offered.
        PeerUnavailableError: an endpoint did not answer.
    """
    return redeem(
        read_offer(link, http),
        wallet=wallet,
        http=http,
        issuer_roots=issuer_roots,
        now=now,
        wallet_provider=wallet_provider,
    )


def read_offer(link: str, http: httpx.Client) -> Offer:
    """Step 1; the code in it stays unused.

    Raises:
        IssuanceError: the link holds no offer, or one this wallet cannot take.
        PeerUnavailableError: the offer is elsewhere, and was not to be had.
    """
    try:
        return parse_offer(_offer_json(link, http))
    except MalformedError as error:
        raise IssuanceError(str(error)) from error


def redeem(
    offer: Offer,
    *,
    wallet: Wallet,
    http: httpx.Client,
    issuer_roots: Sequence[x509.Certificate],
    now: datetime,
    wallet_provider: WalletProvider | None = None,
) -> HeldCredential:
    """Steps 2 to 7; see ``receive_offer``."""
    try:
        metadata = fetch_metadata(http, offer)
        prover = Prover(new_key(), metadata.attestation, wallet_provider)
        text = _request_credential(http, offer, metadata, prover, now)
    except MalformedError as error:
        raise IssuanceError(str(error)) from error
    credential = check_credential(
        text, vct=metadata.vct, key=prover.key.public_key(), roots=issuer_roots, now=now
    )
    wallet.hold(SIGNING_PASS, credential, prover.key)
    return HeldCredential(kind=SIGNING_PASS, sd_jwt=credential, key=prover.key)


def parse_offer(members: Mapping[str, object]) -> Offer:
    """Raises ``MalformedError`` unless it offers something by pre-authorised code."""
    ids = members.get("credential_configuration_ids")
    if not isinstance(ids, list) or not ids or not isinstance(ids[0], str):
        raise MalformedError("the offer names no credential configuration")
    grants = _mapping(members.get("grants"), "grants")
    grant = _mapping(grants.get(PRE_AUTHORIZED), "the pre-authorised code grant")
    if "tx_code" in grant:
        raise MalformedError("the offer wants a transaction code: not supported")
    return Offer(
        credential_issuer=transport.require_safe_url(
            text_member(members, "credential_issuer")
        ),
        configuration_id=ids[0],
        pre_authorized_code=text_member(grant, "pre-authorized_code"),
    )


def fetch_metadata(http: httpx.Client, offer: Offer) -> IssuerMetadata:
    """Steps 2 and 3; every endpoint must be https or loopback.

    Raises:
        MalformedError: a member is missing, or the identifier is another one's.
    """
    issuer = _well_known(
        http, offer.credential_issuer, "openid-credential-issuer", "credential_issuer"
    )
    server_id = _authorization_server(issuer, offer)
    server = _well_known(http, server_id, "oauth-authorization-server", "issuer")
    configurations = _mapping(
        issuer.get("credential_configurations_supported"), "configurations"
    )
    configuration = _mapping(
        configurations.get(offer.configuration_id), "the offered configuration"
    )
    if configuration.get("format") != CREDENTIAL_TYP:
        raise MalformedError(f"the offered credential is no {CREDENTIAL_TYP}")
    return IssuerMetadata(
        credential_issuer=offer.credential_issuer,
        token_endpoint=_endpoint(server, "token_endpoint"),
        nonce_endpoint=_endpoint(issuer, "nonce_endpoint"),
        credential_endpoint=_endpoint(issuer, "credential_endpoint"),
        vct=text_member(configuration, "vct"),
        attestation=wanted_attestation(configuration),
    )


def check_credential(
    text: str,
    *,
    vct: str,
    key: ec.EllipticCurvePublicKey,
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> SdJwt:
    """Step 7: the credential, if it is the offered type for this key and genuine.

    Raises:
        CredentialInvalidError: with the first thing that is wrong.
    """
    try:
        credential = SdJwt.parse(text)
        chain = parse_x5c(credential.header.get("x5c"))
        issuer_key = (
            verify_chain(chain, roots, now)
            if roots
            else verify_unanchored_chain(chain, now)
        )
        claims = jws.verify(
            jws.parse(credential.issuer_jwt), typ=CREDENTIAL_TYP, key=issuer_key
        )
        credential.reveal()
        _require_claims(claims, vct, key, now)
    except MalformedError as error:
        raise CredentialInvalidError(str(error)) from error
    return credential


def _require_claims(
    claims: Mapping[str, object],
    vct: str,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
) -> None:
    if claims.get("vct") != vct:
        raise MalformedError(f"vct must be {vct!r}, got {claims.get('vct')!r}")
    holder = _mapping(_mapping(claims.get("cnf"), "cnf").get("jwk"), "cnf.jwk")
    if thumbprint(holder) != thumbprint(public_jwk(key)):
        raise MalformedError("cnf names another key")
    exp = claims.get("exp")
    if exp is not None and (type(exp) is not int or exp <= now.timestamp()):
        raise MalformedError("exp is not a time in the future")


def _offer_json(link: str, http: httpx.Client) -> dict[str, object]:
    if len(link) > MAX_OFFER:
        raise MalformedError("the offer is too long")
    try:
        parts = urlsplit(link.strip())
        parameters = dict(parse_qsl(parts.query))
    except ValueError as error:
        raise MalformedError("the offer is not a URL") from error
    if parts.scheme != OFFER_SCHEME:
        raise MalformedError(f"an offer link begins with {OFFER_SCHEME}://")
    if "credential_offer" in parameters:
        return parse_json_object(parameters["credential_offer"])
    uri = text_member(parameters, "credential_offer_uri")
    return transport.get(http, transport.require_safe_url(uri)).json_object()


def _request_credential(
    http: httpx.Client,
    offer: Offer,
    metadata: IssuerMetadata,
    prover: Prover,
    now: datetime,
) -> str:
    """Steps 4, 5 and 6."""
    grant = {
        "grant_type": PRE_AUTHORIZED,
        "pre-authorized_code": offer.pre_authorized_code,
    }
    token = transport.post_form(http, metadata.token_endpoint, grant).json_object()
    if text_member(token, "token_type").lower() != "bearer":
        raise MalformedError("the access token is no bearer token")
    nonce = transport.post_json(http, metadata.nonce_endpoint, None).json_object()
    proof = prover.proof(
        audience=metadata.credential_issuer,
        nonce=text_member(nonce, "c_nonce"),
        now=now,
    )
    answer = transport.post_json(
        http,
        metadata.credential_endpoint,
        {**_what(token, offer), "proofs": {"jwt": [proof]}},
        token=text_member(token, "access_token"),
    ).json_object()
    credentials = answer.get("credentials")
    if not isinstance(credentials, list) or len(credentials) != 1:
        raise MalformedError("expected exactly one credential")
    return text_member(_mapping(credentials[0], "the credential"), "credential")


def _what(token: Mapping[str, object], offer: Offer) -> dict[str, object]:
    """§8.2: the identifier the token names, otherwise the offered configuration."""
    details = token.get("authorization_details")
    if isinstance(details, list) and details:
        ids = _mapping(details[0], "authorization details").get(
            "credential_identifiers"
        )
        if isinstance(ids, list) and ids:
            return {"credential_identifier": str(ids[0])}
    return {"credential_configuration_id": offer.configuration_id}


def _well_known(
    http: httpx.Client, identifier: str, name: str, member: str
) -> dict[str, object]:
    """Metadata of ``identifier``: the path is inserted after the host (§12.2.2)."""
    parts = urlsplit(identifier)
    path = parts.path.rstrip("/")
    url = f"{parts.scheme}://{parts.netloc}/.well-known/{name}{path}"
    try:
        document = transport.get(http, url).json_object()
    except PeerUnavailableError as error:
        raise IssuanceError(f"no metadata at {url}: {error}") from error
    if document.get(member) != identifier:
        raise MalformedError(f"{url} speaks for {document.get(member)!r}")
    return document


def _authorization_server(issuer: Mapping[str, object], offer: Offer) -> str:
    servers = issuer.get("authorization_servers", [offer.credential_issuer])
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], str):
        raise MalformedError("authorization_servers must list URLs")
    return transport.require_safe_url(servers[0])


def _endpoint(metadata: Mapping[str, object], name: str) -> str:
    return transport.require_safe_url(text_member(metadata, name))


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise MalformedError(f"{name} is missing or no object")
    return value
