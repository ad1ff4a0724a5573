"""Defects of disclosures and digests (RFC 9901 §4.2, §7.1), beyond plain forgery."""

from collections.abc import Callable
from typing import Final

from wallet_emulator import jws
from wallet_emulator.answer import Draft, Presentation, Stage
from wallet_emulator.deviations.forging import reissued, resealed
from wallet_emulator.deviations.registry import Alter, Deviation, deviation
from wallet_emulator.encoding import b64url, b64url_decode, compact_json
from wallet_emulator.errors import DeviationNotPossibleError
from wallet_emulator.sd_jwt import Disclosure, digest
from wallet_emulator.wallet import PID

_SALT: Final = b64url(bytes(16))
_DEEP: Final = 40


def _made(
    name: str,
    breaks: str,
    alter: Alter,
    *,
    expected: str = "disclosure_invalid",
    threat: str = "VP9",
    check: str = "40",
) -> Deviation:
    return deviation(
        name,
        stage=Stage.CREDENTIALS,
        breaks=breaks,
        threat=threat,
        check=check,
        expected=expected,
        kinds=(PID,),
    )(alter)


def _added(*contents: object) -> Alter:
    """Disclosures of any content that the issuer did digest."""
    return _added_texts(*(b64url(compact_json(content)) for content in contents))


def _added_texts(*texts: str) -> Alter:
    def alter(draft: Draft, target: Presentation) -> None:
        digests = [*_digests(target), *(digest(text) for text in texts)]
        resealed(draft, target, _sd=digests)
        target.disclosures.extend(texts)

    return alter


def _digested(change: Callable[[list[object]], object]) -> Alter:
    """``_sd`` changed, genuinely signed."""

    def alter(draft: Draft, target: Presentation) -> None:
        resealed(draft, target, _sd=change(_digests(target)))

    return alter


def _digests(target: Presentation) -> list[object]:
    found = jws.parse(target.issuer_jwt).claims().get("_sd")
    if not isinstance(found, list):
        raise DeviationNotPossibleError("the credential conceals nothing")
    return found


def _sd_alg(value: object) -> Alter:
    def alter(draft: Draft, target: Presentation) -> None:
        resealed(draft, target, _sd_alg=value)

    return alter


def _orphan(draft: Draft, target: Presentation) -> None:
    """A child's disclosure without its parent's."""
    pid = reissued(draft, target)
    target.present(pid)
    children = set(pid.select([("place_of_birth", "country")])) - set(
        target.disclosures
    )
    parent = next(t for t in children if Disclosure.parse(t).name == "place_of_birth")
    target.disclosures.extend(children - {parent})


def _padded(draft: Draft, target: Presentation) -> None:
    target.disclosures[0] += "="


def _met_twice(draft: Draft, target: Presentation) -> None:
    """One digest at two places of the payload."""
    resealed(draft, target, more={"_sd": [digest(target.disclosures[0])]})


def _nested() -> object:
    value: object = "deep"
    for _ in range(_DEEP):
        value = {"a": value}
    return value


def _too_many(draft: Draft, target: Presentation) -> None:
    contents = [[_SALT, f"claim_{number}", number] for number in range(300)]
    _added(*contents)(draft, target)


def _empty_part(draft: Draft, target: Presentation) -> None:
    target.disclosures.append("")


def _spaced(draft: Draft, target: Presentation) -> None:
    target.disclosures[0] += " "


def _respelled(draft: Draft, target: Presentation) -> None:
    """Another text for the same JSON: its digest is another."""
    content = b64url_decode(target.disclosures[0])
    target.disclosures[0] = b64url(content.replace(b",", b", ", 1))


