"""The SAM's door, and what it parses of files and proofs behind it.

One SAM with its callers and wallets lives for all of a run. Whatever is sent: an answer
or a refusal of the contract, never an unknown error, a lost database or device; and no
operation of a signer's key, since no input here holds a new approval.
"""

import io
import json
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.serialization import Encoding

from openid4vp.errors import Openid4vpError
from sam import messages as m
from sam import parsed_lists
from sam.errors import StatusUnknownError
from sam.server import Server
from tests.fuzz.oracle import Target
from tests.openid4vp import wallet
from tests.sam.attested import trust
from tests.sam.callers import BASE_URL, Holder
from tests.sam.files import described, prepared
from tests.sam.lists import URI, Published, with_status
from tests.sam.world import NOW, World
from wallet_emulator.wallet_provider import WalletProvider

LEASE = prepared(b"%PDF the lease ")
UNKNOWN = ("500", "503")


class Refusal(Exception):  # noqa: N818 — what the SAM says, not a fault of its
    """Status and code of a refusal."""


@cache
def world() -> World:
    """One SAM, which trusts one wallet provider."""
    made = World(Path(tempfile.mkdtemp(prefix="fuzz-sam-")))
    trust(made, wallet_provider())
    return made


@cache
def wallet_provider() -> WalletProvider:
    """Who may vouch for keys here."""
    return WalletProvider.create(NOW)


@cache
def _erika() -> Holder:
    return world().person("erika")


def _call(path: str, body: bytes) -> str:
    said: list[str] = []
    before = world().key_operations
    environ: Any = {
        "PATH_INFO": f"/{path}",
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(body),
    }
    door: Any = Server(world().sam)
    reply = b"".join(door(environ, lambda status, _headers: said.append(status)))
    assert world().key_operations == before, "a signer's key was used"
    assert not said[0].startswith(UNKNOWN), reply
    if not said[0].startswith("200"):
        raise Refusal(f"{said[0]} {json.loads(reply)['code']}")
    return reply.decode()


def _frame(data: bytes) -> object:
    """The first line is the name of the call."""
    name, _, body = data.partition(b"\n")
    _call(name.decode("latin-1"), body)
    return "answered"  # with something new each time


def _frames() -> tuple[bytes, ...]:
    sam, erika = world(), _erika()
    waiting, closing = sam.open_identify(m.Grant.PASS), sam.open_identify()
    answered = sam.open_identify(m.Grant.PASS)
    body = erika.answer(answered)
    handle = sam.submit(answered, body).handle
    assert handle is not None
    signed = sam.approved(erika)
    sam.finish(signed)
    rules = [{"claim": "birthdate", "equals": "1990-01-01"}]
    return (
        _line("open_identify", grants=["pass"], match_rules=rules),
        _line("request", tx=waiting, wallet_nonce="n"),
        _line("submit", tx=answered, body=body),
        _line("finish", tx=signed),
        _line("pass_nonce"),
        _line("status", tx=waiting),
        _line("abort", tx=closing),
        _line("releases", release=0),
        _line("info"),
        _line("list_passes", handle=handle),
        _line("revoke_pass", handle=handle, reference="all"),
        _line("pass_status_list", number=1),
        _line(
            "open_sign",
            documents=[json.loads(described(LEASE).model_dump_json())],
            handle=handle,
        )
        + b"\n"
        + LEASE,
    )


def _line(name: str, **call: object) -> bytes:
    return f"{name}\n{json.dumps(call)}".encode()


# --- answers and proofs, posted by wallets ----------------------------------------


@cache
def _asked() -> tuple[str, str]:
    """An open transaction, never answered, and its state."""
    tx = world().open_identify(m.Grant.PASS)
    return tx, str(_erika().request(tx).state)


def _submit(data: bytes) -> object:
    call = {"tx": _asked()[0], "body": data.decode("utf-8", "replace")}
    return _call("submit", json.dumps(call).encode())


def _bodies() -> tuple[bytes, ...]:
    error = {"error": "access_denied", "state": _asked()[1]}
    return (urlencode(error).encode(),)


@cache
def _granted() -> str:
    return world().identify(world().person("asa", holds_pass=False))


def _proof(data: bytes) -> object:
    call = {"handle": _granted(), "proof": data.decode("utf-8", "replace")}
    _call("issue_pass", json.dumps(call).encode())
    return "issued"


def _proof_signed(data: bytes) -> object:
    key = wallet.key("holder of a new pass")
    header = {"alg": "ES256", "typ": "openid4vci-proof+jwt"}
    header |= {"jwk": wallet.public_jwk(key)}  # type: ignore[dict-item]
    text = f"{wallet.b64_json(header)}.{wallet.b64(data)}"
    return _proof(f"{text}.{wallet.b64(wallet.es256(key, text))}".encode())


def _claims() -> tuple[bytes, ...]:
    made = int(world().clock().timestamp())
    nonce = world().client.pass_nonce().c_nonce
    return (json.dumps({"aud": BASE_URL, "iat": made, "nonce": nonce}).encode(),)


# --- files, fetched by the web tier ------------------------------------------------


@cache
def _listed() -> Published:
    """A list that is wanted, since somebody's PID has a place in it."""
    sam = world()
    holder = with_status(sam, "asa", 7)
    tx = sam.open_identify()
    with suppress(StatusUnknownError):
        sam.submit(tx, holder.answer(tx))
    return Published(sam.provider, revoked={3})


def _keep(data: bytes) -> object:
    _listed()
    call = {"kind": "status_list", "uri": URI, "length": len(data)}
    return _call("keep_file", json.dumps(call).encode() + b"\n" + data)


def _lists() -> tuple[bytes, ...]:
    now = world().clock()
    return _listed().jwt(now), _listed().cwt(now)


def _trust_point(data: bytes) -> object:
    return type(parsed_lists.trust_point(data)).__name__


def _trust_points() -> tuple[bytes, ...]:
    certificates = (wallet.PID_CA, wallet.PID_LEAF)
    return tuple(each.public_bytes(Encoding.DER) for each in certificates)


TARGETS = (
    Target("sam frame", _frame, _frames, (Refusal,)),
    Target("sam submit", _submit, _bodies, (Refusal,)),
    Target("sam proof signed", _proof_signed, _claims, (Refusal,)),
    Target("sam keep_file", _keep, _lists, (Refusal,), sealed=True),
    Target("trust point", _trust_point, _trust_points, (Openid4vpError,)),
)
