"""The card "Your wallet will show", read from the very string the wallet gets.

Never a second template: what the SAM put into the transaction data is what is shown.
"""

import base64
import json
from dataclasses import dataclass
from typing import Final

QUALIFIERS: Final = {
    "eu_eidas_aes": "Advanced electronic signature (TEST, no legal effect)"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    kind: str
    labels: tuple[str, ...]
    signatures: int


def wallet_card(transaction_data: str) -> Card:
    padding = "=" * (-len(transaction_data) % 4)
    data = json.loads(base64.urlsafe_b64decode(transaction_data + padding))
    qualifier = data["signatureQualifier"]
    return Card(
        kind=QUALIFIERS.get(qualifier, qualifier),
        labels=tuple(digest["label"] for digest in data["documentDigests"]),
        signatures=data["numSignatures"],
    )
