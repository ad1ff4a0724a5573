"""Build the answer to a verified request, step by step, so that a step can go wrong.

    CREDENTIALS   issuer JWT and disclosures, or issuerAuth and items, of each
    KEY_BINDING   header, claims and key of each key-binding JWT; session transcript,
                  headers and key of each device signature
    VP_TOKEN      the presentations as text, by query id              §8.1
    PAYLOAD       what is encrypted: vp_token and state               §8.3
    ENCRYPTION    recipient, JWE header                               §8.3.1
    FORM          the members that are posted to response_uri         §8.2

``build`` runs these in order and calls ``change`` after each, with everything made
so far. An honest wallet passes ``no_change``; a deviation alters exactly one step and
the later steps follow from it. Sections are of OpenID4VP 1.0.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwe, jwk

from wallet_emulator import jws
from wallet_emulator.dcql import Match
from wallet_emulator.encoding import b64url, b64url_decode, compact_json
from wallet_emulator.keys import thumbprint
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.mdoc.transcript import session_transcript
from wallet_emulator.pid_provider import PidProvider
from wallet_emulator.recipient import Recipient
from wallet_emulator.request import VerifiedRequest
from wallet_emulator.sd_jwt import ClaimsPath, SdJwt, key_binding_claims
from wallet_emulator.transaction_data import HASHES_ALG
from wallet_emulator.wallet import HeldCredential, HeldMdoc, Wallet

QES_APPROVAL_CLAIM: Final = "org.cloudsignatureconsortium.dm.1.qesApproval"
KB_JWT_HEADER: Final[Mapping[str, object]] = {"alg": "ES256", "typ": "kb+jwt"}


class Stage(StrEnum):
    CREDENTIALS = "credentials"
    KEY_BINDING = "key-binding"
    VP_TOKEN = "vp-token"  # noqa: S105  a step, no secret
    PAYLOAD = "payload"
    ENCRYPTION = "encryption"
    FORM = "form"


@dataclass(slots=True, kw_only=True)
class Presentation:
    """One presentation of an SD-JWT VC under construction."""

    query_id: str
    held: HeldCredential
    paths: tuple[ClaimsPath, ...]
    issuer_jwt: str
    disclosures: list[str]
    kb_header: dict[str, object] = field(default_factory=dict)
    kb_claims: dict[str, object] = field(default_factory=dict)
    kb_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def start(
        cls, query_id: str, held: HeldCredential, paths: tuple[ClaimsPath, ...]
    ) -> "Presentation":
        credential = held.sd_jwt
        return cls(
            query_id=query_id,
            held=held,
            paths=paths,
            issuer_jwt=credential.issuer_jwt,
            disclosures=list(credential.select(paths)),
            kb_key=held.key,
        )

    def present(self, credential: SdJwt) -> None:
        """Show ``credential`` instead, with the same claims of it."""
        self.issuer_jwt = credential.issuer_jwt
        self.disclosures = list(credential.select(self.paths))

    def text(self) -> str:
        """``<issuer JWT>~<disclosures>~<KB-JWT>`` as it stands now."""
        kb_jwt = jws.sign(self.kb_header, self.kb_claims, self.kb_key)
        return "~".join((self.issuer_jwt, *self.disclosures, kb_jwt))


Shown: TypeAlias = Presentation | MdocPresentation


@dataclass(slots=True, kw_only=True)
class Draft:
    """The answer under construction; members are filled stage by stage.

    ``presentations`` are of SD-JWT VCs, ``mdocs`` of mdocs; both by query id.
    ``provider`` and ``accomplice`` are what some deviations need: the test PID
    provider, and another person's wallet.
    """

    request: VerifiedRequest
    wallet: Wallet
    now: datetime
    provider: PidProvider | None = None
    accomplice: Wallet | None = None
    presentations: dict[str, Presentation]
    mdocs: dict[str, MdocPresentation] = field(default_factory=dict)
    vp_token: dict[str, object] = field(default_factory=dict)
    payload: dict[str, object] = field(default_factory=dict)
    recipient: Mapping[str, str] = field(default_factory=dict)
    jwe_header: dict[str, object] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)

    def of_kind(self, kind: str) -> Presentation | None:
        """The presentation of the wallet's SD-JWT VC of this kind, if there is one."""
        found = (p for p in self.presentations.values() if p.held.kind == kind)
        return next(found, None)

    def mdoc_of_kind(self, kind: str) -> MdocPresentation | None:
        """The same of an mdoc."""
        return next((p for p in self.mdocs.values() if p.held.kind == kind), None)

    def shown_of_kind(self, kind: str) -> Shown | None:
        found = self.of_kind(kind)
        return self.mdoc_of_kind(kind) if found is None else found

    def shown(self) -> tuple[Shown, ...]:
        return (*self.presentations.values(), *self.mdocs.values())

    @property
    def jwk_thumbprint(self) -> bytes:
        """Of the key the answer is encrypted to, as B.2.6 wants it: 32 bytes."""
        return b64url_decode(thumbprint(self.request.recipient.jwk))


