"""Verify an ``evidence.zip`` offline, from the standards only.

No network, no database, no SAM, and none of its code: what this says rests on the
files, the anchors the caller trusts, and published algorithms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from app.verification import archive as a
from app.verification import chains, document_checks, record_checks, wallet_checks
from app.verification.conclusions import Conclusions
from app.verification.report import Checks, NotCheckedError, Report, needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Certificates the caller trusts; empty: that question stays open.

    ``anchors`` for the signer's certificate and the pass, ``request_anchors`` for the
    access certificate under which the wallet was asked.
    """

    anchors: Sequence[x509.Certificate] = ()
    request_anchors: Sequence[x509.Certificate] = ()


def verify(
    archive: bytes,
    *,
    documents: Mapping[str, bytes],
    trust: Trust,
    parser: document_checks.Parser | None = None,
) -> Report:
    """Raise ``UnreadableEvidenceError`` if there is nothing to check.

    ``documents``: name to print → signed file. Without ``parser`` it stays open whether
    only a signature was added to them.
    """
    run = _Run(files=a.read(archive), trust=trust, parser=parser)
    run.check_service_text()
    run.check_request()
    run.check_pass()
    run.check_records()
    for name, content in documents.items():
        run.check_document(name, content)
    conclusions = Conclusions(
        checks=run.checks,
        data=run.data,
        stated=run.stated,
        chain=run.chain,
        delivered=run.delivered,
        given=len(documents),
        unaltered=run.unaltered,
    )
    return Report(
        checks=tuple(run.checks.made),
        proven=tuple(conclusions.proven()),
        not_proven=tuple(conclusions.not_proven()),
    )


