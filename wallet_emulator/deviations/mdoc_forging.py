"""The forger's tools for mdocs: issue anew, change what was issued, present it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final, TypeAlias

from wallet_emulator.answer import Draft, Stage
from wallet_emulator.deviations.forging import put, require_provider
from wallet_emulator.deviations.registry import AlterMdoc, Deviation, mdoc_deviation
from wallet_emulator.encoding import b64url
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.mdoc.cbor import encode, full_date, members
from wallet_emulator.mdoc.cose import Cose
from wallet_emulator.mdoc.device import MdocPresentation
from wallet_emulator.mdoc.issuing import IssuerDraft
from wallet_emulator.pid_provider import PID_NAMESPACE

Item: TypeAlias = dict[str, object]
MALFORMED: Final = "malformed_response"
MISSING: Final = "missing_claim"
WRONG_TYPE: Final = "wrong_claim_type"
REFUSED: Final = "header_not_allowed"
UNDIGESTED: Final = "disclosure_invalid"
UNSIGNED: Final = "signature_invalid"
UNTRUSTED: Final = "issuer_not_trusted"
UNBOUND: Final = "holder_binding_invalid"
UNANSWERED: Final = "query_not_satisfied"


def forged(
    name: str,
    breaks: str,
    expected: str,
    alter: AlterMdoc,
    *,
    stage: Stage = Stage.CREDENTIALS,
    threat: str = "MD1",
    check: str = "52",
) -> Deviation:
    return mdoc_deviation(
        f"mdoc-{name}",
        stage=stage,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
    )(alter)


def elements_of(target: MdocPresentation) -> dict[str, object]:
    """The person's elements as an issuer writes them."""
    known = target.held.mdoc.elements().get(PID_NAMESPACE, {})
    return {name: _written(value) for name, value in known.items()}


def redraft(draft: Draft, target: MdocPresentation) -> IssuerDraft:
    """The same PID for the same key, before the genuine issuer signs it."""
    return require_provider(draft).draft_mdoc(
        elements_of(target), target.held.key.public_key(), draft.now
    )


def reissued(change: Callable[[IssuerDraft, Draft], object]) -> AlterMdoc:
    """Genuinely signed after ``change`` to MSO, headers or key; digests stay."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = redraft(draft, target)
        change(made, draft)
        target.present(made.sign())

    return alter


def mso(change: Callable[[dict[object, object]], object]) -> AlterMdoc:
    """As ``reissued``, the Mobile Security Object only."""
    return reissued(lambda made, draft: change(made.mso))


def inner(value: object, name: str) -> dict[object, object]:
    """A map inside the MSO, to be changed."""
    return members(members(value, "MSO")[name], name)


def items(change: Callable[[list[Item]], object]) -> AlterMdoc:
    """The requested items changed before they are digested and genuinely signed."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = redraft(draft, target)
        asked = [i for i in made.items[PID_NAMESPACE] if _asked(i, target)]
        change(asked)
        made.items = {PID_NAMESPACE: asked}
        made.digest()
        target.issuer_auth = made.sign().issuer_auth
        target.items = {PID_NAMESPACE: [encode(item) for item in asked]}

    return alter


def shown_items(change: Callable[[list[Item]], object]) -> AlterMdoc:
    """The requested items changed after they were digested and signed."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = redraft(draft, target)
        target.issuer_auth = made.sign().issuer_auth
        asked = [dict(i) for i in made.items[PID_NAMESPACE] if _asked(i, target)]
        if not asked:
            raise DeviationNotPossibleError("no element was requested")
        change(asked)
        target.items = {PID_NAMESPACE: [encode(item) for item in asked]}

    return alter


def issuer_auth(change: Callable[[Cose], object]) -> AlterMdoc:
    """What stands for ``issuerAuth`` instead of the COSE_Sign1."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        target.issuer_auth = change(list(target.held.mdoc.issuer_auth))

    return alter


def response(change: Callable[[dict[str, object]], object]) -> AlterMdoc:
    """The DeviceResponse changed before it is encoded; None keeps the same map."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = target.response()
        changed = change(made)
        put(draft, target, b64url(encode(made if changed is None else changed)))

    return alter


def document(change: Callable[[dict[str, object]], object]) -> AlterMdoc:
    """The one document changed in its response."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        made = target.document()
        change(made)
        put(draft, target, b64url(encode(target.response(made))))

    return alter


def encoded(change: Callable[[bytes], bytes]) -> AlterMdoc:
    """The encoded DeviceResponse as bytes, changed."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        put(draft, target, b64url(change(encode(target.response()))))

    return alter


def text(change: Callable[[str], str]) -> AlterMdoc:
    """The finished presentation as text, changed."""

    def alter(draft: Draft, target: MdocPresentation) -> None:
        put(draft, target, change(target.text()))

    return alter


def signature_of(cose: Cose) -> bytes:
    return cose[3] if isinstance(cose[3], bytes) else b""


def flipped(cose: Cose) -> Cose:
    """The same COSE_Sign1 with one bit of its signature changed."""
    signature = bytearray(signature_of(cose))
    signature[0] ^= 1
    return [*cose[:3], bytes(signature)]


def _asked(item: Item, target: MdocPresentation) -> bool:
    return (PID_NAMESPACE, item["elementIdentifier"]) in target.paths


def _written(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return full_date(value)
    return value