Change: TypeAlias = Callable[[Stage, Draft], None]


def no_change(stage: Stage, draft: Draft) -> None:
    """An honest wallet."""


def start(
    request: VerifiedRequest,
    matches: Mapping[str, Match],
    wallet: Wallet,
    now: datetime,
) -> Draft:
    draft = Draft(request=request, wallet=wallet, now=now, presentations={})
    for query_id, match in matches.items():
        held = match.held
        if isinstance(held, HeldMdoc):
            mdoc = MdocPresentation.start(query_id, held, match.paths)
            draft.mdocs[query_id] = mdoc
        else:
            shown = Presentation.start(query_id, held, match.paths)
            draft.presentations[query_id] = shown
    return draft


def build(draft: Draft, change: Change = no_change) -> dict[str, str]:
    """Finish the draft: the form members to post."""
    change(Stage.CREDENTIALS, draft)
    for presentation in draft.presentations.values():
        bind(draft, presentation)
    for mdoc in draft.mdocs.values():
        mdoc.transcript = transcript_of(draft)
    change(Stage.KEY_BINDING, draft)
    draft.vp_token = {shown.query_id: [shown.text()] for shown in draft.shown()}
    change(Stage.VP_TOKEN, draft)
    draft.payload = _with_state({"vp_token": draft.vp_token}, draft.request.state)
    change(Stage.PAYLOAD, draft)
    draft.recipient = draft.request.recipient.jwk
    draft.jwe_header = encryption_header(draft.request.recipient, draft.request.nonce)
    change(Stage.ENCRYPTION, draft)
    draft.form = {"response": encrypt(draft.payload, draft.recipient, draft.jwe_header)}
    change(Stage.FORM, draft)
    return draft.form


def error_form(
    request: VerifiedRequest, error: str, description: str, *, encrypted: bool
) -> dict[str, str]:
    """An error response (§8.5), plain or encrypted as EUDI wallets send it."""
    members = {"error": error, "error_description": description}
    if not encrypted:
        return members if request.state is None else members | {"state": request.state}
    payload = _with_state(dict(members), request.state)
    header = encryption_header(request.recipient, request.nonce)
    return {"response": encrypt(payload, request.recipient.jwk, header)}


def encryption_header(recipient: Recipient, nonce: str) -> dict[str, object]:
    """``apv`` carries the nonce as EUDI wallets do; ``apu`` only has to be there."""
    return {
        "alg": "ECDH-ES",
        "enc": recipient.enc,
        "kid": recipient.kid,
        "apu": b64url(b"wallet-emulator"),
        "apv": b64url(nonce.encode("ascii")),
    }


def encrypt(
    payload: Mapping[str, object],
    recipient: Mapping[str, str],
    header: Mapping[str, object],
) -> str:
    """A compact JWE by ECDH-ES (RFC 7518 §4.6)."""
    token = jwe.JWE(plaintext=compact_json(payload), protected=json.dumps(dict(header)))
    token.add_recipient(jwk.JWK(**recipient))
    return str(token.serialize(compact=True))


def transcript_of(
    draft: Draft,
    *,
    client_id: str | None = None,
    nonce: str | None = None,
    response_uri: str | None = None,
) -> bytes:
    """The session transcript of this request (B.2.6.1), or of one nearly like it."""
    request = draft.request
    return session_transcript(
        client_id=client_id or request.client_id,
        nonce=nonce or request.nonce,
        jwk_thumbprint=draft.jwk_thumbprint,
        response_uri=response_uri or request.response_uri,
    )


def bind(draft: Draft, presentation: Presentation) -> None:
    """Fill the key-binding JWT: this request, this selection, this approval."""
    presentation.kb_header = dict(KB_JWT_HEADER)
    presentation.kb_claims = key_binding_claims(
        aud=draft.request.client_id,
        nonce=draft.request.nonce,
        iat=int(draft.now.timestamp()),
        issuer_jwt=presentation.issuer_jwt,
        disclosures=presentation.disclosures,
    )
    for approval in draft.request.transaction_data:
        if presentation.query_id in approval.credential_ids:
            presentation.kb_claims |= {
                "transaction_data_hashes": [approval.transaction_data_hash()]
            }
            if draft.request.kind.repeats_alg:
                presentation.kb_claims["transaction_data_hashes_alg"] = HASHES_ALG
            if draft.request.kind.states_approval:
                presentation.kb_claims[QES_APPROVAL_CLAIM] = approval.qes_approval()


def _with_state(payload: dict[str, object], state: str | None) -> dict[str, object]:
    return payload if state is None else payload | {"state": state}