@dataclass(slots=True)
class _Run:
    """The checks in their order; each part is ``None`` until its check holds."""

    files: Mapping[str, bytes]
    trust: Trust
    parser: document_checks.Parser | None = None
    checks: Checks = field(default_factory=Checks)
    asked: wallet_checks.Request | None = None
    data: wallet_checks.TransactionData | None = None
    held: wallet_checks.SigningPass | None = None
    proof: wallet_checks.HolderProof | None = None
    stated: record_checks.Statement | None = None
    chain: chains.Chain | None = None
    agreed: record_checks.Statement | None = None
    delivered: tuple[str, ...] = ()
    unaltered: tuple[str, ...] = ()

    @staticmethod
    def _anchored(
        chain: chains.Chain,
        anchors: Sequence[x509.Certificate],
        at: datetime,
        option: str,
    ) -> None:
        if not anchors:
            raise NotCheckedError(
                f"Not checked without {option}: where its certificate comes from."
            )
        chains.check_anchored(chain, anchors, at)

    def check_service_text(self) -> None:
        self.checks.make(
            "readme",
            [a.README],
            "README.txt is the text this service sends.",
            lambda: record_checks.check_readme(self.files[a.README]),
        )

    def check_request(self) -> None:
        self.asked = self.checks.make(
            "request",
            [a.REQUEST],
            "The request to the wallet is signed by the key of its certificate, and"
            " its client_id is that certificate's.",
            lambda: wallet_checks.request(self.files[a.REQUEST]),
        )
        self.checks.make(
            "request_anchor",
            [a.REQUEST],
            "That certificate leads to the access anchor you gave.",
            lambda: self._anchored(
                needed(self.asked, a.REQUEST).chain,
                self.trust.request_anchors,
                wallet_checks.moment(needed(self.asked, a.REQUEST).issued),
                "--request-anchor",
            ),
        )
        self.data = self.checks.make(
            "transaction_data",
            [a.TRANSACTION_DATA, a.REQUEST],
            "transaction-data.txt is exactly what the request asked to approve.",
            lambda: wallet_checks.transaction_data(
                self.files[a.TRANSACTION_DATA], needed(self.asked, a.REQUEST)
            ),
        )

    def check_pass(self) -> None:
        self.held = self.checks.make(
            "pass",
            [a.PASS],
            "The signing pass is signed by the key of its issuer's certificate.",
            lambda: wallet_checks.signing_pass(
                self.files[a.PASS],
                needed(self.asked, a.REQUEST),
                needed(self.data, a.TRANSACTION_DATA),
            ),
        )
        self.proof = self.checks.make(
            "holder_proof",
            [a.PASS, a.REQUEST],
            "The key of the pass signed the answer: for this presentation, this"
            " request's nonce and this service.",
            lambda: wallet_checks.holder_proof(
                needed(self.held, a.PASS), needed(self.asked, a.REQUEST)
            ),
        )
        self.checks.make(
            "approval",
            [a.PASS, a.TRANSACTION_DATA],
            "It approved the SHA-256 of transaction-data.txt and nothing else.",
            lambda: wallet_checks.check_approval(
                needed(self.proof, a.PASS), needed(self.data, a.TRANSACTION_DATA)
            ),
        )
        self.checks.make(
            "pass_anchor",
            [a.PASS],
            "The pass issuer's certificate leads to an anchor you gave.",
            lambda: self._anchored(
                needed(self.held, a.PASS).chain,
                self.trust.anchors,
                wallet_checks.moment(needed(self.proof, a.PASS).made),
                "--anchor",
            ),
        )

    def check_records(self) -> None:
        self.stated = self.checks.make(
            "statement_form",
            [a.STATEMENT],
            "statement.json is well-formed.",
            lambda: record_checks.statement(self.files[a.STATEMENT]),
        )
        self.checks.make(
            "audit",
            [a.AUDIT, a.STATEMENT],
            "audit.json is the record of this statement.json, and its chain value is"
            " right.",
            lambda: record_checks.check_audit(
                self.files[a.AUDIT],
                needed(self.stated, a.STATEMENT),
                self.files[a.STATEMENT],
            ),
        )
        self._check_chain()
        self._check_statement()

    def _check_chain(self) -> None:
        def certificates() -> chains.Chain:
            chain = chains.from_pem(self.files[a.CHAIN])
            record_checks.check_chain(chain, needed(self.stated, a.STATEMENT))
            return chain

        self.chain = self.checks.make(
            "chain",
            [a.CHAIN, a.STATEMENT],
            "The certificates follow each other, each issued the one before it, and"
            " all were valid when the signature was made.",
            certificates,
        )
        self.checks.make(
            "chain_anchor",
            [a.CHAIN],
            "They lead to an anchor you gave.",
            lambda: self._anchored(
                needed(self.chain, a.CHAIN),
                self.trust.anchors,
                needed(self.stated, a.STATEMENT).signed,
                "--anchor",
            ),
        )

    def _check_statement(self) -> None:
        self.agreed = self.checks.make(
            "statement",
            [a.STATEMENT, a.REQUEST, a.TRANSACTION_DATA, a.PASS],
            "statement.json agrees with request, transaction data and pass, document by"
            " document.",
            lambda: record_checks.check_statement(
                needed(self.stated, a.STATEMENT),
                needed(self.asked, a.REQUEST),
                needed(self.data, a.TRANSACTION_DATA),
                needed(self.held, a.PASS),
                needed(self.proof, a.PASS),
            ),
        )
        self.checks.make(
            "labels",
            [a.STATEMENT, a.TRANSACTION_DATA],
            "Mode, purpose and document code in the labels are those of the statement.",
            lambda: record_checks.check_labels(needed(self.stated, a.STATEMENT)),
        )
        self.checks.make(
            "signature_inputs",
            [a.STATEMENT, a.CHAIN],
            "What was signed is each approved digest with this certificate.",
            lambda: record_checks.check_signature_inputs(
                needed(self.stated, a.STATEMENT), needed(self.chain, a.CHAIN)
            ),
        )

    def check_document(self, name: str, content: bytes) -> None:
        found = self.checks.make(
            f"document_digest:{name}",
            [name, a.STATEMENT],
            f"{name}: the SHA-256 over its ByteRange is a digest that was approved.",
            lambda: document_checks.find(
                content, needed(self.agreed, a.STATEMENT).documents
            ),
        )
        self.checks.make(
            f"document_signature:{name}",
            [name, a.CHAIN, a.STATEMENT],
            f"{name}: its signature holds that digest and verifies under the first"
            " certificate of certificate-chain.pem.",
            lambda: document_checks.check_signature(
                needed(found, name), needed(self.chain, a.CHAIN)
            ),
        )
        self.checks.make(
            f"document_prepared:{name}",
            [name, a.STATEMENT],
            f"{name}: without the signature it is the file that was prepared.",
            lambda: document_checks.check_prepared(needed(found, name)),
        )
        original = self.checks.make(
            f"document_original:{name}",
            [name, a.STATEMENT],
            f"{name}: it begins with the file as it was brought, unchanged.",
            lambda: document_checks.check_original(needed(found, name)),
        )
        self.checks.make(
            f"document_structure:{name}",
            [name, a.STATEMENT],
            f"{name}: a signature is all that was added to the file as it was brought.",
            lambda: document_checks.check_structure(
                needed(found, name), needed(original, name), self.parser
            ),
        )
        self.checks.make(
            f"document_whole:{name}",
            [name],
            f"{name}: nothing was added after this signature.",
            lambda: document_checks.check_whole(needed(found, name)),
        )
        if self.checks.held(f"document_digest:{name}", f"document_signature:{name}"):
            self.delivered += (name,)
        if self.checks.held(f"document_structure:{name}"):
            self.unaltered += (name,)
