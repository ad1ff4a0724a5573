"""A certificate of the real CA, and who says that it may be used no longer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp as rfc6960
from sqlalchemy import select

from app.trust_services import csr
from hsm.memory_device import MemoryDevice
from hsm.port import ServiceKey
from sam import audit, certificates, errors, revocation, setup
from sam.cmc import MAX_STATUS, EstClient
from sam.ocsp import REVOKED, STATUS_UNKNOWN, NotGoodError
from sam.revocation import REASONS, UNFIT_PATH, UNREACHABLE, still_good
from sam.schema import revoked_certificates
from sam.server import SWEEP_EVERY
from tests.sam.scripted_ca import common_name, der, new_root
from tests.sam.world import NOW, World

SUPERSEDED = x509.ReasonFlags.superseded
ERIKA = common_name("TEST Erika Mustermann")
Chain = tuple[bytes, ...]


def issued(world: World, number: int = 7) -> Chain:
    """A signer's chain, as the SAM's registration authority gets one."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(ERIKA)
    request = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    spki = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return certificates.chain_of(world.sam.issuer.certify(request, number), spki)


@pytest.fixture
def chain(world: World) -> Chain:
    return issued(world)


@dataclass(slots=True)
class Ca:
    """The real CA, but for what a test takes from it; counts what it is asked."""

    real: Any
    down: bool = False
    deaf: bool = False
    """Takes revocations and does nothing."""
    asked: list[str] = field(default_factory=list)

    def certify(self, csr: bytes, transaction_id: int, **more: Any) -> Any:
        return self.real.certify(csr, transaction_id, **more)

    def revoke(self, certificate: bytes, reason: x509.ReasonFlags) -> None:
        self._ask("revoke")
        if not self.deaf:
            self.real.revoke(certificate, reason)

    def status(self, question: bytes) -> bytes:
        self._ask("status")
        answer: bytes = self.real.status(question)
        return answer

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise errors.SamUnavailableError("the CA does not answer")


@pytest.fixture
def ca(world: World) -> Ca:
    ca = Ca(world.sam.issuer)
    world.serve(replace(world.sam, issuer=ca))
    return ca


def code_of(world: World, chain: Chain, now: datetime | None = None) -> str:
    with pytest.raises(NotGoodError) as caught:
        still_good(world.sam, chain, now or world.clock())
    return caught.value.code


def record(world: World, chain: Chain, reason: x509.ReasonFlags = SUPERSEDED) -> bool:
    with world.sam.database.begin() as connection:
        return revocation.record(connection, chain, reason, now=world.clock())


def rows(world: World) -> list[Any]:
    with world.sam.database.begin() as connection:
        return list(connection.execute(select(revoked_certificates)))


def pending(world: World) -> int:
    return sum(row.shown_at is None for row in rows(world))


def said_of(world: World, chain: Chain) -> rfc6960.OCSPResponse:
    """By the CA itself, past the SAM."""
    leaf, issuer = map(x509.load_der_x509_certificate, chain)
    builder = rfc6960.OCSPRequestBuilder().add_certificate(
        leaf, issuer, hashes.SHA256()
    )
    asked = builder.build().public_bytes(Encoding.DER)
    return rfc6960.load_der_ocsp_response(world.sam.issuer.status(asked))


# -- whether it is good


def test_a_certificate_that_nobody_revoked_is_good(
    world: World, chain: Chain, ca: Ca
) -> None:
    """Guards all below. The responder is asked of signer and issuing CA, each time."""
    still_good(world.sam, chain, world.clock())
    still_good(world.sam, chain, world.clock())

    assert ca.asked == ["status"] * 4


@pytest.mark.parametrize("place", [0, 1], ids=["signer", "issuing-ca"])
def test_what_the_ca_revoked_is_refused_at_once(
    world: World, chain: Chain, place: int
) -> None:
    certificate = x509.load_der_x509_certificate(chain[place])
    world.authorities.revoke(certificate, SUPERSEDED, world.clock())

    assert code_of(world, chain) == REVOKED


def test_what_the_sam_revoked_is_refused_before_the_ca_is_asked(
    world: World, chain: Chain, ca: Ca
) -> None:
    assert record(world, chain)

    assert code_of(world, chain) == REVOKED
    assert ca.asked == []


def test_the_revocation_of_one_is_not_that_of_another(
    world: World, chain: Chain
) -> None:
    record(world, chain)
    revocation.tell_the_ca(world.sam)

    still_good(world.sam, issued(world, 8), world.clock())


def test_a_ca_that_does_not_answer_is_no_yes(
    world: World, chain: Chain, ca: Ca
) -> None:
    ca.down = True

    assert code_of(world, chain) == UNREACHABLE


