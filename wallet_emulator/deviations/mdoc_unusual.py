"""Mdocs that are otherwise than most, and right: to be accepted."""

from typing import Final

from wallet_emulator.answer import Draft, Stage
from wallet_emulator.deviations.forging import require_provider
from wallet_emulator.deviations.mdoc_forging import (
    Item,
    forged,
    inner,
    items,
    mso,
    redraft,
    reissued,
    response,
)
from wallet_emulator.deviations.registry import ACCEPTED, AlterMdoc, Deviation
from wallet_emulator.mdoc.cbor import encode, tdate
from wallet_emulator.mdoc.cose import ALG, ESP256, X5CHAIN, x5chain
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.mdoc.issuing import IssuerDraft

_OWN: Final = "org.example.device"
_DOMESTIC: Final = "eu.europa.ec.eudi.pid.de.1"


def _right(
    name: str,
    what: str,
    alter: AlterMdoc,
    *,
    stage: Stage = Stage.CREDENTIALS,
    check: str,
) -> Deviation:
    return forged(
        name,
        f"nothing: {what}",
        ACCEPTED,
        alter,
        stage=stage,
        threat="-",
        check=check,
    )


def _esp256(made: IssuerDraft, draft: Draft) -> None:
    made.protected[ALG] = ESP256


def _device_esp256(draft: Draft, target: MdocPresentation) -> None:
    target.device_protected[ALG] = ESP256


def _chain_of_one(made: IssuerDraft, draft: Draft) -> None:
    made.unprotected[X5CHAIN] = [x5chain(require_provider(draft).signer)]


def _protected_chain(made: IssuerDraft, draft: Draft) -> None:
    made.protected[X5CHAIN] = made.unprotected.pop(X5CHAIN)


def _more_headers(made: IssuerDraft, draft: Draft) -> None:
    made.unprotected |= {4: b"signer-1", -70000: "anything"}


def _digested_by(name: str) -> AlterMdoc:
    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = redraft(draft, target)
        made.mso["digestAlgorithm"] = name
        made.digest()
        target.present(made.sign())

    return alter


def _expected_update(made: IssuerDraft, draft: Draft) -> None:
    inner(made.mso, "validityInfo")["expectedUpdate"] = tdate(draft.now)


def _key_info(m: dict[object, object]) -> None:
    inner(m, "deviceKeyInfo")["keyInfo"] = {1: "anything"}


def _named_key(m: dict[object, object]) -> None:
    inner(inner(m, "deviceKeyInfo"), "deviceKey").update({2: b"key-1", 3: -7})


def _more_members(m: dict[object, object]) -> None:
    m["org.example"] = {"a": [1, None, True]}


def _large_ids(asked: list[Item]) -> None:
    for number, item in enumerate(asked):
        item["digestID"] = 2**31 - 1 - number


def _long_salts(asked: list[Item]) -> None:
    for item in asked:
        item["random"] = bytes(range(64))


def _other_order(asked: list[Item]) -> None:
    """Items, and the members of each, in the opposite order."""
    asked[:] = [dict(reversed(item.items())) for item in reversed(asked)]


def _everything(draft: Draft, target: MdocPresentation) -> None:
    target.items = {name: list(held) for name, held in target.held.mdoc.items.items()}


def _domestic_too(draft: Draft, target: MdocPresentation) -> None:
    """A domestic namespace beside the PID's, shown too."""
    made = redraft(draft, target)
    more: Item = {
        "digestID": 0,
        "random": bytes(range(32)),
        "elementIdentifier": "tax_number",
        "elementValue": "TEST-1",
    }
    made.items[_DOMESTIC] = [more]
    made.digest()
    target.present(made.sign())
    target.items[_DOMESTIC] = [encode(more)]


def _device_says(draft: Draft, target: MdocPresentation) -> None:
    """The device signs an element the issuer allowed, in a namespace of its own."""
    made = redraft(draft, target)
    allowed = {"dataElements": {_OWN: ["battery"]}}
    inner(made.mso, "deviceKeyInfo")["keyAuthorizations"] = allowed
    target.present(made.sign())
    target.name_spaces = encode({_OWN: {"battery": 80}})


def _reversed(made: dict[str, object]) -> object:
    return dict(reversed(made.items()))


MDOCS: Final = (
    _right(
        "issuer-esp256", "the issuer's alg is ESP256", reissued(_esp256), check="51"
    ),
    _right(
        "x5chain-of-one",
        "the one certificate stands in an array",
        reissued(_chain_of_one),
        check="51",
    ),
    _right(
        "x5chain-protected",
        "the certificate stands in the protected header",
        reissued(_protected_chain),
        check="51",
    ),
    _right(
        "more-headers",
        "unprotected headers nobody knows",
        reissued(_more_headers),
        check="51",
    ),
    _right(
        "digests-by-sha-384",
        "the digests are by SHA-384",
        _digested_by("SHA-384"),
        check="52",
    ),
    _right(
        "digests-by-sha-512",
        "the digests are by SHA-512",
        _digested_by("SHA-512"),
        check="52",
    ),
    _right("digest-ids-large", "digest IDs are large", items(_large_ids), check="52"),
    _right("salts-long", "the salts have 64 bytes", items(_long_salts), check="52"),
    _right(
        "items-in-other-order",
        "items and their members come in another order",
        items(_other_order),
        check="52",
    ),
    _right(
        "expected-update",
        "the issuer says when it will update",
        reissued(_expected_update),
        check="54",
    ),
    _right("key-info", "the issuer says more of the key", mso(_key_info), check="57"),
    _right(
        "device-key-named",
        "the device key has an id and an algorithm",
        mso(_named_key),
        check="57",
    ),
    _right(
        "more-members",
        "the MSO has members nobody knows",
        mso(_more_members),
        check="51",
    ),
    _right(
        "more-shown-than-asked",
        "every element is shown, asked for or not",
        _everything,
        check="49",
    ),
    _right(
        "domestic-namespace",
        "an element of a domestic namespace is shown too",
        _domestic_too,
        check="49",
    ),
    _right(
        "device-says-authorized",
        "the device signs an element the issuer allowed",
        _device_says,
        stage=Stage.KEY_BINDING,
        check="58",
    ),
    _right(
        "device-esp256",
        "the device's alg is ESP256",
        _device_esp256,
        stage=Stage.KEY_BINDING,
        check="57",
    ),
    _right(
        "members-in-other-order",
        "the response's members come in another order",
        response(_reversed),
        stage=Stage.VP_TOKEN,
        check="50",
    ),
)
