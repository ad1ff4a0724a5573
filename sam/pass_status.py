"""The status lists of our own passes (Token Status List), for whoever else looks.

Every pass gets a place by chance, never used before or again, in a list of one size
whatever is in it: neither a place nor the list tells when a pass was issued, or how
many were. A list that is half full is followed by the next one.

The SAM itself does not go by these lists. It looks at the pass's own row, in the moment
of approval (``sam.approvals``) and again when signing begins (``sam.store``).
"""

import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from sqlalchemy import Connection

from openid4vp import base64url
from openid4vp.status import VALID, StatusLookup, StatusReference
from sam import errors as refused
from sam import messages as m
from sam import pass_store
from sam.module import Sam

TYPE: Final = "statuslist+jwt"
PLACES: Final = 2**20
TTL: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Place:
    number: int
    index: int


def free_place(connection: Connection) -> Place:
    """By chance among those nobody has; taken when the pass is stored."""
    number, taken = pass_store.newest_list(connection)
    if taken >= PLACES // 2:
        number += 1
    index = secrets.randbelow(PLACES)
    while pass_store.is_taken(connection, number, index):
        index = secrets.randbelow(PLACES)
    return Place(number, index)


def reference(sam: Sam, place: Place) -> dict[str, object]:
    """The ``status`` claim of a pass (§6.2)."""
    return {"status_list": {"idx": place.index, "uri": _uri(sam, place.number)}}


def pass_status_list(sam: Sam, call: m.StatusListNumber) -> m.SignedStatusList:
    """§5.1. Made anew when a pass was taken back, and at half of its life."""
    with sam.database.begin() as connection:
        newest, _ = pass_store.newest_list(connection)
        revoked = pass_store.revoked_places(connection, call.number)
    if call.number > newest:
        raise refused.UnknownStatusListError("there is no such list yet")
    uri = _uri(sam, call.number)
    token = sam.signed_texts.get(
        uri,
        frozenset(revoked),
        sam.clock(),
        lambda times: sam.pass_issuer.sign(
            TYPE,
            {
                "sub": uri,
                **times,
                "ttl": int(TTL.total_seconds()),
                "status_list": {"bits": 1, "lst": _packed(revoked)},
            },
        ),
    )
    return m.SignedStatusList(token=token, ttl=int(TTL.total_seconds()))


@dataclass(frozen=True, slots=True)
class OwnPassesAside:
    """``StatusLookup`` that asks ``lists`` about all but the passes ``issuer`` signed.

    Of those the row knows more, and sooner (``sam.approvals``, step 1).
    """

    issuer: x509.Certificate
    lists: StatusLookup

    def value(
        self,
        reference: StatusReference,
        issuer_chain: Sequence[x509.Certificate],
        now: datetime,
    ) -> int:
        if issuer_chain[0] == self.issuer:
            return VALID
        return self.lists.value(reference, issuer_chain, now)


def _uri(sam: Sam, number: int) -> str:
    return f"{sam.config.base_url}/oid4vci/status/{number}"


def _packed(revoked: Sequence[int]) -> str:
    """§4.1: one bit per place, lowest first; then ZLIB and base64url."""
    packed = bytearray(PLACES // 8)
    for index in revoked:
        packed[index // 8] |= 1 << index % 8
    return base64url.encode(zlib.compress(packed, level=9))
