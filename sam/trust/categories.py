"""What an issuer may be trusted for; an anchor proves nothing in another category.

The categories are those of Regulation (EU) 2024/1183 Art. 5a(18) and of the lists that
ETSI TS 119 602 profiles: PID providers (Annex D) and wallet providers (Annex E).
"""

from enum import StrEnum


class Category(StrEnum):
    """The value is also the word of the operator's files and of ``info()``."""

    PID_PROVIDERS = "pid_providers"
    WALLET_PROVIDERS = "wallet_providers"
