"""Whose PIDs are believed, narrowed by how their issuers are certified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from openid4vp.errors import IssuerNotTrustedError
from openid4vp.trust import IssuerTrust
from sam.algorithms.mechanisms import ECDSA_P256_SHA256, UnknownMechanismError
from sam.algorithms.policy import Use
from sam.algorithms.rules import AlgorithmRules, of_path


@dataclass(frozen=True, slots=True)
class InTime:
    """``IssuerTrust`` narrowed by the rules for PIDs.

    The credential itself is ES256 by the verifier's own list; the certificates of its
    issuer may be signed otherwise.
    """

    believed: IssuerTrust
    rules: AlgorithmRules

    def resolve(self, chain: Sequence[x509.Certificate], now: datetime) -> str:
        provider = self.believed.resolve(chain, now)
        try:
            signed = [ECDSA_P256_SHA256, *of_path(chain)]
        except UnknownMechanismError as error:
            raise IssuerNotTrustedError(f"issuer's certificates: {error}") from None
        for mechanism in signed:
            if not self.rules.accepts(Use.VERIFYING_PIDS, mechanism, now):
                raise IssuerNotTrustedError(f"{mechanism} is not accepted for PIDs")
        return provider
