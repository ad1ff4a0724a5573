"""Paths that an anchor store remembers: what they count for, and what they do not."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp.errors import IssuerNotTrustedError
from openid4vp.trust import MAX_REMEMBERED, AnchorStore
from tests.openid4vp.test_trust import Chain, ca, under
from tests.openid4vp.wallet import (
    NOW,
    PASS_LEAF,
    PID_CA,
    PID_LEAF,
    PID_ROOT,
    SECOND,
    authority,
)

HOUR = timedelta(hours=1)


class CountingStore(AnchorStore):
    """Counts the paths that were validated and not remembered."""

    validated = 0

    def _path(self, chain: Sequence[x509.Certificate], now: datetime) -> Chain:
        self.validated += 1
        return super()._path(chain, now)


@pytest.fixture
def store() -> CountingStore:
    """One that has seen a chain of PID_LEAF."""
    counting = CountingStore({"se-pid": PID_ROOT})
    counting.resolve([PID_LEAF, PID_CA], NOW)
    return counting


def test_a_path_that_held_is_not_validated_again(store: CountingStore) -> None:
    again = [x509.load_der_x509_certificate(der(c)) for c in (PID_LEAF, PID_CA)]

    assert store.resolve(again, NOW + HOUR) == "se-pid"
    assert store.validated == 1


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def forged(certificate: x509.Certificate) -> x509.Certificate:
    """The same to the last byte but one: the signature's."""
    return x509.load_der_x509_certificate(
        der(certificate)[:-1] + bytes([der(certificate)[-1] ^ 1])
    )


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param([forged(PID_LEAF), PID_CA], id="forged-leaf"),
        pytest.param([PID_LEAF, forged(PID_CA)], id="forged-intermediate"),
        pytest.param([PID_LEAF], id="leaf-alone"),
        pytest.param([PID_CA, PID_LEAF], id="other-order"),
        pytest.param([PID_LEAF, PID_CA, PASS_LEAF], id="with-ballast"),
        pytest.param([PID_LEAF, PID_CA, PID_ROOT], id="with-its-anchor"),
        pytest.param(under(PID_CA, end=NOW - SECOND), id="other-leaf"),
    ],
)
def test_a_known_path_vouches_for_no_other(store: CountingStore, chain: Chain) -> None:
    with pytest.raises(IssuerNotTrustedError):
        store.resolve(chain, NOW)


@pytest.mark.parametrize("ends", ["leaf", "intermediate", "anchor"])
@pytest.mark.parametrize(
    "now", [NOW - 3 * HOUR, NOW + 3 * HOUR], ids=["before", "after"]
)
def test_a_known_path_counts_only_while_all_of_it_is_valid(
    ends: str, now: datetime
) -> None:
    brief: dict[str, Any] = {"start": NOW - 2 * HOUR, "end": NOW + 2 * HOUR}
    root = authority("R", **brief if ends == "anchor" else {})
    middle = ca("I", "R", **brief if ends == "intermediate" else {})
    chain = under(middle, **brief if ends == "leaf" else {})
    brief_store = AnchorStore({"x": root})
    assert brief_store.resolve(chain, NOW) == "x"

    with pytest.raises(IssuerNotTrustedError):
        brief_store.resolve(chain, now)


def test_a_path_that_did_not_hold_is_validated_again(store: CountingStore) -> None:
    chain = under(PID_CA, start=NOW + SECOND)
    with pytest.raises(IssuerNotTrustedError):
        store.resolve(chain, NOW)

    assert store.resolve(chain, NOW + SECOND) == "se-pid"


@pytest.mark.parametrize(
    "anchors", [{}, {"fi-pid": authority("TEST FI root")}], ids=str
)
def test_without_its_anchor_a_known_path_counts_no_more(
    store: CountingStore, anchors: dict[str, x509.Certificate]
) -> None:
    assert store.validated == 1

    with pytest.raises(IssuerNotTrustedError):
        AnchorStore(anchors).resolve([PID_LEAF, PID_CA], NOW)


def test_each_store_names_its_own_provider(store: CountingStore) -> None:
    other = AnchorStore({"renamed": PID_ROOT})

    assert other.resolve([PID_LEAF, PID_CA], NOW) == "renamed"
    assert store.resolve([PID_LEAF, PID_CA], NOW) == "se-pid"


def strangers(number: int) -> Iterator[Chain]:
    """Chains under a root that nobody trusts."""
    rogue = authority("rogue")
    for earlier in range(number):
        yield under(rogue, start=NOW - earlier * SECOND)


def test_strangers_do_not_make_a_store_forget(store: CountingStore) -> None:
    refused = 0
    for chain in strangers(MAX_REMEMBERED + 1):
        with pytest.raises(IssuerNotTrustedError):
            store.resolve(chain, NOW)
        refused += 1

    store.resolve([PID_LEAF, PID_CA], NOW)
    assert store.validated == 1 + refused


def test_a_store_remembers_no_more_than_it_says(store: CountingStore) -> None:
    for earlier in range(MAX_REMEMBERED):
        store.resolve(under(PID_CA, start=NOW - earlier * SECOND), NOW)

    store.resolve([PID_LEAF, PID_CA], NOW)
    assert store.validated == MAX_REMEMBERED + 2  # the first one was forgotten
