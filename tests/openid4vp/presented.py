"""Right answers of every shape: one per seed, in either format of the PID.

``drawn(seed, person)`` makes a transaction and an answer to it. What a standard leaves
open is drawn: which claims are hidden and how deep, decoys, digest algorithms, order,
lengths of chains, statuses, times up to the tolerated skew, keys, the content
encryption, whether something is approved. Nothing drawn is wrong.
"""

import base64
import dataclasses
import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from openid4vp import identifier_list, status_list
from openid4vp.dcql import ClaimsQuery, CredentialQuery, DcqlQuery
from openid4vp.request import Transaction
from openid4vp.status import StatusReference
from openid4vp.transaction_data import DocumentDigest, QesApprovalRequest
from openid4vp.trust import IssuerTrust
from openid4vp.verify import VerifiedPresentation, verify_response
from tests.openid4vp import either, list_issuer, wallet
from tests.openid4vp.drawn_mdoc import mdoc_pid
from tests.openid4vp.drawn_sd_jwt import sd_jwt_pid
from tests.openid4vp.scene import (
    IDENTIFY,
    PASS_QUERY,
    PASS_VCT,
    PID_NAMES,
    PID_QUERY,
    POLICY,
    TRUST,
)
from tests.openid4vp.strategies import PID_NAMESPACE
from tests.openid4vp.wallet import NOW, Answer

MDOC_QUERY: CredentialQuery = dataclasses.replace(
    either.MDOC_QUERY,
    claims=tuple(ClaimsQuery(path=(PID_NAMESPACE, name)) for name in PID_NAMES),
)
QUERY = DcqlQuery(
    credentials=(PID_QUERY, MDOC_QUERY, PASS_QUERY),
    credential_sets=either.EITHER.credential_sets,
)
ISSUERS: Mapping[str, IssuerTrust] = {**TRUST, "pid_mdoc": TRUST["pid"]}


class Lists:
    """``StatusLookup`` in two signed lists, read as the service reads them."""

    def __init__(self) -> None:
        places = list_issuer.status_jwt(bits=2).jwt()
        revoked = list_issuer.identifier_cwt(b"revoked").cwt()
        uri, trust = list_issuer.URI, TRUST["pid"]
        self._places = status_list.parse(places, uri=uri, trust=trust, now=NOW)
        self._revoked = identifier_list.parse_cwt(
            revoked, uri=uri, trust=trust, now=NOW
        )

    def value(self, reference: StatusReference, *_context: object) -> int:
        if reference.idx is not None:
            return self._places.value(reference.idx)
        return self._revoked.value(reference.id or b"revoked")


POLICY_WITH_LISTS = dataclasses.replace(
    POLICY,
    accepted_types={
        "pid": frozenset({"urn:eudi:pid:1"}),
        "pid_mdoc": frozenset({either.DOCTYPE}),
        "signing_pass": frozenset({PASS_VCT}),
    },
    status=Lists(),
)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One right answer, and what must come out of it."""

    pid: str  # the query id
    claims: Mapping[str, Any]
    answer: Answer
    holder: ec.EllipticCurvePrivateKey

    @property
    def text(self) -> str:
        """The presentation of the PID."""
        (text,) = self.answer.vp_token[self.pid]
        return str(text)

    def with_pid(self, text: str) -> "Drawn":
        """The same answer, encrypted as before, with another text for the PID."""
        changed = {**self.answer.vp_token, self.pid: [text]}
        answer = dataclasses.replace(self.answer, vp_token=changed)
        return dataclasses.replace(self, answer=answer)

    def bound_again(self, text: str) -> str:
        """An SD-JWT VC with the holder's proof made anew, over what is before it."""
        presented, _, kb_jwt = text.rpartition("~")
        header, payload, _ = kb_jwt.split(".")
        claims = unb64_json(payload)
        claims["sd_hash"] = rehashed(f"{presented}~", like=claims["sd_hash"])
        return f"{presented}~{wallet.jws(unb64_json(header), claims, self.holder)}"

    def verify(self) -> VerifiedPresentation:
        return verify_response(
            self.answer.transaction,
            self.answer.body(),
            ISSUERS,
            policy=POLICY_WITH_LISTS,
            now=NOW,
        )


def drawn(seed: int, person: Mapping[str, Any]) -> Drawn:
    """The answer that belongs to this seed and person, always the same."""
    rng = random.Random(seed)  # noqa: S311 (tests are to be repeatable)
    transaction = _transaction(rng)
    query_id, make = rng.choice((("pid", sd_jwt_pid), ("pid_mdoc", mdoc_pid)))
    held = make(rng, transaction, person)
    held.holder_key = holder = wallet.key(f"holder {seed}")
    names = {name: person[name] for name in PID_NAMES}
    vp_token: dict[str, Any] = {
        query_id: [held.text()],
        "signing_pass": [_signing_pass(rng, transaction)],
    }
    return Drawn(
        pid=query_id,
        claims=names if query_id == "pid" else {PID_NAMESPACE: names},
        answer=_sealed(rng, transaction, vp_token),
        holder=holder,
    )


def unb64_json(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def rehashed(text: str, *, like: str) -> str:
    """With the algorithm of the other digest, which its length gives away."""
    bits = len(like) * 6 // 128 * 128
    return wallet.b64(hashlib.new(f"sha{bits}", text.encode()).digest())


def _transaction(rng: random.Random) -> Transaction:
    asked = dataclasses.replace(
        IDENTIFY,
        query=QUERY,
        nonce=wallet.b64(rng.randbytes(32)),
        state=wallet.b64(rng.randbytes(32)),
    )
    strings = tuple(_approval(rng) for _ in range(rng.randint(0, 3)))
    return asked.with_transaction_data(*strings) if strings else asked


def _approval(rng: random.Random) -> str:
    documents = tuple(
        DocumentDigest(label=f"TEST · {i}.pdf", hash=rng.randbytes(32), hash_type="sdr")
        for i in range(rng.randint(1, 5))
    )
    return QesApprovalRequest(
        credential_ids=("signing_pass",), qualifier="eu_eidas_aes", documents=documents
    ).encode()


def _signing_pass(rng: random.Random, transaction: Transaction) -> str:
    held = wallet.signing_pass(transaction)
    if transaction.transaction_data:
        rng.shuffle(held.kb_payload["transaction_data_hashes"])
        if rng.random() < 0.5:
            string = rng.choice(transaction.transaction_data)
            digest = hashlib.sha256(string.encode()).digest()
            name = "org.cloudsignatureconsortium.dm.1.qesApproval"
            held.kb_payload[name] = base64.b64encode(digest).decode()
    return held.text()


def _sealed(
    rng: random.Random, transaction: Transaction, vp_token: dict[str, Any]
) -> Answer:
    header: dict[str, Any] = {"enc": rng.choice(("A128GCM", "A256GCM"))}
    if rng.random() < 0.5:
        header |= {"apu": ..., "apv": ...}
    return Answer(
        transaction=transaction,
        vp_token=vp_token,
        jwe_header=header,
        epk=wallet.key(f"epk {rng.random()}"),
    )
