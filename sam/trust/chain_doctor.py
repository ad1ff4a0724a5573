"""Why a certificate chain is refused, beside the verdict of the verifier itself.

The verdict is that of the category's ``IssuerTrust`` and of ``x5c.leaf_key``, the very
functions that judge a wallet's answer. The explanation looks at each rule alone. If a
chain is refused and no rule explains it, that is said, with the verifier's own words.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from openid4vp import x5c
from openid4vp.errors import Openid4vpError
from openid4vp.trust import MAX_CHAIN
from sam.trust import certificate_faults as certificates
from sam.trust.anchors import Anchors
from sam.trust.categories import Category
from sam.trust.certificate_faults import Fault
from sam.trust.chain_path import (
    ChainPath,
    called,
    follow,
    has_name_of_issuer,
    is_self_signed,
)
from sam.trust.entries import printable

Chain = Sequence[x509.Certificate]

UNEXPLAINED = "not-explained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``provider`` None: refused, for ``faults``. ``notes``: accepted here, and yet."""

    provider: str | None
    verdict: str
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()


def explain(
    chain: Chain, trust: dict[Category, Anchors], category: Category, now: datetime
) -> Explanation:
    """Judge a chain (leaf first) for a category, and say what is wrong with it."""
    anchors = trust[category]
    try:
        provider = anchors.resolve(chain, now)
        x5c.leaf_key(chain[0])
    except Openid4vpError as error:
        faults = tuple(_faults(chain, anchors, now, str(error)))
        elsewhere = tuple(_elsewhere(chain, trust, category, now))
        return Explanation(
            provider=None,
            verdict=str(error),
            faults=(*elsewhere, *faults) or (_unexplained(str(error)),),
        )
    return Explanation(
        provider=provider,
        verdict=f"leads to {provider}",
        faults=(),
        notes=tuple(_notes(chain, anchors)),
    )


def faults(chain: Chain, anchors: Anchors, now: datetime) -> tuple[Fault, ...]:
    """What the rules find on their own, without asking the verifier."""
    return tuple(_faults(chain, anchors, now, ""))


def _faults(
    chain: Chain, anchors: Anchors, now: datetime, verdict: str
) -> Iterator[Fault]:
    if not chain:
        yield Fault("empty", "x5c holds no certificate")
        return
    if len(chain) == 1 and chain[0] in anchors.signers:
        yield from certificates.of_any(chain[0], _where(chain, 0), now)
        yield from certificates.of_leaf(chain[0], _where(chain, 0))
        return
    path = follow(chain, anchors.authorities)
    yield from _shape(chain, path, anchors)
    for place, certificate in enumerate(chain):
        yield from certificates.of_any(certificate, _where(chain, place), now)
    yield from certificates.of_leaf(chain[0], _where(chain, 0))
    for height, place in enumerate(path.places[1:]):
        yield from certificates.of_authority(chain[place], _where(chain, place), height)
    if path.anchor is not None:
        where = f"the anchor {anchors.authorities[path.anchor]}"
        yield from certificates.of_any(path.anchor, where, now)
        yield from certificates.of_authority(path.anchor, where, len(path.places) - 1)
    if "onstraint" in verdict and "path length" not in verdict:
        yield from _name_constraints(chain, path, anchors)


def _shape(chain: Chain, path: ChainPath, anchors: Anchors) -> Iterator[Fault]:
    if len(chain) > MAX_CHAIN:
        yield Fault(
            "too-many", f"x5c holds {len(chain)} certificates, at most {MAX_CHAIN} may"
        )
    if len(set(chain)) != len(chain):
        yield Fault("twice", "x5c holds one certificate twice: leave one out")
    if is_self_signed(chain[0]):
        yield Fault(
            "leaf-self-signed",
            f"{_where(chain, 0)} signed itself: it must be issued by a CA (HAIP 1.0 "
            "§6.1.1)",
        )
    for place in range(1, len(chain)):
        yield from _superfluous(chain, place, path, anchors)
    if path.anchor is None:
        yield from _no_anchor(chain, path, anchors)


