"""A right mdoc of a PID, with all that ISO/IEC 18013-5 leaves to its issuer drawn.

Digest algorithm and identifiers, elements held back, elements of other namespaces,
elements the holder's key may sign and signs, times, chains and either kind of status.
"""

import random
from collections.abc import Mapping
from typing import Any

import cbor2

from openid4vp.request import Transaction
from tests.openid4vp import list_issuer, mdoc_builder, wallet
from tests.openid4vp.drawn_sd_jwt import CHAINS, SIGNERS, VALID_PLACES
from tests.openid4vp.mdoc_builder import PID, Mdoc, tdate
from tests.openid4vp.strategies import as_mdoc
from tests.openid4vp.wallet import NOW, SECOND

DATES = ("birth_date",)
ALGORITHMS = ("SHA-256", "SHA-384", "SHA-512")
OWN = "org.example.holder"


def mdoc_pid(
    rng: random.Random, transaction: Transaction, person: Mapping[str, Any]
) -> Mdoc:
    """The PID of this person, everything asked for disclosed."""
    length = rng.randrange(len(CHAINS))
    elements = as_mdoc(dict(person))[PID]
    identifiers = iter(rng.sample(range(2**31), 40))
    return Mdoc(
        items={
            PID: [_item(rng, next(identifiers), n, v) for n, v in elements.items()],
            **_other_namespace(rng, next(identifiers)),
        },
        hidden={
            PID: [_item(rng, next(identifiers), f"x{i}", i) for i in range(5)],
        },
        handover=mdoc_builder.handover(transaction),
        issuer_key=wallet.key(SIGNERS[length]),
        chain=mdoc_builder.der(*CHAINS[length]),
        issuer_protected={1: rng.choice((-7, -9))},
        validity=_validity(rng),
        mso=_status(rng),
        algorithm=rng.choice(ALGORITHMS),
        **_signed_by_the_holder(rng),
    )


def _item(rng: random.Random, digest_id: int, name: str, value: Any) -> dict[str, Any]:
    members = {
        "digestID": digest_id,
        "random": rng.randbytes(rng.randint(16, 64)),
        "elementIdentifier": name,
        "elementValue": mdoc_builder.full_date(value) if name in DATES else value,
    }
    order = rng.sample(sorted(members), len(members))
    return {member: members[member] for member in order}


def _other_namespace(rng: random.Random, digest_id: int) -> dict[str, Any]:
    if rng.random() < 0.5:
        return {}
    value = rng.choice((True, 7, "å", rng.randbytes(30), [1, {"a": None}]))
    return {PID + ".se": [_item(rng, digest_id, "more", value)]}


def _validity(rng: random.Random) -> dict[str, Any]:
    signed = rng.randint(-80_000, 60)
    return {
        "signed": _tdate(signed),
        "validFrom": _tdate(rng.randint(signed, 60)),
        "validUntil": _tdate(rng.randint(-59, 80_000)),
        **({"expectedUpdate": _tdate(5)} if rng.random() < 0.3 else {}),
    }


def _status(rng: random.Random) -> dict[str, Any]:
    place = {"uri": list_issuer.URI, "idx": rng.choice(VALID_PLACES)}
    identifier = {"uri": list_issuer.URI, "id": rng.randbytes(16)}
    return rng.choice(
        (
            {},
            {"status": {"status_list": place}},
            {"status": {"identifier_list": identifier}},
        )
    )


def _signed_by_the_holder(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.5:
        return {}
    allowed = rng.choice(({"nameSpaces": [OWN]}, {"dataElements": {OWN: ["said"]}}))
    return {
        "key_info": {"keyAuthorizations": allowed},
        "device_namespaces": cbor2.dumps({OWN: {"said": rng.random()}}),
    }


def _tdate(seconds: int) -> Any:
    return tdate(NOW + seconds * SECOND)
