"""Defects of what an mdoc says: items, digests, the Mobile Security Object.

ISO/IEC 18013-5 §9.1.2.4, §9.3.1. Where the issuer's word is wrong, the genuine test PID
provider signed it; the device's signature is always right.
"""

from collections.abc import Callable
from typing import Final

from wallet_emulator.answer import Draft
from wallet_emulator.deviations.forging import require_provider
from wallet_emulator.deviations.mdoc_forging import (
    MALFORMED,
    MISSING,
    UNANSWERED,
    UNDIGESTED,
    WRONG_TYPE,
    Item,
    elements_of,
    forged,
    inner,
    items,
    mso,
    redraft,
    reissued,
    shown_items,
)
from wallet_emulator.deviations.registry import AlterMdoc
from wallet_emulator.mdoc.cbor import encode
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.mdoc.issuing import DIGESTS, IssuerDraft
from wallet_emulator.pid_provider import PID_NAMESPACE

_DOMESTIC: Final = "eu.europa.ec.eudi.pid.de.1"


def _set(name: str, value: object) -> Callable[[list[Item]], object]:
    def change(asked: list[Item]) -> None:
        asked[0][name] = value

    return change


def _drop(name: str) -> Callable[[list[Item]], object]:
    return lambda asked: asked[0].pop(name)


def _other_order(asked: list[Item]) -> None:
    asked[0] = dict(reversed(asked[0].items()))


def _swap_ids(asked: list[Item]) -> None:
    first, second = asked[0], asked[1]
    first["digestID"], second["digestID"] = second["digestID"], first["digestID"]


def _same_id(asked: list[Item]) -> None:
    asked[1]["digestID"] = asked[0]["digestID"]


def _two_values(asked: list[Item]) -> None:
    asked.append({**asked[0], "digestID": 1000, "elementValue": "Other"})


def _digests(change: Callable[[dict[object, object]], object]) -> AlterMdoc:
    """``valueDigests`` of the PID's namespace, changed before the signature."""
    return mso(lambda m: change(inner(inner(m, "valueDigests"), PID_NAMESPACE)))


def _clear(digests: dict[object, object]) -> None:
    digests.clear()


def _truncate(digests: dict[object, object]) -> None:
    for digest_id, value in digests.items():
        digests[digest_id] = bytes(value[:8]) if isinstance(value, bytes) else b""


def _digest_inside(made: IssuerDraft, draft: Draft) -> None:
    """Over the item alone instead of over tag 24 around it."""
    made.mso["valueDigests"] = {
        name: {item["digestID"]: DIGESTS["SHA-256"](encode(item)) for item in group}
        for name, group in made.items.items()
    }


def _moved(draft: Draft, target: MdocPresentation) -> None:
    """One requested item under a namespace the issuer did not put it in."""
    kept = target.items[PID_NAMESPACE]
    target.items = {PID_NAMESPACE: kept[1:], _DOMESTIC: kept[:1]}


def _twice(draft: Draft, target: MdocPresentation) -> None:
    target.items[PID_NAMESPACE].append(target.items[PID_NAMESPACE][0])


def _withheld(draft: Draft, target: MdocPresentation) -> None:
    target.items[PID_NAMESPACE] = target.items[PID_NAMESPACE][1:]


def _nothing(draft: Draft, target: MdocPresentation) -> None:
    target.items = {}


def _domestic(draft: Draft, target: MdocPresentation) -> None:
    """Everything genuinely issued, in a namespace that was not asked for."""
    made = redraft(draft, target)
    made.items = {_DOMESTIC: made.items[PID_NAMESPACE]}
    made.digest()
    mdoc = made.sign()
    target.issuer_auth = mdoc.issuer_auth
    target.items = {_DOMESTIC: list(mdoc.items[_DOMESTIC])}


def _update(**changes: object) -> AlterMdoc:
    return mso(lambda m: m.update(changes))


def _without(name: str) -> AlterMdoc:
    return mso(lambda m: m.pop(name))


def _another_persons_items(draft: Draft, target: MdocPresentation) -> None:
    """Items of a second genuine mdoc under the issuerAuth of the first."""
    made = require_provider(draft).draft_mdoc(
        {**elements_of(target), "family_name": "Other"},
        target.held.key.public_key(),
        draft.now,
    )
    target.items = made.sign().select(target.paths)


