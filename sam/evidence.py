"""What the signer takes away besides the file: enough to check the provider later.

Plain files, no PID claims: the PID presentation itself is not in it, only its digest
and this SAM's statement that it verified. The audit record in it carries the digest of
the statement, so that neither can be changed without the other.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from sam.audit import AuditRecord

README = """\
Evidence of one signature
=========================

request-object.jwt     what this service asked your wallet, signed by the service
transaction-data.txt   the exact text your wallet was asked to approve
pass-presentation.txt  your wallet's approval: the signing pass and its key-bound proof
certificate-chain.pem  the certificate made for this signature, and its issuers
statement.json         what the Signature Activation Module verified and signed
audit.json             the audit record of the release, chained to all before it

What is proven
  - The key of the signing pass approved transaction-data.txt: its proof holds the
    SHA-256 of that text, the nonce of request-object.jwt and the name of this service.
  - The text (base64url JSON) names the digest of each document, "hash" of type "sdr":
    SHA-256 over the ByteRange of the PDF. The same digest is the message digest inside
    the signature.
  - The signature verifies under the first certificate of certificate-chain.pem.

What is not proven
  - That a person read the document: the wallet showed a name, a code and a digest.
  - That the PID was verified: that is this service's statement. statement.json holds
    the digest of the PID's presentation, not the PID.
  - That nothing was left out of the audit log: one record and its chain value are
    here, the log itself is with the provider.
  - Legal effect: whatever is marked TEST has none.
"""


_STATEMENT: Final = (
    "The wallet's answer held one PID and one signing pass of the same signer; the pass"
    " approved the transaction data; each document's digest was signed once and "
)
_ONE_TIME_KEY: Final = "the one-time key is destroyed."
_KEPT_KEY: Final = (
    "by the signer's credential, whose key left the device wrapped and only so."
)


def statement(
    row: Row[Any],
    documents: Sequence[Row[Any]],
    *,
    dtbsrs: Sequence[bytes],
    certificate: bytes,
    release: int,
    now: datetime,
) -> str:
    """The SAM's words about one release, as indented JSON."""
    kept = row.credential_id is not None
    body = {
        "statement": _STATEMENT + (_KEPT_KEY if kept else _ONE_TIME_KEY),
        "test_mode": True,
        "tx": row.tx,
        "client_id": row.client_id,
        "nonce": row.nonce,
        "answer_sha256": row.answer_sha256.hex(),
        "pid": {
            "provider": row.pid_provider,
            "presentation_sha256": row.pid_presentation_sha256.hex(),
        },
        "pass_id": row.pass_id,
        "transaction_data_sha256": _sha256(row.transaction_data.encode()),
        "purpose": row.purpose_of_use,
        "terms_version_according_to_the_web_tier": row.terms_version,
        "certificate_sha256": _sha256(certificate),
        **({"credential_id": row.credential_id, "scheme": row.scheme} if kept else {}),
        "documents": [
            {
                "label": document.label,
                "sdr": document.sdr.hex(),
                "sodr": document.sodr.hex(),
                "checksum": document.checksum.hex(),
                "dtbsr": dtbsr.hex(),
                "structure": _structure(document.structure_checked_by),
            }
            for document, dtbsr in zip(documents, dtbsrs, strict=True)
        ],
        "verified_at": row.verified_at.isoformat(timespec="milliseconds"),
        "signed_at": now.isoformat(timespec="milliseconds"),
        "release": release,
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _structure(checked_by: str | None) -> dict[str, str] | None:
    """The web tier's claim about the appended bytes, under its own name."""
    if checked_by is None:
        return None
    return {
        "claim": "Only a signature was added to the original file.",
        "made_by": checked_by,
        "standing": "asserted by the documents process, not verified by the SAM",
    }


def files(
    row: Row[Any], stated: str, chain: Sequence[bytes], record: AuditRecord
) -> dict[str, str]:
    """File name → text, exactly what ``evidence.zip`` holds."""
    return {
        "request-object.jwt": row.request_object,
        "transaction-data.txt": row.transaction_data,
        "pass-presentation.txt": row.pass_presentation,
        "certificate-chain.pem": "".join(_pem(der) for der in chain),
        "audit.json": json.dumps(record.to_json(), indent=2) + "\n",
        "statement.json": stated,
        "README.txt": README,
    }


def _pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode().replace("\n", "")
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    return "\n".join(
        ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
