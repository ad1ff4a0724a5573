"""Drill: SHA-256 is to end in six weeks. What an operator does, and what then holds.

The real path: a PDF prepared, approved with the emulator's wallet, signed by the SAM,
time-stamped and validated. Then the dates in the policy are moved.
"""

import base64
import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from app.ades import algorithm_ends, timestamp
from app.ades.archives import Archives
from app.ades.documents import CmsParts, Prepared
from app.ades.uplift import Action
from app.ades.uplifting import UpliftFailedError, Uplifts
from hsm.algorithms import Algorithm, Scheme
from sam import messages as m
from sam.algorithms.loading import SHIPPED
from sam.errors import AlgorithmEndedError
from tests.app.ades import pdfs
from tests.app.ades.strong_tsa import StrongTsa
from tests.sam.callers import Holder
from tests.sam.credentials.holding import identified, sign_with
from tests.sam.world import NOW, World

END = "2027-01-01"
CAS = ("root", "issuing-ca")
ENDED_USES = ("signing", "certificate_issuing", "time_stamps")


@pytest.fixture(scope="module")
def archives() -> Iterator[Archives]:
    made = Archives()
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path)) as made:
        yield made


@pytest.fixture
def erika(world: World) -> Holder:
    return world.person("erika")


@pytest.fixture
def moved(world: World) -> Path:
    """The operator's policy: SHA-256 ends for all but the PIDs of others."""
    policy: dict[str, Any] = json.loads(SHIPPED.read_text())
    sha256 = next(rule for rule in policy["hashes"] if rule["name"] == "sha-256")
    for use in ENDED_USES:
        sha256["uses"][use] = {"until": END}
    file = world.folder / "algorithms.json"
    file.write_text(json.dumps(policy))
    return file


@pytest.fixture
def strong() -> StrongTsa:
    return StrongTsa(at=NOW + timedelta(minutes=5))


@pytest.fixture
def signed(world: World, erika: Holder, archives: Archives) -> bytes:
    """A file of the service, from before."""
    prepared = archives.prepare(pdfs.plain(), signed_at=NOW)
    opened = world.client.open_sign(
        m.OpenSign(documents=(_described(prepared),)), [io.BytesIO(prepared.content)]
    )
    world.submit(opened.tx, erika.answer(opened.tx))
    finished = world.finish(opened.tx)
    (made,) = finished.signatures
    signature = base64.b64decode(made.signature)
    parts = CmsParts(
        signed_attributes=base64.b64decode(made.signed_attributes),
        signature=signature,
        chain=tuple(map(base64.b64decode, finished.certificate_chain)),
    )
    door = httpx.WSGITransport(app=world.authorities.public_door(world.clock))
    with httpx.Client(transport=door, base_url="http://localhost:8003") as http:
        token = timestamp.fetch_timestamp("/tsa", signature, http=http)
    return archives.embed(prepared.content, prepared.byte_range, parts, token)


@pytest.fixture
def uplifts(
    world: World, archives: Archives, strong: StrongTsa, moved: Path
) -> Uplifts:
    return Uplifts(
        archives=archives,
        ends=algorithm_ends.load(moved),
        anchors=(_root(world), strong.anchor),
        crls=_crls(world),
        now=NOW + timedelta(minutes=10),
    )


def test_until_its_end_it_signs_and_the_operator_is_warned(
    world: World, erika: Holder, moved: Path
) -> None:
    _go_by(world, moved)

    expiries = {e.subject: e.level for e in world.client.info().expiries}

    named = "algorithm hash sha-256 (certificate_issuing, signing, time_stamps)"
    assert expiries[named] == "warn"
    assert world.finish(world.approved(erika)).signatures


def test_from_its_end_new_signatures_with_it_are_refused(
    world: World, moved: Path
) -> None:
    _go_by(world, moved)
    world.clock.now = NOW.replace(year=2027, month=1, day=1)

    with pytest.raises(AlgorithmEndedError):
        world.open_sign()


