"""What follows from the checks of an evidence archive, and what does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.verification.chains import Chain, subject_name
from app.verification.record_checks import Statement
from app.verification.report import Checks
from app.verification.wallet_checks import TransactionData, labels

APPROVED: Final = (
    "request",
    "transaction_data",
    "pass",
    "holder_proof",
    "approval",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusions:
    """``delivered``: the files given whose signature holds; ``given``: how many.

    ``unaltered``: those of which this program saw that only a signature was added.
    """

    checks: Checks
    data: TransactionData | None
    stated: Statement | None
    chain: Chain | None
    delivered: Sequence[str]
    given: int
    unaltered: Sequence[str] = ()

    def proven(self) -> Iterator[str]:
        if self.checks.held(*APPROVED) and self.data is not None:
            yield (
                f"The key of the signing pass approved {labels(self.data.documents)}:"
                " its proof holds the SHA-256 of transaction-data.txt, the nonce of"
                " the request and the name of the service."
            )
        if self.chain is not None:
            signer = subject_name(self.chain[0])
            for name in self.delivered:
                yield (
                    f"{name} holds a signature over the digest that was approved, made"
                    f" with the key of the certificate of “{signer}”."
                )
        for name in self.unaltered:
            yield f"{name} is the file as it was brought, and a signature behind it."
        if self.checks.held("chain_anchor", "pass_anchor"):
            yield "Certificate and pass come from the issuer whose anchor you gave."
        if self.checks.held("request_anchor"):
            yield "The wallet was asked by a service under the access anchor you gave."

    def not_proven(self) -> Iterator[str]:
        yield from self._left_open()
        yield (
            "That a person read the document: the wallet showed a name, a code and a"
            " digest."
        )
        yield (
            "That the PID was verified, and that the person of the certificate held"
            " the pass: that is the service's statement. statement.json holds the"
            " digest of the PID's presentation, not the PID."
        )
        yield (
            "That statement.json and audit.json are as the service wrote them: nothing"
            " signs them. What they share with the signed files was compared; times,"
            " terms and the PID's digest are words. The service's own log tells."
        )
        yield (
            "That nothing was left out of the audit log: one record and its chain"
            " value are here, the log itself is with the provider."
        )
        yield (
            "When it was signed, and that no certificate was revoked: `qes verify`"
            " reads time stamp and CRLs."
        )
        if self.stated is None or self.stated.test_mode:
            yield "Legal effect: whatever is marked TEST has none."

    def _left_open(self) -> Iterator[str]:
        if not self.checks.held("chain_anchor", "pass_anchor"):
            yield (
                "Who issued certificate and pass: without --anchor anybody could have"
                " made these files."
            )
        if not self.checks.held("request_anchor"):
            yield "Who asked the wallet: without --request-anchor that is not settled."
        if set(self.delivered) - set(self.unaltered):
            yield (
                "That only a signature was added to the file as it was brought: where"
                " statement.json says so, that is the documents process's claim, which"
                " the SAM did not verify."
            )
        approved = len(self.data.documents) if self.data is not None else 0
        if len(self.delivered) < max(approved, self.given):
            yield (
                f"That every approved document was signed: {len(self.delivered)} of"
                f" {approved} were given with --document and hold."
            )
