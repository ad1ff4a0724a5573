"""What a wallet must show beside its code: the operator decides, metadata tells."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.oauth import client_attestation, jwts


class Policy(StrEnum):
    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletPolicy:
    attestation: Policy = Policy.OFF
    providers: jwts.WalletProviders | None = None
    needs_dpop: bool = False

    @property
    def methods(self) -> list[str]:
        """Of client authentication, in the order in which they are tried."""
        if self.attestation is Policy.OFF:
            return ["none"]
        if self.attestation is Policy.REQUIRED:
            return [client_attestation.METHOD]
        return [client_attestation.METHOD, "none"]


def policy_of(
    *, attestation: str, anchors: Path | None, needs_dpop: bool
) -> WalletPolicy:
    """Anchors are read once; ``AnchorsUnreadableError`` stops the start."""
    return WalletPolicy(
        attestation=Policy(attestation),
        providers=None if anchors is None else jwts.load_anchors(anchors),
        needs_dpop=needs_dpop,
    )
