"""What one presentation is measured against, whatever its format."""

from dataclasses import dataclass
from datetime import datetime

from openid4vp.credential_query import CredentialQuery
from openid4vp.policy import VerificationPolicy
from openid4vp.transaction import Transaction
from openid4vp.trust import IssuerTrust


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """None of it comes from the wallet."""

    transaction: Transaction
    query: CredentialQuery
    trust: IssuerTrust
    policy: VerificationPolicy
    now: datetime
