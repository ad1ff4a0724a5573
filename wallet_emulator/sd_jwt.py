"""SD-JWT (RFC 9901) as issuer and holder need it: conceal, read, choose, bind.

A credential is ``<issuer JWT>~<disclosure>~…~``; a presentation is a selection of
its disclosures plus a key-binding JWT over exactly that selection. What a verifier
must check is not here: the emulator is the other side.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec

from wallet_emulator import jws
from wallet_emulator.encoding import b64url, b64url_decode, compact_json, parse_json
from wallet_emulator.errors import MalformedError

ClaimsPath: TypeAlias = tuple[str | int | None, ...]

SALT_BYTES: Final = 16  # RFC 9901 §9.3: 128 bits
KB_JWT_TYP: Final = "kb+jwt"
_DECOYS: Final = 3
_OBJECT_MEMBER: Final = 3
_ARRAY_ELEMENT: Final = 2
_MAX_DEPTH: Final = 8


def digest(text: str) -> str:
    """Base64url SHA-256 over ASCII text: disclosures, ``sd_hash``, hashes of data."""
    return b64url(hashlib.sha256(text.encode("ascii")).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One disclosure as sent; ``name`` is None for an array element."""

    encoded: str
    name: str | None
    value: object

    @classmethod
    def make(cls, name: str | None, value: object) -> "Disclosure":
        salt = b64url(secrets.token_bytes(SALT_BYTES))
        content = [salt, value] if name is None else [salt, name, value]
        return cls(encoded=b64url(compact_json(content)), name=name, value=value)

    @classmethod
    def parse(cls, encoded: str) -> "Disclosure":
        """Raises ``MalformedError`` unless it is [salt, name, value] or [salt, value].

        RFC 9901 §4.2.
        """
        content = parse_json(b64url_decode(encoded))
        if not isinstance(content, list):
            raise MalformedError("a disclosure is a JSON array")
        if len(content) == _ARRAY_ELEMENT:
            return cls(encoded=encoded, name=None, value=content[1])
        if len(content) != _OBJECT_MEMBER or not isinstance(content[1], str):
            raise MalformedError("a disclosure has two or three elements")
        return cls(encoded=encoded, name=content[1], value=content[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class SdJwt:
    """A credential in the holder's hands: well-formed, trusted by the holder only."""

    issuer_jwt: str
    disclosures: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "SdJwt":
        """Raises ``MalformedError``: not ``<jwt>~…~``, or a key binding is attached."""
        issuer_jwt, *disclosures = text.split("~")
        if not disclosures or disclosures.pop() != "":
            raise MalformedError("an SD-JWT without key binding ends with '~'")
        jws.parse(issuer_jwt).claims()
        for encoded in disclosures:
            Disclosure.parse(encoded)
        return cls(issuer_jwt=issuer_jwt, disclosures=tuple(disclosures))

    @property
    def text(self) -> str:
        return "~".join((self.issuer_jwt, *self.disclosures, ""))

    @property
    def header(self) -> Mapping[str, object]:
        return jws.parse(self.issuer_jwt).header

    @property
    def payload(self) -> dict[str, object]:
        """The issuer-signed claims as they are, digests included."""
        return jws.parse(self.issuer_jwt).claims()

    def reveal(self) -> dict[str, object]:
        """The claims with every disclosure put in its place."""
        revealed = _reveal(self.payload, self._by_digest(), _MAX_DEPTH)
        if not isinstance(revealed, dict):
            raise MalformedError("the payload is a JSON object")
        revealed.pop("_sd_alg", None)
        return revealed

    def select(self, paths: Iterable[ClaimsPath]) -> tuple[str, ...]:
        """The disclosures these claims need, in the issuer's order.

        Raises:
            MalformedError: the credential lacks one of the claims.
        """
        needed: set[str] = set()
        by_digest = self._by_digest()
        for path in paths:
            if not _walk(self.payload, path, by_digest, needed, _MAX_DEPTH):
                raise MalformedError(f"the credential has no claim {list(path)}")
        return tuple(encoded for encoded in self.disclosures if encoded in needed)

    def _by_digest(self) -> dict[str, Disclosure]:
        return {digest(text): Disclosure.parse(text) for text in self.disclosures}


def issue(
    *,
    header: Mapping[str, object],
    plain: Mapping[str, object],
    concealed: Mapping[str, object],
    key: ec.EllipticCurvePrivateKey,
) -> SdJwt:
    """Sign ``plain`` claims openly and ``concealed`` ones as digests, with decoys.

    Objects and arrays are concealed recursively: each member and each element can be
    disclosed alone (RFC 9901 §4.2.6).
    """
    disclosures: list[str] = []
    payload = {
        **plain,
        **_conceal_members(concealed, disclosures),
        "_sd_alg": "sha-256",
    }
    return SdJwt(
        issuer_jwt=jws.sign(header, payload, key), disclosures=tuple(disclosures)
    )


def key_binding_claims(
    *, aud: str, nonce: str, iat: int, issuer_jwt: str, disclosures: Sequence[str]
) -> dict[str, object]:
    """The four required claims of a key-binding JWT (RFC 9901 §4.3)."""
    presented = "~".join((issuer_jwt, *disclosures, ""))
    return {"iat": iat, "aud": aud, "nonce": nonce, "sd_hash": digest(presented)}


def _conceal_members(
    members: Mapping[str, object], disclosures: list[str]
) -> dict[str, object]:
    digests = [
        _conceal(name, value, disclosures) for name, value in members.items()
    ] + _decoys()
    return {"_sd": sorted(digests)}  # sorted: the order must not tell the claim


def _conceal(name: str | None, value: object, disclosures: list[str]) -> str:
    inner = value
    if isinstance(value, Mapping):
        inner = _conceal_members(value, disclosures)
    elif isinstance(value, list):
        inner = [{"...": _conceal(None, item, disclosures)} for item in value]
        inner.extend({"...": decoy} for decoy in _decoys())
    disclosure = Disclosure.make(name, inner)
    disclosures.append(disclosure.encoded)
    return digest(disclosure.encoded)


def _decoys() -> list[str]:
    """Digests of nothing, so that their number does not tell the number of claims."""
    return [b64url(secrets.token_bytes(32)) for _ in range(secrets.randbelow(_DECOYS))]


def _reveal(value: object, known: Mapping[str, Disclosure], depth: int) -> object:
    if depth == 0:
        raise MalformedError("claims are nested too deep")
    if isinstance(value, dict):
        members = {name: item for name, item in value.items() if name != "_sd"}
        members.update(
            (found.name, found.value)
            for found in _concealed_in(value, known)
            if found.name is not None
        )
        return {name: _reveal(v, known, depth - 1) for name, v in members.items()}
    if isinstance(value, list):
        items = (_element(item, known) for item in value)
        return [
            _reveal(found[0], known, depth - 1) for found in items if found is not None
        ]
    return value


def _walk(
    value: object,
    path: ClaimsPath,
    known: Mapping[str, Disclosure],
    needed: set[str],
    depth: int,
) -> bool:
    """Collect what ``path`` needs (OpenID4VP 1.0 §7.1); False if it selects nothing."""
    if depth == 0:
        raise MalformedError("claims are nested too deep")
    found = False
    for inner, disclosure in _children(value, path[0] if path else ..., known):
        if not path or _walk(inner, path[1:], known, needed, depth - 1):
            found = True
            if disclosure is not None:
                needed.add(disclosure.encoded)
            if not path:
                _walk(inner, (), known, needed, depth - 1)
    return found or not path


def _children(
    value: object, step: object, known: Mapping[str, Disclosure]
) -> list[tuple[object, Disclosure | None]]:
    """What ``step`` reaches: a name, an index, None for all elements, ... for all."""
    if isinstance(value, dict):
        plain = [(name, item, None) for name, item in value.items() if name != "_sd"]
        hidden = [(d.name, d.value, d) for d in _concealed_in(value, known)]
        return [
            (item, disclosure)
            for name, item, disclosure in [*plain, *hidden]
            if step is ... or (isinstance(step, str) and name == step)
        ]
    if isinstance(value, list):
        elements = [e for e in (_element(item, known) for item in value) if e]
        return [
            element
            for index, element in enumerate(elements)
            if step is ... or step is None or (type(step) is int and step == index)
        ]
    return []


def _concealed_in(
    members: Mapping[str, object], known: Mapping[str, Disclosure]
) -> list[Disclosure]:
    digests = members.get("_sd", [])
    if not isinstance(digests, list):
        raise MalformedError("'_sd' is an array")
    return [known[name] for name in digests if isinstance(name, str) and name in known]


def _element(
    item: object, known: Mapping[str, Disclosure]
) -> tuple[object, Disclosure | None] | None:
    """An array element and its disclosure; None for a digest without disclosure."""
    if not isinstance(item, dict) or set(item) != {"..."}:
        return item, None
    disclosure = known.get(str(item["..."]))
    return None if disclosure is None else (disclosure.value, disclosure)