def test_from_its_end_another_algorithm_is_used(world: World, moved: Path) -> None:
    _go_by(world, moved)
    later = NOW.replace(year=2027, month=1, day=1)

    algorithm, scheme = world.sam.algorithms.for_a_new_key(later)

    assert (algorithm, scheme) == (Algorithm.P384, Scheme.ECDSA_SHA384)


def test_where_only_the_curve_ends_a_person_signs_with_another(
    world: World, moved: Path, erika: Holder
) -> None:
    """The demo's CA signs with SHA-256, so that this drill can be played to its end."""
    policy: dict[str, Any] = json.loads(SHIPPED.read_text())
    p256 = next(r for r in policy["signatures"] if r.get("curve") == "P-256")
    p256["uses"]["signing"] = {"until": "2026-11-20"}
    moved.write_text(json.dumps(policy))
    _go_by(world, moved)
    with pytest.raises(AlgorithmEndedError):
        world.open_sign()

    handle = identified(world, erika)
    made = world.client.make_credential(handle)
    finished = sign_with(world, erika, handle, made.credential_id)

    assert made.algorithm == m.CredentialAlgorithm.P384
    assert finished.scheme == m.SignatureScheme.ECDSA_SHA384
    (signature,) = finished.signatures
    certificate = x509.load_der_x509_certificate(
        base64.b64decode(finished.certificate_chain[0])
    )
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(
        base64.b64decode(signature.signature),
        base64.b64decode(signature.signed_attributes),
        ec.ECDSA(hashes.SHA384()),
    )


def test_old_files_are_listed(uplifts: Uplifts, signed: bytes) -> None:
    judged = uplifts.judge(signed)

    assert judged.advice is not None
    assert judged.advice.action is Action.ARCHIVE
    assert judged.advice.by == date.fromisoformat(END)


def test_uplifted_files_are_valid_when_it_has_ended(
    world: World, uplifts: Uplifts, signed: bytes, strong: StrongTsa
) -> None:
    uplifted = uplifts.uplift(signed, strong)
    world.clock.now = NOW.replace(year=2027, month=2)
    later = replace(uplifts, now=world.clock.now, crls=_crls(world))

    good, bad = later.judge(uplifted).advice, later.judge(signed).advice

    assert good is not None
    assert good.action is Action.NOTHING
    assert bad is not None
    assert bad.action is Action.SIGN_AGAIN


def test_an_authority_that_stays_with_it_does_not_help(
    world: World, uplifts: Uplifts, signed: bytes
) -> None:
    door = httpx.WSGITransport(app=world.authorities.public_door(world.clock))

    def stamp(digest: bytes, algorithm: str) -> bytes:
        with httpx.Client(transport=door, base_url="http://localhost:8003") as http:
            return timestamp.fetch_over_digest("/tsa", digest, algorithm, http=http)

    with pytest.raises(UpliftFailedError, match=r"would not help: .*sha-256 ends"):
        uplifts.uplift(signed, stamp)


def _crls(world: World) -> tuple[bytes, ...]:
    door = httpx.WSGITransport(app=world.authorities.public_door(world.clock))
    with httpx.Client(transport=door, base_url="http://localhost:8003") as http:
        return tuple(http.get(f"/crl/{slug}.crl").content for slug in CAS)


def _go_by(world: World, file: Path) -> None:
    config = world.sam.config.model_copy(update={"sam_algorithm_policy": file})
    world.restart(config)


def _described(prepared: Prepared) -> m.PreparedDocument:
    return m.PreparedDocument(
        name="lease.pdf",
        byte_range=prepared.byte_range,
        original_length=prepared.original_length,
        length=len(prepared.content),
    )


def _root(world: World) -> bytes:
    file = world.folder / "trust-services" / "root.pem"
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return certificate.public_bytes(Encoding.DER)