def test_a_certificate_that_the_ca_does_not_know_is_refused(
    world: World, chain: Chain
) -> None:
    serials = world.folder / "trust-services" / "issued" / "serials"
    for file in serials.iterdir():
        file.unlink()

    assert code_of(world, chain) == STATUS_UNKNOWN


def test_an_answer_that_was_kept_is_refused(world: World, chain: Chain, ca: Ca) -> None:
    """A replay from before the revocation has another nonce."""
    real, kept = ca.real, list[bytes]()

    class Recorder(Ca):
        def status(self, question: bytes) -> bytes:
            kept.append(real.status(question))
            return kept[0]

    world.serve(replace(world.sam, issuer=Recorder(real)))

    assert code_of(world, chain) == STATUS_UNKNOWN
    assert len(kept) == 2


def test_an_answer_is_judged_by_when_it_came(
    world: World, chain: Chain, ca: Ca
) -> None:
    real = ca.real

    class Slow(Ca):
        def status(self, question: bytes) -> bytes:
            answer: bytes = real.status(question)
            world.clock.pass_by(hours=1)
            return answer

    world.serve(replace(world.sam, issuer=Slow(real)))

    assert code_of(world, chain) == STATUS_UNKNOWN


FOREIGN = new_root("TEST root", NOW)


def unfit(chain: Chain, other: Chain) -> dict[str, Chain]:
    leaf, issuer = chain
    return {
        "nothing": (),
        "leaf-alone": (leaf,),
        "issuer-alone": (issuer,),
        "turned-round": (issuer, leaf),
        "garbage": (b"garbage", issuer),
        "garbage-above": (leaf, b"\x30\x80"),
        "foreign-issuer": (leaf, der(FOREIGN.certificate)),
        "issuer-twice": (leaf, issuer, issuer),
        "anothers-leaf-above": (leaf, other[0]),
        "cut": (leaf[:-1], issuer),
    }


def test_a_path_that_does_not_lead_to_our_anchor_is_not_asked_about(
    world: World, chain: Chain, ca: Ca
) -> None:
    table = unfit(chain, issued(world, 8))

    said = {name: code_of(world, row) for name, row in table.items()}

    assert {n: c for n, c in said.items() if c != UNFIT_PATH} == {}
    assert ca.asked == []


@pytest.mark.parametrize("moment", [timedelta(hours=1), -timedelta(minutes=2)])
def test_a_certificate_that_is_not_of_now_is_refused(
    world: World, chain: Chain, moment: timedelta
) -> None:
    assert code_of(world, chain, NOW + moment) == UNFIT_PATH


# -- how it is revoked


def test_the_ca_is_told_and_shows_it(world: World, chain: Chain) -> None:
    record(world, chain, x509.ReasonFlags.key_compromise)
    revocation.tell_the_ca(world.sam)

    said = said_of(world, chain)
    assert said.certificate_status is rfc6960.OCSPCertStatus.REVOKED
    assert said.revocation_reason is x509.ReasonFlags.key_compromise
    assert [row.shown_at for row in rows(world)] == [world.clock()]


@pytest.mark.parametrize("reason", sorted(REASONS, key=str))
def test_every_reason_reaches_the_ca(
    world: World, chain: Chain, reason: x509.ReasonFlags
) -> None:
    record(world, chain, reason)
    revocation.tell_the_ca(world.sam)

    assert said_of(world, chain).revocation_reason is reason


@pytest.mark.parametrize("reason", sorted(set(x509.ReasonFlags) - REASONS, key=str))
def test_no_other_reason_is_taken(
    world: World, chain: Chain, reason: x509.ReasonFlags
) -> None:
    with pytest.raises(errors.MalformedCallError):
        record(world, chain, reason)
    assert rows(world) == []


def test_the_first_reason_and_time_stay(world: World, chain: Chain) -> None:
    assert record(world, chain)
    world.clock.pass_by(minutes=1)

    assert not record(world, chain, x509.ReasonFlags.key_compromise)

    (row,) = rows(world)
    assert (row.reason, row.revoked_at) == ("superseded", NOW)
    assert len(world.audited(audit.Event.CERTIFICATE_REVOKED)) == 1


def test_the_record_names_certificate_and_reason_and_nobody(
    world: World, chain: Chain
) -> None:
    record(world, chain)

    (entry,) = world.audited(audit.Event.CERTIFICATE_REVOKED)
    assert rows(world)[0].certificate_sha256.hex() in entry
    assert '"reason":"superseded"' in entry
    assert "Mustermann" not in entry


def test_a_ca_that_is_told_is_not_told_again(
    world: World, chain: Chain, ca: Ca
) -> None:
    record(world, chain)
    revocation.tell_the_ca(world.sam)
    ca.asked.clear()
    world.clock.pass_by(hours=2)

    revocation.tell_the_ca(world.sam)

    assert ca.asked == []


