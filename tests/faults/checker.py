"""After every scenario: what the stores hold, against what the callers were told.

One function for each invariant (``docs/reference/faults.md``); each returns sentences,
one for each thing that must not be. Counts of what was looked at come with them: a
checker that saw nothing has shown nothing.

    I1   no signature without an answer that the SAM verified
    I2   one signature for an approval and place, the same for ever
    I3   what left the SAM was in the audit log before
    I4   keys on the token ⇔ rows; certificates ⇔ keys
    I5   the audit log holds together, and still holds what it once held
    I6   one release for a signed transaction, numbered without a gap
    I7   no personal data, PIN or proof in a log
    I8   what failed or was refused got nothing
    I9   what may be used once stays used
    I10  the signer of a signature is the person who approved
    I11  what was asked = approved = signed
"""

import base64
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.faults.history import History
from tests.faults.readings import Readings, decoded
from wallet_emulator.persons import PERSONS

GENESIS: Final = bytes(32)
REMEMBERED: Final = 240  # seconds; the SAM forgets a nonce once it is past its end


@dataclass(frozen=True, slots=True)
class Verdict:
    """``wrong``: (invariant, sentence). ``counted``: what was looked at."""

    wrong: tuple[tuple[str, str], ...]
    counted: dict[str, int]

    def __str__(self) -> str:
        seen = ", ".join(f"{count} {what}" for what, count in self.counted.items())
        return "\n".join([seen, *(f"  {name}: {says}" for name, says in self.wrong)])


def check(found: Readings, history: History, secrets: tuple[str, ...] = ()) -> Verdict:
    """``secrets``: what must not stand in a log."""
    wrong = [
        (name, says) for name, rule in RULES.items() for says in rule(found, history)
    ]
    wrong += [("I7", f"a log holds {s[:6]}…") for s in secrets if s in found.log]
    return Verdict(
        wrong=tuple(wrong),
        counted={
            "transactions": len(found.rows["transactions"]),
            "releases": len(found.rows["releases"]),
            "answers of finish": len(history.of("released")),
            "ends told": len(history.of("ended")),
            "probes refused": len(history.of("refused_as_it_must")),
            "audit records": len(found.rows["audit"]),
            "certificates": len(found.certified),
        },
    )


