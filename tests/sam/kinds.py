"""Wallets of every kind in front of one SAM that knows all the profiles."""

import dataclasses
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from sam import messages as m
from sam.profiles.loading import SHIPPED
from tests.openid4vp import wallet as signing
from tests.sam.callers import Holder
from tests.sam.world import NOW, World
from wallet_emulator import answer, dcql
from wallet_emulator.keys import new_key
from wallet_emulator.link import FetchedRequest
from wallet_emulator.persons import PERSONS
from wallet_emulator.pid_provider import holder_jwk, pid_claims
from wallet_emulator.request import VerifiedRequest, authenticate, read
from wallet_emulator.wallet import PID, PID_MDOC
from wallet_emulator.wallet_kinds import EMULATOR, KINDS, WalletKind

REGISTRAR: Final = signing.leaf("TEST registrar", issuer="TEST registrar CA")
OLD_PID: Final = "urn:eu.europa.ec.eudi:pid:1"
SELF_ISSUED: Final = "https://self-issued.me/v2"
DATASET: Final = {"name": "TEST signing service", "intended_use": "sign documents"}
PID_CLAIMS: Final = (
    "family_name",
    "given_name",
    "issuing_country",
    "personal_administrative_number",
    "document_number",
)


def kind_of(profile: str) -> WalletKind:
    """The wallet a profile is for; production's is the emulator, strict and whole."""
    return KINDS.get(profile, EMULATOR)


def registration(**changed: object) -> str:
    """A registration certificate that lists the PID in both encodings."""
    payload: dict[str, Any] = {
        "name": "TEST signing service",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(days=90)).timestamp()),
        "credentials": [
            {
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:eudi:pid:1"]},
                "claim": [{"path": [claim]} for claim in PID_CLAIMS],
            },
            {
                "format": "mso_mdoc",
                "meta": {"doctype_value": "eu.europa.ec.eudi.pid.1"},
                "claim": [
                    {"path": ["eu.europa.ec.eudi.pid.1", claim]} for claim in PID_CLAIMS
                ],
            },
        ],
    }
    header = {"alg": "ES256", "typ": "rc-wrp+jwt", "x5c": signing.x5c(REGISTRAR)}
    return signing.jws(header, payload | changed, signing.key("TEST registrar"))


@contextmanager
def world_of_kinds(folder: Path, *more: Path) -> Iterator[World]:
    """All shipped profiles, then those of the operator's own files; registered."""
    with closing(World(folder)) as world:
        registered = world.sam.config.registration_folder
        registered.mkdir()
        for purpose in ("identify", "sign"):
            (registered / f"{purpose}.jwt").write_text(registration())
            (registered / f"{purpose}.json").write_text(json.dumps(DATASET))
        with_profiles(world, *SHIPPED, *map(str, more))
        yield world


def with_profiles(world: World, *entries: str) -> None:
    """What the operator does: another list, and a restart."""
    settings = {"sam_profiles": entries}
    world.restart(world.sam.config.model_copy(update=settings))


def open_identify(world: World, profile: str | None) -> m.Opened:
    call = m.OpenIdentify(grants=(m.Grant.PASS,), profile=profile)
    return world.client.open_identify(call)


def fetched(world: World, opened: m.Opened, **call: Any) -> FetchedRequest:
    """As a wallet of a kind that posts, or of one that does not."""
    nonce = "w" * 43 if opened.request_uri_method == "post" else None
    signed = world.client.request(m.Request(tx=opened.tx, wallet_nonce=nonce, **call))
    return FetchedRequest(
        client_id=opened.client_id,
        wallet_nonce=nonce,
        request_object=signed.request_object,
    )


def person_with_old_pid(world: World) -> Holder:
    """A PID of the type that early test issuers used, and in no other encoding."""
    person = world.person("asa", holds_pass=False)
    key, now = new_key(), world.clock.now
    claims = pid_claims(PERSONS["asa"], now)
    jwk = holder_jwk(key.public_key())
    pid = world.provider.issue(claims, jwk, now, vct=OLD_PID)
    person.wallet.hold(PID, pid, key)
    person.wallet.drop(PID_MDOC)
    return person


def read_by(kind: WalletKind, world: World, opened: m.Opened) -> VerifiedRequest:
    request = fetched(world, opened)
    return read(authenticate(request, [world.access_root], world.clock.now), kind)


def answer_by(kind: WalletKind, holder: Holder, opened: m.Opened) -> str:
    """The form that a wallet of this kind posts."""
    world = holder.world
    assert isinstance(world, World)
    request = read_by(kind, world, opened)
    matches = dcql.match(request.query, holder.wallet.credentials())
    draft = answer.start(request, matches, holder.wallet, world.clock.now)
    return urlencode(answer.build(draft))


def but(kind: WalletKind, **changed: Any) -> WalletKind:
    return dataclasses.replace(kind, **changed)


def decoded(transaction_data: str) -> str:
    return signing._unb64(transaction_data).decode()


def documents_of(transaction_data: str) -> list[dict[str, Any]]:
    """The list of documents, in whichever spelling."""
    body = json.loads(decoded(transaction_data))
    listed: list[dict[str, Any]] = body.get("documentDigests") or body["documentInfos"]
    return listed


def base64(digest: str) -> str:
    """Of a digest in hex."""
    return b64encode(bytes.fromhex(digest)).decode()


def parts(request_object: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload, unverified."""
    header, payload, _ = request_object.split(".")
    return json.loads(decoded(header)), json.loads(decoded(payload))