ITEMS: Final = (
    forged(
        "digest-wrong",
        "the value of an element, under its genuine salt and name",
        UNDIGESTED,
        shown_items(_set("elementValue", "Forged")),
    ),
    forged(
        "digest-of-reencoded",
        "an item is encoded anew with its members in another order",
        UNDIGESTED,
        shown_items(_other_order),
    ),
    forged(
        "digest-id-unknown",
        "an item names a digest the issuer did not sign",
        UNDIGESTED,
        shown_items(_set("digestID", 4242)),
    ),
    forged(
        "digest-ids-swapped",
        "two items name each other's digest",
        UNDIGESTED,
        shown_items(_swap_ids),
    ),
    forged(
        "digest-id-twice",
        "two items name the same digest",
        UNDIGESTED,
        shown_items(_same_id),
    ),
    forged(
        "digest-id-missing",
        "an item names no digest",
        UNDIGESTED,
        shown_items(_drop("digestID")),
    ),
    forged(
        "digest-id-text",
        "an item names its digest by a string, and so does the issuer",
        UNDIGESTED,
        items(_set("digestID", "0")),
    ),
    forged(
        "digest-id-negative",
        "an item names its digest by a negative number, and so does the issuer",
        UNDIGESTED,
        items(_set("digestID", -1)),
    ),
    forged(
        "random-short",
        "an item is salted with eight bytes",
        UNDIGESTED,
        items(_set("random", bytes(8))),
    ),
    forged("random-missing", "an item has no salt", MISSING, items(_drop("random"))),
    forged(
        "random-text",
        "an item is salted with text",
        WRONG_TYPE,
        items(_set("random", "0123456789abcdef")),
    ),
    forged(
        "element-unnamed",
        "an item does not say which element it is",
        MISSING,
        items(_drop("elementIdentifier")),
    ),
    forged(
        "element-name-number",
        "an item's element is a number",
        WRONG_TYPE,
        items(_set("elementIdentifier", 7)),
    ),
    forged(
        "element-without-value",
        "an item has no value",
        MALFORMED,
        items(_drop("elementValue")),
    ),
    forged(
        "element-twice-differently",
        "one element has two values, both genuinely digested",
        UNDIGESTED,
        items(_two_values),
    ),
    forged("element-twice", "one item is sent twice", UNDIGESTED, _twice),
    forged(
        "element-moved",
        "an item stands in another namespace than the issuer's",
        UNDIGESTED,
        _moved,
    ),
    forged(
        "element-withheld",
        "one requested element is not shown",
        UNANSWERED,
        _withheld,
        check="49",
    ),
    forged(
        "elements-withheld", "no element is shown", UNANSWERED, _nothing, check="49"
    ),
    forged(
        "elements-of-another-namespace",
        "the elements are those of a domestic namespace, which was not asked for",
        UNANSWERED,
        _domestic,
        check="49",
    ),
    forged(
        "items-of-another-mdoc",
        "items of one genuine mdoc under the issuer's signature of another",
        UNDIGESTED,
        _another_persons_items,
    ),
)


DIGEST_LISTS: Final = (
    forged(
        "digest-of-inside",
        "the digests leave out the tag around each item",
        UNDIGESTED,
        reissued(_digest_inside),
    ),
    forged(
        "digests-empty", "the issuer digested nothing", UNDIGESTED, _digests(_clear)
    ),
    forged(
        "digests-truncated",
        "the digests are cut to eight bytes",
        UNDIGESTED,
        _digests(_truncate),
    ),
    forged(
        "digests-missing", "valueDigests is left out", MISSING, _without("valueDigests")
    ),
    forged(
        "digests-list",
        "valueDigests is an array",
        WRONG_TYPE,
        _update(valueDigests=[]),
    ),
    forged(
        "digest-alg-sha-1",
        "digestAlgorithm is SHA-1",
        MALFORMED,
        _update(digestAlgorithm="SHA-1"),
    ),
    forged(
        "digest-alg-lower-case",
        "digestAlgorithm is written sha-256",
        MALFORMED,
        _update(digestAlgorithm="sha-256"),
    ),
    forged(
        "digest-alg-other",
        "digestAlgorithm is SHA-512 over digests by SHA-256",
        UNDIGESTED,
        _update(digestAlgorithm="SHA-512"),
    ),
    forged(
        "digest-alg-missing",
        "digestAlgorithm is left out",
        MISSING,
        _without("digestAlgorithm"),
    ),
)
