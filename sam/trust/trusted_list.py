"""Trusted lists of ETSI TS 119 612 v2.4.1 in XML (Regulation (EU) 910/2014 Art. 22).

The bytes that come are the signed parts of a list in canonical form; ``xml_signature``
proves them first, and only what was signed is read. Who is in good standing is decided
as the list says it, and more narrowly where it leaves a choice:

* status *granted* and begun; no other status, nothing of a service's history
* no service or provider with a critical extension: none is understood here (§5.5.9)
* nobody from a closed list (§5.3.15), and no list of lists: no pointer is followed
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from sam.trust import canonical_xml, xml_signature
from sam.trust.canonical_xml import Element
from sam.trust.entries import (
    SignedTrustList,
    TrustListKindError,
    TrustListTimeError,
)
from sam.trust.listed_services import (
    TSL,
    holds_critical,
    judged,
    moment_of,
    text_of,
)

TAG: Final = "http://uri.etsi.org/19612/TSLTag"
LIST_OF_LISTS: Final = (
    "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
)
VERSIONS: Final = ("5", "6")  # v2.1.1 to v2.2.1; v2.3.1 and later

CLOCK_SKEW: Final = timedelta(minutes=5)
LONGEST_VALIDITY: Final = timedelta(days=186)
"""Six months (§5.3.15) and a little: what may be withheld from us must run out."""

_NOT_READ: Final = frozenset(
    f"{TSL}{name}"
    for name in (
        "PointersToOtherTSL",
        "SchemeInformationURI",
        "PolicyOrLegalNotice",
        "DistributionPoints",
        "ServiceHistory",
        "TSPAddress",
        "TSPInformationURI",
        "ServiceSupplyPoints",
        "SchemeServiceDefinitionURI",
        "TSPServiceDefinitionURI",
    )
)
_SEQUENCE: Final = re.compile(r"[1-9][0-9]{0,8}")
_TERRITORY: Final = re.compile(r"[A-Z]{2}")


def parse(
    content: bytes, *, signers: Sequence[x509.Certificate], now: datetime
) -> SignedTrustList:
    """Return the list if a pinned signer signed it and it is in time.

    ``content`` is what ``app.ades.trusted_lists.signed_parts`` made of the published
    file. Raises ``TrustListError`` and nothing else.
    """
    document = xml_signature.verified_document(content, signers=signers, now=now)
    root = canonical_xml.read(document, leave_out=_NOT_READ)
    if root.name != f"{TSL}TrustServiceStatusList" or root.attribute("TSLTag") != TAG:
        raise TrustListKindError("not a trusted list of TS 119 612")
    scheme, providers = _parts(root)
    list_type = _list_type(scheme)
    issued_at, next_update = _times(scheme, now)
    usable, unusable = judged(() if next_update is None else providers, now)
    return SignedTrustList(
        list_type=list_type,
        sequence=int(text_of(scheme, "TSLSequenceNumber", _SEQUENCE)),
        issued_at=issued_at,
        next_update=next_update,
        territory=text_of(scheme, "SchemeTerritory", _TERRITORY),
        entries=tuple(dict.fromkeys(usable)),
        unusable=tuple(unusable),
    )


def _list_type(scheme: Element) -> str:
    if text_of(scheme, "TSLVersionIdentifier") not in VERSIONS:
        raise TrustListKindError(f"a version other than {' or '.join(VERSIONS)}")
    if any(map(holds_critical, scheme.all(f"{TSL}SchemeExtensions"))):
        raise TrustListKindError("a critical extension of the scheme")
    list_type = text_of(scheme, "TSLType")
    if list_type == LIST_OF_LISTS:
        raise TrustListKindError("a list of lists: name the lists themselves")
    return list_type


def _times(scheme: Element, now: datetime) -> tuple[datetime, datetime | None]:
    """Issue date and next update (§5.3.14, §5.3.15); None for a closed list."""
    issued_at = moment_of(text_of(scheme, "ListIssueDateTime"))
    if issued_at > now + CLOCK_SKEW:
        raise TrustListTimeError("issued in the future")
    following = scheme.one(f"{TSL}NextUpdate")
    if not following.children:
        return issued_at, None
    stated = moment_of(text_of(following, "dateTime"))
    next_update = min(stated, issued_at + LONGEST_VALIDITY)
    if next_update <= now:
        raise TrustListTimeError("its next update is past")
    return issued_at, next_update


def _parts(root: Element) -> tuple[Element, Sequence[Element]]:
    """The scheme's information and the providers, if any; nothing else."""
    if len(root.children) == 1:
        return root.one(f"{TSL}SchemeInformation"), ()
    scheme, listed = root.exactly(
        f"{TSL}SchemeInformation", f"{TSL}TrustServiceProviderList"
    )
    return scheme, listed.all(f"{TSL}TrustServiceProvider")
