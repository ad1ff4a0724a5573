import base64
import json

from app.signing.transaction_card import wallet_card


def test_the_card_says_what_the_string_says() -> None:
    data = {
        "signatureQualifier": "eu_eidas_aes",
        "numSignatures": 2,
        "documentDigests": [
            {"label": "TEST · a.pdf · 1"},
            {"label": "TEST · b.pdf · 2"},
        ],
    }
    text = base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    card = wallet_card(text)

    assert card.labels == ("TEST · a.pdf · 1", "TEST · b.pdf · 2")
    assert card.signatures == 2
    assert card.kind == "An advanced electronic signature"
