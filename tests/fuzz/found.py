"""Inputs that broke a parser once, or would break a careless one.

``make fuzz`` prints a row for each that it finds.
"""

import base64
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """``base64``: the input as it was found; ``why``: what is odd in it."""

    target: str
    base64: str
    why: str

    @property
    def data(self) -> bytes:
        return base64.b64decode(self.base64)


FOUND = (
    Found("strict_json", "WzFlNDAwXQ==", "a number that becomes infinite"),
    Found("strict_json", "Ilx1ZDgwMCI=", "half of a character"),
    Found("cbor", "n/8=", "an array without its length"),
    Found("cbor", "+3/wAAAAAAAA", "an infinite float"),
    Found("form", "YT0lZmY=", "a field that is no UTF-8"),
    Found("transaction data", "w6k=", "a text that is no ASCII"),
    Found("x5c", "MIL//w==", "a certificate cut off"),
)
