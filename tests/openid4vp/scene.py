"""One signing transaction as the service asks it, and the trust it verifies with."""

import json
from datetime import timedelta

from openid4vp.dcql import SD_JWT_VC, ClaimsQuery, CredentialQuery, DcqlQuery
from openid4vp.request import Transaction, x509_hash_client_id
from openid4vp.transaction_data import DocumentDigest, QesApprovalRequest
from openid4vp.trust import AnchorStore, IssuerTrust, PinnedIssuer
from openid4vp.verify import (
    VerificationPolicy,
    VerifiedPresentation,
    verify_response,
)
from tests.openid4vp import wallet
from tests.openid4vp.wallet import NOW

PASS_VCT = "https://sign.example.eu/signing-pass/1"
PID_NAMES = ("family_name", "given_name", "issuing_country")
PID_NUMBERS = ("personal_administrative_number", "document_number")

PID_QUERY = CredentialQuery(
    id="pid",
    format=SD_JWT_VC,
    vct_values=("urn:eudi:pid:1",),
    claims=tuple(ClaimsQuery(path=(n,), id=n) for n in PID_NAMES + PID_NUMBERS),
    claim_sets=tuple((*PID_NAMES, number) for number in PID_NUMBERS),
)
PASS_QUERY = CredentialQuery(
    id="signing_pass",
    format=SD_JWT_VC,
    vct_values=(PASS_VCT,),
    claims=(ClaimsQuery(path=("pass_id",)),),
)
QUERY = DcqlQuery(credentials=(PID_QUERY, PASS_QUERY))

APPROVAL = QesApprovalRequest(
    credential_ids=("signing_pass",),
    qualifier="eu_eidas_aes",
    documents=(
        DocumentDigest(
            label="TEST · lease.pdf · 4821 7730", hash=bytes(range(32)), hash_type="sdr"
        ),
    ),
).encode()

IDENTIFY = Transaction(
    client_id=x509_hash_client_id(wallet.ACCESS_LEAF),
    nonce="fT0d9Yc4uI0pJmVw3y2lqgLw0v8yB5sQzEr7mXnK1aU",
    state="Qm9yc2VuLTEyMy1kZW1vLXN0YXRlLTAwMDAwMDAwMDE",
    response_uri="https://sign.example.eu/oid4vp/responses/k7Qm",
    response_key=json.dumps(
        {
            **wallet.public_jwk(wallet.key("response")),
            "use": "enc",
            "alg": "ECDH-ES",
            "kid": "tx-7f3a",
            "d": wallet.b64(
                wallet.key("response").private_numbers().private_value.to_bytes(32)
            ),
        }
    ),
    query=QUERY,
    created_at=NOW - timedelta(seconds=30),
    expires_at=NOW + timedelta(seconds=570),
)
SIGN = IDENTIFY.with_transaction_data(APPROVAL)

TRUST: dict[str, IssuerTrust] = {
    "pid": AnchorStore({"se-pid": wallet.PID_ROOT}),
    "signing_pass": PinnedIssuer("us", wallet.PASS_LEAF),
}
POLICY = VerificationPolicy(
    accept_absent_status=True,
    accepted_types={
        "pid": frozenset({"urn:eudi:pid:1"}),
        "signing_pass": frozenset({PASS_VCT}),
    },
)


def verify(
    body: bytes, transaction: Transaction = SIGN, policy: VerificationPolicy = POLICY
) -> VerifiedPresentation:
    return verify_response(transaction, body, TRUST, policy=policy, now=NOW)
