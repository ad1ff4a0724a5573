"""Change an input where it has structure, so that the outer layers still hold.

What looks like JSON or CBOR is changed as a tree, what is written with separators piece
by piece, and what is base64url or embedded CBOR in these by the same rules again.
Everything follows from the ``Random`` that is given: the same seed, the same change.
"""

import base64
import binascii
import json
import struct
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import cbor2

MAX_SIZE = 64 * 1024
MAX_LEVELS = 6
SEPARATORS = (b"~", b".", b"&", b"=", b">", b"\n", b"\0")
NUMBERS = (0, 1, -1, 2**31, 2**53, -(2**63), 2**64 - 1, 1795168800, 1e308, 0.5)
TEXTS = ("", "a", "\u202e", "\ud800", "\x00", "é", "none", "...", "_sd", "x" * 5000)
BYTES = (b"\x00", b"\xff", b"\x80", b'"', b"\\", b"[", b"{", b"~", b"%", b"\xf6")
NAMES = (
    *("vct", "cnf", "jwk", "kty", "crv", "x", "y", "d", "iat", "exp", "nbf", "status"),
    *("_sd", "_sd_alg", "...", "aud", "nonce", "sd_hash", "alg", "enc", "epk", "kid"),
    *("x5c", "typ", "crit", "zip", "vp_token", "error", "state", "pid", "docType"),
    *("digestID", "random", "elementIdentifier", "elementValue", "validityInfo"),
    *("deviceKey", "valueDigests", "status_list", "bits", "lst", "idx", "uri", "ttl"),
)
Change = Callable[[Any, Random], Any]


def mutate(data: bytes, random: Random) -> bytes:
    """Return ``data`` with one to four changes, at most ``MAX_SIZE`` long."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        data = _changed(data, random, level=0)
    return data[:MAX_SIZE]


def _changed(data: bytes, random: Random, level: int) -> bytes:
    """By structure where there is one and three times out of four."""
    ways = [_as_json, _as_cbor, _in_pieces]
    if level >= MAX_LEVELS or random.randrange(4) == 0:
        ways = []
    for way in (*ways, _spliced):
        changed = way(data, random, level)
        if changed is not None:
            return changed
    return data


def _spliced(data: bytes, random: Random, _level: int) -> bytes:
    at = random.randint(0, len(data))
    end = min(len(data), at + random.choice((0, 1, 1, 2, 4, 16, 300)))
    piece = random.choice(
        (
            b"",
            random.choice(BYTES),
            random.randbytes(random.choice((1, 2, 8))),
            data[at:end] * 2,
            bytes(byte ^ 1 << random.randrange(8) for byte in data[at:end]),
        )
    )
    return data[:at] + piece + data[end:]


def _in_pieces(data: bytes, random: Random, level: int) -> bytes | None:
    found = [separator for separator in SEPARATORS if separator in data]
    if not found:
        return _in_base64url(data, random, level)
    separator = random.choice(found)
    return separator.join(
        _list(
            data.split(separator),
            random,
            lambda piece: _changed(piece, random, level + 1),
        )
    )


def _in_base64url(data: bytes, random: Random, level: int) -> bytes | None:
    try:
        raw = base64.b64decode(data + b"=" * (-len(data) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(raw) < 4:  # any short word is base64url
        return None
    return base64.urlsafe_b64encode(_changed(raw, random, level + 1)).rstrip(b"=")


def _as_json(data: bytes, random: Random, level: int) -> bytes | None:
    if data[:1] not in (b"{", b"["):
        return None
    try:
        tree = json.loads(data)
        return json.dumps(_tree(tree, random, level)).encode()
    except (ValueError, RecursionError, TypeError):
        return None


def _as_cbor(data: bytes, random: Random, level: int) -> bytes | None:
    if not data or data[0] >> 5 not in (4, 5, 6):
        return None
    try:
        tree = cbor2.loads(data, semantic_decoders=KEPT, allow_duplicate_keys=True)
        return cbor2.dumps(_tree(tree, random, level))
    except (ValueError, TypeError, RecursionError, OverflowError, cbor2.CBORError):
        return None


class _Kept(dict[int, Any]):
    """Tags stay tags, whatever the library would make of them: dates among them."""

    def __missing__(self, tag: int) -> Callable[[Any, bool], Any]:
        return lambda value, _immutable: cbor2.CBORTag(tag, value)


KEPT = _Kept()


def _tree(tree: Any, random: Random, level: int) -> Any:
    """The tree with one node changed; the deeper ones are picked as often."""
    chosen = random.randrange(sum(1 for _ in _nodes(tree)))
    numbers = iter(range(chosen + 1))

    def walk(node: Any) -> Any:
        if next(numbers, None) == chosen:
            return _node(node, random, level)
        match node:
            case dict():
                return {key: walk(value) for key, value in node.items()}
            case list():
                return [walk(value) for value in node]
            case cbor2.CBORTag():
                return cbor2.CBORTag(node.tag, walk(node.value))
        return node

    return walk(tree)


def _nodes(tree: Any) -> Iterator[Any]:
    yield tree
    match tree:
        case dict():
            children = list(tree.values())
        case list():
            children = tree
        case cbor2.CBORTag():
            children = [tree.value]
        case _:
            children = []
    for child in children:
        yield from _nodes(child)


def _node(node: Any, random: Random, level: int) -> Any:
    if random.randrange(8) == 0:
        return _other(node, random)
    match node:
        case dict() if node:
            return _dict(node, random)
        case list() if node:
            return _list(node, random, lambda item: _node(item, random, level))
        case str():
            text = node.encode("utf-8", "surrogatepass")
            return _changed(text, random, level + 1).decode("utf-8", "replace")
        case bytes():
            return _changed(node, random, level + 1)
        case int() | float():
            return random.choice((node + 1, node - 1, -node, *NUMBERS))
        case cbor2.CBORTag():
            return cbor2.CBORTag(random.choice((0, 1, 18, 24, 1004)), node.value)
    return _other(node, random)


def _dict(node: dict[Any, Any], random: Random) -> dict[Any, Any]:
    changed = dict(node)
    key = random.choice(list(node))
    match random.randrange(4):
        case 0:
            del changed[key]
        case 1:
            changed[random.choice((*NAMES, random.randint(-5, 40)))] = changed.pop(key)
        case 2:
            changed[random.choice(NAMES)] = node[key]
        case 3:
            changed[key] = node[random.choice(list(node))]
    return changed


def _list(items: list[Any], random: Random, change: Callable[[Any], Any]) -> list[Any]:
    at, other = random.randrange(len(items)), random.randrange(len(items))
    match random.randrange(6):
        case 0:
            return [*items[:at], *items[at + 1 :]]
        case 1:
            return [*items[:at], items[at], *items[at:]]
        case 2:
            return [items[other] if n == at else item for n, item in enumerate(items)]
    return [change(item) if n == at else item for n, item in enumerate(items)]


def _other(node: Any, random: Random) -> Any:
    return random.choice(
        (
            *(None, True, False, [], {}, [node], {"a": node}, [node, node]),
            random.choice(NUMBERS),
            random.choice(TEXTS),
            random.choice(NAMES),
            struct.pack(">Q", random.getrandbits(64)),
        )
    )
