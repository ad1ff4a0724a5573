"""Signed status lists as the SAM reads them, and the few it holds ready.

A list is read and verified once; afterwards only its dates and its signer's chain are
looked at again. Decompressed a list may take 16 MiB, so only some are held ready.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from cryptography import x509

from openid4vp import identifier_list, status_list
from openid4vp.errors import StatusUnknownError
from openid4vp.identifier_list import IdentifierList
from openid4vp.status import ListKind, StatusReference
from openid4vp.status_list import StatusList
from openid4vp.trust import AnchorStore, IssuerTrust, PinnedIssuer

SignedList = StatusList | IdentifierList

TRUST_POINT = "trust-point"
HELD_READY = 8


def parse(
    kind: str, content: bytes, *, uri: str, trust: IssuerTrust, now: datetime
) -> SignedList:
    """Verify a fetched list, or raise ``Openid4vpError``."""
    if kind == ListKind.STATUS_LIST:
        return status_list.parse(content, uri=uri, trust=trust, now=now)
    return identifier_list.parse_cwt(content, uri=uri, trust=trust, now=now)


def value(signed: SignedList, reference: StatusReference) -> int:
    """Look the reference up; ``StatusUnknownError`` if the list cannot tell."""
    if isinstance(signed, StatusList) and reference.idx is not None:
        return signed.value(reference.idx)
    if isinstance(signed, IdentifierList) and reference.id is not None:
        return signed.value(reference.id)
    raise StatusUnknownError("the list is of another kind")


def trust_point(der: bytes) -> IssuerTrust:
    """Trust in what a credential's issuer named for its list: a CA, or the signer."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        if _is_ca(certificate):
            return AnchorStore({TRUST_POINT: certificate})
        return PinnedIssuer(TRUST_POINT, certificate)
    except (ValueError, x509.InvalidVersion):
        raise StatusUnknownError("the trust point is no certificate") from None


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return found.value.ca


class ParsedLists:
    """The lists last looked into, by the SHA-256 of their bytes."""

    def __init__(self) -> None:
        self._lists: OrderedDict[bytes, SignedList] = OrderedDict()

    def get(self, sha256: bytes, read: Callable[[], SignedList]) -> SignedList:
        """The list held, or the one that ``read`` yields."""
        if sha256 not in self._lists:
            self._lists[sha256] = read()
            if len(self._lists) > HELD_READY:
                self._lists.popitem(last=False)
        self._lists.move_to_end(sha256)
        return self._lists[sha256]
