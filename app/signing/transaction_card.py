"""The card "Your wallet will show", read from the very string the wallet gets.

Never a second template: what the SAM put into the transaction data is what is shown,
in the order in which a wallet shows it (WE BUILD CS-03 §6.2.4).
"""

import base64
import json
from dataclasses import dataclass
from typing import Final

QUALIFIERS: Final = {
    "eu_eidas_aes": "An advanced electronic signature",
    "eu_eidas_qes": "A qualified electronic signature",
}
PROVIDER: Final = "TEST signing service"
FRAMEWORK: Final = "EU, eIDAS"
NOT_CHECKED: Final = "Not checked by the wallet: compare the code or the fingerprint"
ONE_TIME: Final = "A certificate is made for this signature only"
SHARES: Final = "your name, your country and one identity number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One line of the wallet each; ``labels`` are the transaction data's own."""

    kind: str
    labels: tuple[str, ...]
    signatures: int
    provider: str = PROVIDER
    framework: str = FRAMEWORK
    integrity: str = NOT_CHECKED
    certificate: str = ONE_TIME
    shares: str = SHARES


def wallet_card(transaction_data: str) -> Card:
    padding = "=" * (-len(transaction_data) % 4)
    data = json.loads(base64.urlsafe_b64decode(transaction_data + padding))
    qualifier = data["signatureQualifier"]
    # one list or the other, as the kind of wallet wants it
    listed = data.get("documentDigests") or data["documentInfos"]
    return Card(
        kind=QUALIFIERS.get(qualifier, qualifier),
        labels=tuple(digest["label"] for digest in listed),
        signatures=data["numSignatures"],
    )