def _signed(found: Readings) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each transaction with a stored result, and the result."""
    for row in found.rows["transactions"]:
        if row["result"] is not None:
            yield row, json.loads(row["result"])


def _verified_first(found: Readings, _history: History) -> Iterator[str]:
    order: dict[str, list[str]] = {}
    for record in found.records():
        order.setdefault(record["tx"], []).append(record["event"])
    walk = ["answer_verified", "signing_started", "signature_released"]
    for row, _ in _signed(found):
        events = [e for e in order.get(row["tx"], []) if e in walk]
        if events != walk:
            yield f"{row['tx']} is signed after {events}"
        if row["answer_sha256"] is None or row["pass_presentation"] is None:
            yield f"{row['tx']} is signed and nothing was answered"
    for row in found.rows["transactions"]:
        late = row["state"] in {"VERIFIED", "verified", "SIGNING", "signing"}
        if late and "answer_verified" not in order.get(row["tx"], []):
            yield f"{row['tx']} is {row['state']} and no record says why"


def _one_signature(found: Readings, history: History) -> Iterator[str]:
    told: dict[str, set[str]] = {}
    numbers: dict[int, set[str]] = {}
    for entry in history.of("released"):
        told.setdefault(entry["tx"], set()).add("|".join(entry["signatures"]))
        numbers.setdefault(entry["number"], set()).add(entry["tx"])
    stored = {
        row["tx"]: "|".join(s["signature"] for s in result["signatures"])
        for row, result in _signed(found)
    }
    for tx, different in told.items():
        if len(different) > 1:
            yield f"{tx} was signed {len(different)} times"
        if stored.get(tx) not in different:
            yield f"{tx} was released and is not stored so"
    for number, txs in numbers.items():
        if len(txs) > 1:
            yield f"release {number} is of {len(txs)} transactions"


def _audited(found: Readings, _history: History) -> Iterator[str]:
    by_tx = {
        record["tx"]: record
        for record in found.records()
        if record["event"] == "signature_released"
    }
    for row, result in _signed(found):
        record = by_tx.get(row["tx"])
        statement = result["evidence"]["statement.json"].encode()
        if record is None:
            yield f"{row['tx']} left without a record"
        elif record["statement_sha256"] != hashlib.sha256(statement).hexdigest():
            yield f"{row['tx']} left with another statement than the recorded"
    if len(by_tx) != len(found.rows["releases"]):
        yield f"{len(by_tx)} records of {len(found.rows['releases'])} releases"


def _keys(found: Readings, _history: History) -> Iterator[str]:
    alive = {
        row["key_id"].hex()
        for row in found.rows["quota_keys"]
        if row["destroyed_at"] is None and row["created_at"] is not None
    }
    planned = {
        row["key_id"].hex()
        for row in found.rows["quota_keys"]
        if row["created_at"] is None
    }
    one_time = {row["key_id"].hex() for row in found.rows["key_plans"]}
    ids = {name.split(":")[1] for name in found.objects}
    if ids & one_time:
        yield f"{len(ids & one_time)} one-time keys are on the token"
    if missing := alive - ids:
        yield f"quota keys {missing} have a row and no key"
    quota = {n.split(":")[1] for n in found.objects if n.startswith("quota")}
    if orphans := quota - alive - planned:
        yield f"quota keys {orphans} have a key and no row"
    for row in found.rows["key_plans"]:
        if row["ended"] is None:
            yield f"the key of {row['tx']} has no end"
    yield from _certificates(found)


def _certificates(found: Readings) -> Iterator[str]:
    if len(found.certified) > len(found.rows["key_plans"]):
        yield "the CA certified more keys than were planned"
    for row, result in _signed(found):
        der = decoded(result["certificate_chain"][0])
        key = x509.load_der_x509_certificate(der).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ours = found.certified.get(hashlib.sha256(spki).hexdigest())
        if ours is None or ours.public_bytes(Encoding.DER) != der:
            yield f"the certificate of {row['tx']} is not in the CA's record"


def _chain(found: Readings, history: History) -> Iterator[str]:
    previous, hashes = GENESIS, set()
    for place, row in enumerate(found.rows["audit"], start=1):
        text = row["record"]
        if row["sequence"] != place or json.loads(text)["sequence"] != place:
            yield f"audit record {place} is not in its place"
        if row["previous_hash"] != previous:
            yield f"audit record {place} does not follow"
        previous = hashlib.sha256(previous + text.encode()).digest()
        if row["hash"] != previous:
            yield f"audit record {place} was changed"
        hashes.add(previous.hex())
    for head in history.of("head"):
        if head["hash"] not in hashes:
            yield f"record {head['sequence']}, once the log's head, is gone"


def _numbered(found: Readings, _history: History) -> Iterator[str]:
    numbers = [row["number"] for row in found.rows["releases"]]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"releases are numbered {numbers[:5]} … {numbers[-1]}"
    signed = {row["tx"] for row, _ in _signed(found)}
    released = Counter(row["tx"] for row in found.rows["releases"])
    if set(released) != signed or any(n > 1 for n in released.values()):
        yield "releases and signed transactions differ"
    states = {r["tx"]: str(r["state"]).lower() for r in found.rows["transactions"]}
    for tx in signed:
        if states[tx] != "signed":
            yield f"{tx} has a result and is {states[tx]}"


def _nothing_else(found: Readings, history: History) -> Iterator[str]:
    signed = {row["tx"] for row, _ in _signed(found)}
    for entry in history.of("ended"):
        if entry["tx"] in signed:
            yield f"{entry['tx']} was told to have ended and is signed"
    for entry in history.of("must_refuse"):
        yield f"granted: {entry['probe']}"
    for row in found.rows["transactions"]:
        if str(row["state"]).lower() == "signing":
            yield f"{row['tx']} is left signing"


def _used_once(found: Readings, history: History) -> Iterator[str]:
    used = {row["nonce_sha256"].hex() for row in found.rows["used_nonces"]}
    moved = [entry["at"] for entry in history.of("clock")]
    since = max([time.time() - REMEMBERED, *moved])
    handles = Counter(row["handle_sha256"] for row in found.rows["passes"])
    keys = Counter(row["key_thumbprint"] for row in found.rows["passes"])
    if any(n > 1 for n in (handles | keys).values()):
        yield "a handle or a key has two passes"
    for entry in history.of("pass"):
        if not entry["same"]:
            yield "a repeated call got another pass"
        if entry["at"] > since and entry["nonce_sha256"] not in used:
            yield "a nonce was used and is not noted"
    nonces = Counter(row["nonce"] for row in found.rows["transactions"])
    if any(n > 1 for n in nonces.values()):
        yield "a nonce was asked twice"
    tags: dict[tuple[str, str], set[str]] = {}
    people = {entry["tx"]: entry["person"] for entry in history.of("verified")}
    for entry in history.of("tag"):
        person = people[entry["tx"]]
        tags.setdefault((entry["period"], person), set()).add(entry["tag"])
    if any(len(different) > 1 for different in tags.values()):
        yield "one person has two tags in one period"


def _same_person(found: Readings, history: History) -> Iterator[str]:
    people = {entry["tx"]: entry["person"] for entry in history.of("verified")}
    for row, result in _signed(found):
        der = decoded(result["certificate_chain"][0])
        subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
        person = PERSONS[people[row["tx"]]]
        if person.family_name not in subject or "TEST" not in subject:
            yield f"{row['tx']} was approved by {people[row['tx']]}: {subject}"


def _what_was_asked(found: Readings, history: History) -> Iterator[str]:
    asked = {entry["tx"]: entry["sdrs"] for entry in history.of("opened")}
    documents = found.by_tx("documents")
    for row, result in _signed(found):
        tx = row["tx"]
        padded = row["transaction_data"] + "=="
        approved = [
            base64.b64decode(document["hash"]).hex()
            for document in json.loads(base64.urlsafe_b64decode(padded))[
                "documentDigests"
            ]
        ]
        stored = [document["sdr"].hex() for document in documents[tx]]
        leaf = x509.load_der_x509_certificate(decoded(result["certificate_chain"][0]))
        signed = [_digest_signed(s, leaf) for s in result["signatures"]]
        if not asked.get(tx) == approved == stored == signed:
            yield f"{tx}: asked, approved, stored and signed digests differ"


def _digest_signed(signature: dict[str, str], leaf: x509.Certificate) -> str:
    """The message digest of a signature that verifies; else a word that is none."""
    attributes = decoded(signature["signed_attributes"])
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return "no key of a curve"
    try:
        key.verify(decoded(signature["signature"]), attributes, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return "a signature that does not verify"
    for attribute in cms.CMSAttributes.load(attributes):
        if attribute["type"].native == "message_digest":
            return str(attribute["values"][0].native.hex())
    return "no digest"


RULES: Final[dict[str, Callable[[Readings, History], Iterator[str]]]] = {
    "I1": _verified_first,
    "I2": _one_signature,
    "I3": _audited,
    "I4": _keys,
    "I5": _chain,
    "I6": _numbered,
    "I8": _nothing_else,
    "I9": _used_once,
    "I10": _same_person,
    "I11": _what_was_asked,
}
