"""SD-JWT: from text to parts, and from digests to claims (RFC 9901 §4, §7.1).

Nothing here believes anything: ``parse`` splits, ``disclose`` puts the disclosed
claims in their places and refuses every ambiguity. Signatures are the business of
``sd_jwt_vc``. All limits are ours; a PID with every claim disclosed is far inside.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from openid4vp import base64url, members, strict_json
from openid4vp.errors import DisclosureError, MalformedResponseError

MAX_LENGTH: Final = 64 * 1024
MAX_DISCLOSURES: Final = 200
MAX_DEPTH: Final = strict_json.MAX_DEPTH
_ALPHABET = re.compile(r"[A-Za-z0-9_\-.~]*")
_HASHES: Final = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}
_RESERVED: Final = ("_sd", "...", "_sd_alg")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedSdJwt:
    """The parts as received; ``key_binding_jwt`` is empty when there is none.

    ``signed_part`` is what ``sd_hash`` covers (§4.3.1).
    """

    issuer_jwt: str
    disclosures: tuple[str, ...]
    key_binding_jwt: str
    signed_part: str


def parse(presentation: str) -> UnverifiedSdJwt:
    """Split ``<issuer JWT>~<disclosure>~…~<KB-JWT>`` (§4)."""
    if len(presentation) > MAX_LENGTH:
        raise MalformedResponseError(f"presentation is above {MAX_LENGTH} characters")
    if not _ALPHABET.fullmatch(presentation):
        raise MalformedResponseError("presentation has a foreign character")
    issuer_jwt, tilde, rest = presentation.partition("~")
    *disclosures, key_binding_jwt = rest.split("~")
    if not tilde or len(disclosures) > MAX_DISCLOSURES:
        raise MalformedResponseError("no '~', or too many disclosures")
    return UnverifiedSdJwt(
        issuer_jwt=issuer_jwt,
        disclosures=tuple(disclosures),
        key_binding_jwt=key_binding_jwt,
        signed_part=presentation.removesuffix(key_binding_jwt),
    )


def hash_alg(payload: Mapping[str, object]) -> str:
    """The name in ``_sd_alg``, default sha-256 (§4.1.1), if it is on the list."""
    alg = members.optional(payload, "_sd_alg", str)
    if alg is None:
        return "sha-256"
    if alg not in _HASHES:
        raise DisclosureError("_sd_alg is not on the allow-list")
    return alg


def digest(text: str, alg: str) -> str:
    """Base64url of the hash over the ASCII text as received (§4.2.3, §4.3.1)."""
    return base64url.encode(_HASHES[alg](text.encode("ascii")).digest())


def disclose(
    payload: Mapping[str, object], disclosures: Sequence[str], alg: str
) -> dict[str, object]:
    """Return ``payload`` with the disclosed claims in place and no digest left."""
    by_digest = {digest(text, alg): _read(text) for text in disclosures}
    if len(by_digest) != len(disclosures):
        raise DisclosureError("a disclosure occurs twice")
    state = _Disclosing(by_digest)
    claims = state.members(payload, depth=0)
    if state.used != len(by_digest):
        raise DisclosureError("a disclosure is referenced by no digest")
    return {key: value for key, value in claims.items() if key != "_sd_alg"}


@dataclass(frozen=True, slots=True)
class _Disclosure:
    value: object
    name: str | None  # None: for an array element


def _read(text: str) -> _Disclosure:
    parts = strict_json.parse(base64url.decode(text, "disclosure"), "disclosure")
    match parts:
        case [str(), str(name), value]:
            return _Disclosure(value, name)
        case [str(), value]:
            return _Disclosure(value, None)
    raise DisclosureError("a disclosure is no [salt, name, value] or [salt, value]")


@dataclass(slots=True)
class _Disclosing:
    """One walk over a payload: which disclosures wait, which digests were met."""

    waiting: Mapping[str, _Disclosure]
    met: set[str] = field(default_factory=set)
    used: int = 0

    def members(self, source: Mapping[str, object], depth: int) -> dict[str, object]:
        """An object: its own members, then those its ``_sd`` digests stand for."""
        if "..." in source:
            raise DisclosureError("'...' outside of an array")
        result = {
            name: self.value(value, depth + 1)
            for name, value in source.items()
            if name != "_sd"
        }
        for item in members.optional(source, "_sd", list) or ():
            disclosure = self._take(item)
            if disclosure is None:
                continue  # a decoy, or a claim that was not disclosed
            name = disclosure.name
            if name is None or name in _RESERVED or name in result:
                raise DisclosureError("a disclosure may not stand at this digest")
            result[name] = self.value(disclosure.value, depth + 1)
        return result

    def elements(self, source: Sequence[object], depth: int) -> list[object]:
        """An array: placeholders are replaced, or removed when not disclosed."""
        result: list[object] = []
        for item in source:
            if not isinstance(item, dict) or "..." not in item:
                result.append(self.value(item, depth + 1))
                continue
            if len(item) != 1:
                raise DisclosureError("a placeholder has one member")
            disclosure = self._take(item["..."])
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise DisclosureError("a disclosure may not stand at this digest")
            result.append(self.value(disclosure.value, depth + 1))
        return result

    def value(self, source: object, depth: int) -> object:
        """Any value; disclosed ones may hold digests themselves, to a depth."""
        if depth > MAX_DEPTH:
            raise DisclosureError(f"claims nested deeper than {MAX_DEPTH}")
        if isinstance(source, dict):
            return self.members(source, depth)
        if isinstance(source, list):
            return self.elements(source, depth)
        return source

    def _take(self, item: object) -> _Disclosure | None:
        if type(item) is not str:
            raise DisclosureError("a digest is a string")
        if item in self.met:
            raise DisclosureError("a digest occurs twice")
        self.met.add(item)
        disclosure = self.waiting.get(item)
        self.used += disclosure is not None
        return disclosure