def _superfluous(
    chain: Chain, place: int, path: ChainPath, anchors: Anchors
) -> Iterator[Fault]:
    certificate, where = chain[place], _where(chain, place)
    if certificate in anchors.authorities:
        yield Fault(
            "anchor-in-x5c",
            f"{where} is the anchor itself: leave it out (HAIP 1.0 §6.1.1)",
        )
    elif is_self_signed(certificate):
        yield Fault(
            "root-in-x5c",
            f"{where} is a root that nobody here trusts: leave it out of x5c, and have "
            "the operator take it as an anchor",
        )
    elif place in path.left:
        yield Fault(
            "ballast",
            f"{where} issued none of the certificates before it: leave it out, or put "
            "the leaf first and each issuer behind what it issued",
        )


def _no_anchor(chain: Chain, path: ChainPath, anchors: Anchors) -> Iterator[Fault]:
    place = path.places[-1]
    last, where = chain[place], _where(chain, place)
    if not anchors.authorities and not anchors.signers:
        yield Fault("no-anchors", "no anchor of this category is configured at all")
        return
    if is_self_signed(last):
        yield from _same_name(last, anchors)
        return
    for other in path.left:
        if has_name_of_issuer(chain[other], last):
            yield Fault(
                "signature",
                f"{where} names {_where(chain, other)} as its issuer, and was not "
                "signed with that key: put the issuer's right certificate there",
            )
    namesakes = [
        p for a, p in anchors.authorities.items() if has_name_of_issuer(a, last)
    ]
    if namesakes:
        yield Fault(
            "anchor-other-key",
            f"{where} names the anchor {', '.join(namesakes)} as its issuer, and was "
            "signed with another key: if that CA has a new key, have the operator take "
            "its new certificate",
        )
        return
    yield Fault(
        "unknown-issuer",
        f"{where} was issued by {_issuer(last)}, which is neither in x5c nor an "
        "anchor: put the missing intermediate in, or have that CA taken as an anchor. "
        + _nearest(last, anchors),
    )


def _same_name(root: x509.Certificate, anchors: Anchors) -> Iterator[Fault]:
    for anchor, provider in anchors.authorities.items():
        if has_name_of_issuer(anchor, root):
            yield Fault(
                "anchor-other-key",
                f"the root {called(root)} has the name of the anchor {provider} and "
                "another key: it is another CA, or that CA has a new key",
            )


def _name_constraints(
    chain: Chain, path: ChainPath, anchors: Anchors
) -> Iterator[Fault]:
    above = [(chain[place], _where(chain, place)) for place in path.places[1:]]
    if path.anchor is not None:
        above.append((path.anchor, f"the anchor {anchors.authorities[path.anchor]}"))
    for ca, where in above:
        limits = certificates.name_constraints(ca)
        if limits is not None:
            yield Fault(
                "name-constraints",
                f"{where} limits the names below it ({limits}), and a certificate "
                "below has another, or the limit is of a kind not processed here",
            )


def _elsewhere(
    chain: Chain, trust: dict[Category, Anchors], category: Category, now: datetime
) -> Iterator[Fault]:
    for other, anchors in trust.items():
        if other is category:
            continue
        try:
            provider = anchors.resolve(chain, now)
        except Openid4vpError:
            continue
        yield Fault(
            "other-category",
            f"it leads to {provider}, an anchor of {other}: that proves nothing for "
            f"{category}",
        )


def _notes(chain: Chain, anchors: Anchors) -> Iterator[str]:
    places = follow(chain, anchors.authorities).places
    if list(places) != sorted(places):
        yield (
            "the certificates are not in order: each must certify the one before it "
            "(RFC 7515 §4.1.6). It is accepted here; others will refuse it"
        )


def _unexplained(verdict: str) -> Fault:
    return Fault(
        UNEXPLAINED, f"no single rule explains it; the verifier says: {verdict}"
    )


def _where(chain: Chain, place: int) -> str:
    return f"certificate {place + 1} ({called(chain[place])})"


def _issuer(certificate: x509.Certificate) -> str:
    try:
        return printable(certificate.issuer.rfc4514_string()) or "a CA without a name"
    except ValueError:
        return "a CA with an unreadable name"


def _nearest(last: x509.Certificate, anchors: Anchors) -> str:
    names = {called(anchor): who for anchor, who in anchors.authorities.items()}
    close = difflib.get_close_matches(_issuer(last), list(names), n=1, cutoff=0.0)
    return f"Nearest anchor: {names[close[0]]} ({close[0]})" if close else ""