DISCLOSURES: Final = (
    _made(
        "disclosure-named-sd",
        "a disclosure brings a member named _sd",
        _added([_SALT, "_sd", ["x"]]),
    ),
    _made(
        "disclosure-named-dots",
        "a disclosure brings a member named ...",
        _added([_SALT, "...", "x"]),
    ),
    _made(
        "disclosure-named-sd-alg",
        "a disclosure brings a member named _sd_alg",
        _added([_SALT, "_sd_alg", "sha-1"]),
    ),
    _made(
        "disclosure-overwrites",
        "a disclosure brings a claim that stands in the open already",
        _added([_SALT, "iat", 0]),
    ),
    _made(
        "disclosures-of-one-name",
        "two disclosures bring the same claim",
        _added([_SALT, "sex", 1], [_SALT, "sex", 2]),
    ),
    _made(
        "disclosure-of-an-element",
        "a disclosure of an array element stands for a member",
        _added([_SALT, "x"]),
    ),
    _made(
        "disclosure-of-four",
        "a disclosure has four elements",
        _added([_SALT, "sex", 1, 2]),
    ),
    _made("disclosure-of-one", "a disclosure is its salt alone", _added([_SALT])),
    _made(
        "disclosure-name-number",
        "a disclosure's name is a number",
        _added([_SALT, 7, "x"]),
    ),
    _made(
        "disclosure-salt-number",
        "a disclosure's salt is a number",
        _added([7, "sex", 1]),
    ),
    _made(
        "disclosure-object",
        "a disclosure is an object",
        _added({"salt": _SALT, "name": "sex", "value": 1}),
    ),
    _made(
        "disclosure-no-json",
        "a disclosure is no JSON",
        _added_texts(b64url(b"no json")),
        expected="malformed_response",
    ),
    _made(
        "disclosure-member-twice",
        "an object in a disclosure names a member twice",
        _added_texts(b64url(b'["c2FsdA","x",{"a":1,"a":2}]')),
        expected="malformed_response",
    ),
    _made(
        "disclosure-too-deep",
        "a disclosed value nests objects forty deep",
        _added([_SALT, "deep", _nested()]),
        expected="malformed_response",
    ),
    _made(
        "disclosure-padded",
        "a disclosure is base64url with padding",
        _padded,
        expected="malformed_response",
    ),
    _made(
        "disclosure-with-space",
        "a space follows a disclosure",
        _spaced,
        expected="malformed_response",
    ),
    _made(
        "disclosure-respelled",
        "a disclosure is written anew with a space in its JSON",
        _respelled,
        threat="VP8",
    ),
    _made(
        "disclosure-empty",
        "there is nothing between two tildes",
        _empty_part,
        expected="malformed_response",
    ),
    _made(
        "disclosure-without-parent",
        "a nested claim is disclosed and what holds it is not",
        _orphan,
        threat="VP8",
    ),
    _made(
        "disclosures-too-many",
        "three hundred disclosures",
        _too_many,
        expected="malformed_response",
        threat="VP20",
        check="34",
    ),
)
DIGESTS: Final = (
    _made(
        "digest-doubled",
        "_sd lists a digest twice",
        _digested(lambda digests: [*digests, *digests]),
    ),
    _made("digest-at-two-places", "one digest stands at two places", _met_twice),
    _made(
        "digest-number",
        "_sd holds a number",
        _digested(lambda digests: [*digests, 7]),
    ),
    _made(
        "sd-no-list",
        "_sd is a string",
        _digested(lambda digests: "".join(map(str, digests))),
        expected="wrong_claim_type",
    ),
    _made("sd-alg-sha-1", "_sd_alg is sha-1", _sd_alg("sha-1")),
    _made("sd-alg-unknown", "_sd_alg is a hash nobody knows", _sd_alg("md6")),
    _made(
        "sd-alg-other",
        "_sd_alg is sha-512 over digests by sha-256",
        _sd_alg("sha-512"),
        threat="VP8",
    ),
    _made(
        "sd-alg-number",
        "_sd_alg is a number",
        _sd_alg(256),
        expected="wrong_claim_type",
    ),
)
