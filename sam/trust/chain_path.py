"""The path that a chain means to take, found step by step so that a break has a place.

This decides nothing: ``openid4vp.trust.AnchorStore`` does. It only finds where a chain
leaves the way, for the explanation beside the verdict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from sam.trust.anchors import UNREADABLE
from sam.trust.entries import printable


@dataclass(frozen=True, slots=True)
class ChainPath:
    """Places in the chain from the leaf up, the anchor above them, and what is left.

    ``anchor`` is None if nothing that is trusted issued the last certificate of it.
    """

    places: tuple[int, ...]
    anchor: x509.Certificate | None
    left: tuple[int, ...]


def follow(
    chain: Sequence[x509.Certificate], anchors: Iterable[x509.Certificate]
) -> ChainPath:
    """The path from the first certificate of a chain, as far as it leads."""
    known = list(anchors)
    places = [0]
    while (above := _issuer_place(chain, places)) is not None:
        places.append(above)
    anchor = next((a for a in known if issued(a, chain[places[-1]])), None)
    left = tuple(place for place in range(len(chain)) if place not in places)
    return ChainPath(tuple(places), anchor, left)


def issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether the name and the key of ``issuer`` are those that signed."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*UNREADABLE, TypeError, InvalidSignature):
        return False
    return True


def is_self_signed(certificate: x509.Certificate) -> bool:
    return issued(certificate, certificate)


def has_name_of_issuer(issuer: x509.Certificate, of: x509.Certificate) -> bool:
    try:
        return issuer.subject == of.issuer
    except UNREADABLE:
        return False


def called(certificate: x509.Certificate) -> str:
    """Its subject as text, also where that cannot be read."""
    try:
        return printable(certificate.subject.rfc4514_string()) or "without a subject"
    except UNREADABLE:
        return "with an unreadable subject"


def _issuer_place(
    chain: Sequence[x509.Certificate], places: Sequence[int]
) -> int | None:
    last = chain[places[-1]]
    for place, candidate in enumerate(chain):
        if place not in places and issued(candidate, last):
            return place
    return None