@pytest.mark.parametrize("fault", ["down", "deaf"])
def test_a_ca_that_does_not_show_it_is_told_again(
    world: World, chain: Chain, ca: Ca, fault: str
) -> None:
    setattr(ca, fault, True)
    record(world, chain)
    revocation.tell_the_ca(world.sam)
    before = pending(world)

    setattr(ca, fault, False)
    world.clock.pass_by(seconds=30)
    revocation.tell_the_ca(world.sam)

    assert (before, pending(world)) == (1, 0)
    assert code_of(world, chain) == REVOKED


def test_a_ca_that_hangs_is_asked_ever_more_rarely(
    world: World, chain: Chain, ca: Ca
) -> None:
    """Everybody waits for each attempt: a day of them must be few."""
    ca.down = True
    record(world, chain)

    for _ in range(24 * 60):
        revocation.tell_the_ca(world.sam)
        world.clock.pass_by(minutes=1)

    assert 20 < len(ca.asked) < 40


def test_one_that_the_ca_refuses_does_not_keep_the_others(
    world: World, chain: Chain
) -> None:
    foreign = issued_to_another(world)
    record(world, foreign)
    world.clock.pass_by(seconds=1)
    record(world, chain)

    for _ in range(3):
        revocation.tell_the_ca(world.sam)
        world.clock.pass_by(seconds=10)

    assert [row.certificate for row in rows(world) if row.shown_at] == [chain[0]]


def issued_to_another(world: World) -> Chain:
    """By the same CA, for another registration authority."""
    device = MemoryDevice()
    request = csr.parse(
        setup.certificate_request(device, ServiceKey.REGISTRATION_AUTHORITY)
    )
    certificate, *_ = world.authorities.certify(
        "registration-authority", request, NOW, host="localhost"
    )
    door = httpx.WSGITransport(app=world.authorities.est_door(world.clock))
    http = httpx.Client(transport=door, base_url="https://localhost:8002")
    other = EstClient(http, device, der(certificate))
    own, world.sam = world.sam, replace(world.sam, issuer=other)
    try:
        return issued(world, 9)
    finally:
        world.sam = own


def test_another_authoritys_certificate_is_refused_by_the_ca(world: World) -> None:
    foreign = issued_to_another(world)

    with pytest.raises(errors.SamUnavailableError, match="403"):
        world.sam.issuer.revoke(foreign[0], SUPERSEDED)

    still_good(world.sam, foreign, world.clock())


def test_the_sam_tells_the_ca_by_itself(world: World, chain: Chain) -> None:
    record(world, chain)
    world.clock.now += SWEEP_EVERY

    world.client.info()

    assert pending(world) == 0


def test_a_restarted_sam_goes_on_telling(world: World, chain: Chain, ca: Ca) -> None:
    ca.down = True
    record(world, chain)
    revocation.tell_the_ca(world.sam)
    world.clock.pass_by(minutes=1)

    world.restart()
    world.client.info()

    assert pending(world) == 0


# -- the way to the responder

Respond = Callable[[httpx.Request], httpx.Response]


def not_reached(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


SILENT: dict[str, Respond] = {
    "slow": not_reached,
    "500": lambda _: httpx.Response(500, content=b"good"),
    "404": lambda _: httpx.Response(404),
    "moved": lambda _: httpx.Response(302, headers={"location": "http://x"}),
    "too-long": lambda _: httpx.Response(200, content=bytes(MAX_STATUS + 1)),
}


def through(world: World, respond: Respond, responder: str = "/ocsp") -> EstClient:
    transport = httpx.MockTransport(respond)
    http = httpx.Client(transport=transport, base_url="https://ca.example")
    return EstClient(http, world.device, b"", responder)


@pytest.mark.parametrize("respond", SILENT.values(), ids=SILENT)
def test_a_responder_that_says_nothing_usable_is_not_there(
    shared_world: World, respond: Respond
) -> None:
    with pytest.raises(errors.SamUnavailableError):
        through(shared_world, respond).status(b"question")


@pytest.mark.parametrize(
    ("responder", "url"),
    [
        ("/ocsp", "https://ca.example/ocsp"),
        ("http://ocsp.example/q", "http://ocsp.example/q"),
    ],
)
def test_the_responder_is_where_the_operator_says(
    shared_world: World, responder: str, url: str
) -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=bytes(MAX_STATUS))

    answer = through(shared_world, respond, responder).status(b"question")

    assert (str(seen[0].url), seen[0].method) == (url, "POST")
    assert seen[0].headers["content-type"] == "application/ocsp-request"
    assert (seen[0].content, len(answer)) == (b"question", MAX_STATUS)
