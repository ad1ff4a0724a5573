"""Write the vectors of whole answers: ``python -m tests.openid4vp.vectors.generate``.

Keys, times and signatures are fixed, so the files never change unless the builder
does; a test compares. Each file can be verified by any other implementation: it
holds the transaction with its private key, the trust, the time and the posted body.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.openid4vp import wallet
from tests.openid4vp.deviations import header, presented, proof, sealed, wrapped
from tests.openid4vp.scene import IDENTIFY, POLICY, SIGN
from tests.openid4vp.wallet import NOW, Answer

FOLDER = Path(__file__).parent / "answers"
Change = Callable[[Answer], object]

CASES: dict[str, tuple[Any, Change, str, str]] = {
    "sign": (SIGN, lambda a: None, "accepted", "PID, pass and approval in one answer"),
    "identify": (
        IDENTIFY,
        lambda a: None,
        "accepted",
        "PID and pass, nothing to approve",
    ),
    "sign-a256gcm": (SIGN, sealed(enc="A256GCM"), "accepted", "the other content key"),
    "other-nonce": (SIGN, proof(nonce="x"), "nonce_mismatch", "a replayed proof"),
    "other-audience": (
        SIGN,
        proof(aud="x509_hash:x"),
        "audience_mismatch",
        "a proof relayed from another verifier",
    ),
    "issuer-alg-none": (SIGN, header(alg="none"), "header_not_allowed", "ES256 only"),
    "undigested-disclosure": (
        SIGN,
        lambda a: a.pid.disclosures.append(wallet.disclosure("sex", 1)),
        "disclosure_invalid",
        "RFC 9901 §7.1: a disclosure without digest",
    ),
    "other-approval": (
        SIGN,
        lambda a: a.signing_pass.kb_payload.update(
            transaction_data_hashes=[wallet.sha256("x")]
        ),
        "transaction_data_mismatch",
        "an approval of something else",
    ),
    "two-presentations": (
        SIGN,
        lambda a: a.vp_token.update(pid=[a.pid.text(), a.pid.text()]),
        "query_not_satisfied",
        "exactly one presentation for each id",
    ),
    "unknown-id": (
        SIGN,
        presented(other=["x"]),
        "query_not_satisfied",
        "an id that was not asked for",
    ),
    "zip": (SIGN, sealed(zip="DEF"), "header_not_allowed", "no decompression, ever"),
    "wallet-error": (
        SIGN,
        wrapped(vp_token=..., error="access_denied"),
        "wallet_refused",
        "an encrypted error is a result",
    ),
}


def vectors() -> dict[str, str]:
    """File name to content."""
    return {f"{name}.json": _vector(*CASES[name]) for name in CASES}


def _vector(transaction: Any, change: Change, expect: str, why: str) -> str:
    answer = wallet.answer(transaction)
    change(answer)
    vector = {
        "kind": "answer",
        "source": "ours, made by generate.py",
        "why": why,
        "expect": expect,
        "now": int(NOW.timestamp()),
        "transaction": json.loads(transaction.to_json()),
        "accepted_types": {q: sorted(v) for q, v in POLICY.accepted_types.items()},
        "pid_anchor": _pem(wallet.PID_ROOT),
        "pinned_pass_issuer": _pem(wallet.PASS_LEAF),
        "body": answer.body().decode(),
    }
    return json.dumps(vector, indent=2, ensure_ascii=False) + "\n"


def _pem(certificate: Any) -> str:
    return str(certificate.public_bytes(Encoding.PEM).decode())


if __name__ == "__main__":
    for file_name, content in vectors().items():
        (FOLDER / file_name).write_text(content, encoding="utf-8")
