"""A PID as mdoc through the whole SAM: the same person, the same approvals."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from openid4vp.request import Transaction
from sam import audit, errors
from sam import messages as m
from tests.openid4vp import mdoc_builder, wallet
from tests.openid4vp.mdoc_builder import Mdoc
from tests.openid4vp.wallet import Answer, Presentation
from tests.sam.callers import Holder
from tests.sam.world import World
from wallet_emulator.wallet import SIGNING_PASS, Wallet

NUMBER = "199001019802"


class Person:
    """Holds both encodings of one PID, of one provider, and a signing pass."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.holder = Holder(world, Wallet(world.folder / "wallet of both"))
        self.holder.take_pass(self.identify())

    def identify(self) -> str:
        tx = self.world.open_identify(m.Grant.PASS)
        submitted = self.world.submit(tx, self.answer(tx, pid_mdoc=self.mdoc))
        assert submitted.handle is not None
        return submitted.handle

    def answer(self, tx: str, **made: Callable[[Transaction], Any]) -> str:
        """The form a wallet posts, after it fetched the request."""
        self.world.client.request(m.Request(tx=tx))
        asked = Transaction.from_json(self.world.row(tx)["protocol"])
        presented = {query_id: [make(asked).text()] for query_id, make in made.items()}
        return Answer(transaction=asked, vp_token=presented).body().decode()

    def mdoc(self, asked: Transaction) -> Mdoc:
        held = mdoc_builder.pid(asked)
        number = mdoc_builder.item(12, "personal_administrative_number", NUMBER)
        held.items[mdoc_builder.PID].append(number)
        return held

    def sd_jwt(self, asked: Transaction) -> Presentation:
        held = wallet.pid(asked)
        held.kb_payload["iat"] = int(self.world.clock.now.timestamp())
        return held

    def signing_pass(self, asked: Transaction) -> Presentation:
        issued = self.holder.wallet.credential(SIGNING_PASS)
        assert issued is not None
        held = wallet.signing_pass(asked)
        held.kb_payload["iat"] = int(self.world.clock.now.timestamp())
        held.edit_issuer_jwt = lambda _: issued.sd_jwt.issuer_jwt
        held.holder_key = issued.key
        return held


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("either")
    with closing(World(folder)) as made:
        made.trust_pid_provider("se-pid", SimpleNamespace(ca=wallet.PID_ROOT))  # type: ignore[arg-type]
        yield made


@pytest.fixture(scope="module")
def person(world: World) -> Person:
    return Person(world)


def signer_of(world: World, tx: str) -> bytes:
    signer: bytes = world.row(tx)["signer_id"]
    return signer


def test_the_request_names_both_formats(world: World) -> None:
    signed = world.client.request(m.Request(tx=world.open_sign().tx))

    payload = base64.urlsafe_b64decode(signed.request_object.split(".")[1] + "==")
    metadata = json.loads(payload)["client_metadata"]
    assert list(metadata["vp_formats_supported"]) == ["dc+sd-jwt", "mso_mdoc"]


def test_both_encodings_lead_to_one_signer(world: World, person: Person) -> None:
    first, second = world.open_identify(), world.open_identify()

    world.submit(first, person.answer(first, pid_mdoc=person.mdoc))
    world.submit(second, person.answer(second, pid=person.sd_jwt))

    assert signer_of(world, first) == signer_of(world, second)


@pytest.mark.parametrize("encoding", ["pid", "pid_mdoc"])
def test_a_pass_approves_beside_either_encoding(
    world: World, person: Person, encoding: str
) -> None:
    """The pass was issued on the mdoc PID."""
    make = person.mdoc if encoding == "pid_mdoc" else person.sd_jwt
    tx = world.open_sign(handle=person.identify()).tx

    body = person.answer(tx, **{encoding: make}, signing_pass=person.signing_pass)

    assert world.submit(tx, body).outcome == "approved"
    assert world.finish(tx).signatures


def test_the_statement_holds_the_digest_of_the_mdoc(
    world: World, person: Person
) -> None:
    tx = world.open_sign().tx
    asked = Transaction.from_json(world.row(tx)["protocol"])
    text = person.mdoc(asked).text()

    world.submit(
        tx, person.answer(tx, pid_mdoc=person.mdoc, signing_pass=person.signing_pass)
    )

    record = json.loads(world.audited(audit.Event.ANSWER_VERIFIED)[-1])
    digest = mdoc_builder.sha256(text.encode()).hex()
    assert record["pid_presentation_sha256"] == digest
    statement = json.loads(world.finish(tx).evidence["statement.json"])
    assert statement["pid"] == {"provider": "se-pid", "presentation_sha256": digest}


@pytest.mark.parametrize(
    ("equals", "verdict"), [("1990-01-01", True), ("1990-01-02", False)]
)
def test_a_rule_is_answered_from_an_mdoc(
    world: World, person: Person, equals: str, verdict: bool
) -> None:
    tx = world.open_identify(rules={"birthdate": equals})

    submitted = world.submit(tx, person.answer(tx, pid_mdoc=person.mdoc))

    assert submitted.match is verdict


def unnamed(held: Mdoc) -> None:
    held.items[mdoc_builder.PID].pop()


def of_the_rogue(held: Mdoc) -> None:
    held.issuer_key = wallet.key("rogue")


def of_another_type(held: Mdoc) -> None:
    held.doc_type = "org.iso.18013.5.1.mDL"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(unnamed, "query_not_satisfied", id="no-identifier"),
        pytest.param(of_the_rogue, "signature_invalid", id="forged"),
        pytest.param(
            of_another_type, "credential_type_not_accepted", id="G53-another-type"
        ),
    ],
)
def test_an_mdoc_that_is_not_the_persons_pid_is_refused(
    world: World, person: Person, change: Callable[[Mdoc], None], reason: str
) -> None:
    def changed(asked: Transaction) -> Mdoc:
        held = person.mdoc(asked)
        change(held)
        return held

    tx = world.open_identify()

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, person.answer(tx, pid_mdoc=changed))

    assert world.row(tx)["state"] == m.State.OPEN
    refusal = json.loads(world.audited(audit.Event.ANSWER_REFUSED)[-1])
    assert refusal["reason"] == reason


def test_both_encodings_at_once_are_refused(world: World, person: Person) -> None:
    tx = world.open_identify()

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, person.answer(tx, pid=person.sd_jwt, pid_mdoc=person.mdoc))


def test_an_mdoc_alone_approves_nothing(world: World, person: Person) -> None:
    tx = world.open_sign().tx

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, person.answer(tx, pid_mdoc=person.mdoc))
