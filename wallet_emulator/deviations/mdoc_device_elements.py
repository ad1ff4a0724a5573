"""What an mdoc's device claims by itself (ISO/IEC 18013-5 §9.1.2.4, §9.1.3).

It may, where the issuer allowed it, and never as an element of the PID.
"""

from collections.abc import Callable
from typing import Final

from wallet_emulator.answer import Draft, Stage
from wallet_emulator.deviations.mdoc_forging import (
    MALFORMED,
    UNANSWERED,
    UNBOUND,
    UNDIGESTED,
    forged,
    inner,
    redraft,
)
from wallet_emulator.deviations.registry import AlterMdoc, Deviation
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.mdoc.cbor import encode
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.pid_provider import PID_NAMESPACE

_OWN: Final = "org.example.device"


_CSC: Final = "org.cloudsignatureconsortium.dm.1"


_QES_APPROVAL: Final = "qesApproval"


def _said(name: str, breaks: str, expected: str, alter: AlterMdoc) -> Deviation:
    """What the device claims by itself."""
    return forged(
        name,
        breaks,
        expected,
        alter,
        stage=Stage.KEY_BINDING,
        threat="MD6",
        check="58",
    )


def _headers(change: Callable[[MdocPresentation], object]) -> AlterMdoc:
    def alter(draft: Draft, target: MdocPresentation) -> None:
        change(target)

    return alter


def _says(
    elements: dict[str, dict[str, object]],
    *,
    authorized: dict[str, object] | None = None,
    withheld: bool = False,
) -> AlterMdoc:
    """The device signs ``elements``; the issuer authorised what ``authorized`` says."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        target.name_spaces = encode(elements)
        if authorized is not None:
            made = redraft(draft, target)
            inner(made.mso, "deviceKeyInfo")["keyAuthorizations"] = authorized
            target.present(made.sign())
        if withheld:
            target.items[PID_NAMESPACE] = _without_family_name(target)

    return alter


def _without_family_name(target: MdocPresentation) -> list[bytes]:
    kept = [i for i in target.items[PID_NAMESPACE] if b"family_name" not in i]
    if len(kept) == len(target.items[PID_NAMESPACE]):
        raise DeviationNotPossibleError("the family name was not requested")
    return kept


_NAME: Final[dict[str, dict[str, object]]] = {
    PID_NAMESPACE: {"family_name": "Selfmade"}
}


ELEMENTS: Final = (
    _said(
        "device-says-unauthorized",
        "the device claims an element of its own that nobody allowed",
        UNBOUND,
        _says({_OWN: {"x": 1}}),
    ),
    _said(
        "device-says-name",
        "the device claims the family name beside the issuer's",
        UNBOUND,
        _says(_NAME),
    ),
    _said(
        "device-says-name-instead",
        "the device claims the family name instead of the issuer",
        UNBOUND,
        _says(_NAME, withheld=True),
    ),
    _said(
        "device-says-authorized-name",
        "the device claims the family name beside the issuer's, who allowed it",
        UNDIGESTED,
        _says(_NAME, authorized={"nameSpaces": [PID_NAMESPACE]}),
    ),
    _said(
        "device-says-authorized-name-instead",
        "the device claims the family name instead of the issuer, who allowed it",
        UNANSWERED,
        _says(_NAME, authorized={"nameSpaces": [PID_NAMESPACE]}, withheld=True),
    ),
    _said(
        "device-says-more-than-authorized",
        "the device claims two elements where one was allowed",
        UNBOUND,
        _says({_OWN: {"x": 1, "y": 2}}, authorized={"dataElements": {_OWN: ["x"]}}),
    ),
    _said(
        "device-says-in-like-namespace",
        "the device claims in a namespace that begins like the allowed one",
        UNBOUND,
        _says({f"{_OWN}.2": {"x": 1}}, authorized={"nameSpaces": [_OWN]}),
    ),
    _said(
        "device-approves",
        "the PID's device approves transaction data, which no PID may",
        "transaction_data_mismatch",
        _says(
            {_CSC: {_QES_APPROVAL: bytes(32)}},
            authorized={"dataElements": {_CSC: [_QES_APPROVAL]}},
        ),
    ),
    _said(
        "device-says-list",
        "the device's elements are an array",
        MALFORMED,
        _headers(lambda target: setattr(target, "name_spaces", encode([]))),
    ),
    _said(
        "device-says-text",
        "a namespace of the device's is text",
        "wrong_claim_type",
        _headers(lambda target: setattr(target, "name_spaces", encode({_OWN: "x"}))),
    ),
)
