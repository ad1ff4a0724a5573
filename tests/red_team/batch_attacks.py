"""Ways to sign another set of documents than the one a person approved at once."""

import io
from itertools import pairwise

import pytest

from sam import errors
from sam import messages as m
from tests.red_team.attacks import Attack
from tests.red_team.stage import Stage
from tests.sam.files import described, prepared
from wallet_emulator.keys import new_key
from wallet_emulator.sd_jwt import SdJwt
from wallet_emulator.wallet import SIGNING_PASS

MENU, LEASE, LOAN = (prepared(b"%PDF " + n) for n in (b"menu", b"lease", b"loan"))
REFUSED = errors.AnswerRefusedError


def finish_a_batch_with_other_digests(stage: Stage) -> None:
    """One exchanged, one more, one twice, swapped, none: ``finish`` takes no list."""
    victim = stage.person("erika")
    opened = stage.open_sign(MENU, LEASE)
    stage.submit(opened.tx, victim.answer(opened.tx))
    menu, lease = (d.sdr for d in opened.documents)
    loan = "00" * 32
    for digests in (
        [menu, loan],
        [menu, lease, loan],
        [menu, menu],
        [lease, menu],
        [menu],
        [],
    ):
        body = {"tx": opened.tx, "digests": digests}
        assert stage.raw("finish", body).json()["code"] == "malformed_call"
    assert stage.client.status(opened.tx).state is m.State.VERIFIED
    stage.client.abort(opened.tx)


def replay_an_approval_on_another_batch(stage: Stage) -> None:
    """The answer for two documents, posted to every set made of them."""
    victim = stage.person("erika")
    first = stage.open_sign(MENU, LEASE).tx
    approval = victim.answer(first)
    stage.submit(first, approval)
    stage.client.abort(first)
    for batch in (
        (MENU, LEASE),
        (LEASE, MENU),
        (MENU,),
        (MENU, LEASE, LOAN),
        (MENU, MENU),
        (MENU, LOAN),
    ):
        tx = stage.open_sign(*batch).tx
        with pytest.raises(REFUSED):
            stage.submit(tx, approval)
        with pytest.raises(errors.NotVerifiedError):
            stage.finish(tx)
        stage.client.abort(tx)


def batches_that_are_none(stage: Stage) -> None:
    """No document, too many, and other bytes than the list states."""
    listed = described(MENU).model_dump(mode="json")
    for count in (0, m.MAX_DOCUMENTS + 1):
        refused = stage.open_raw(MENU * max(1, count), documents=[listed] * count)
        assert refused.json()["code"] == "malformed_call"
    call = m.OpenSign(documents=(described(MENU), described(LEASE)))
    for contents in ((MENU,), (MENU, LEASE, LOAN), (MENU, LEASE[:-1]), (MENU, b"")):
        with pytest.raises(errors.MalformedCallError):
            stage.client.open_sign(call, [io.BytesIO(content) for content in contents])


def confuse_the_labels_of_a_batch(stage: Stage) -> None:
    """Equal names, names with line ends, names that imitate the next label: the wallet
    shows one label for each signature, and equal names differ in their codes."""
    victim = stage.person("erika")
    names = (
        ("lease.pdf", "lease.pdf", "lease.pdf"),
        ("lease.pdf\nTEST · menu.pdf · 1234 5678", "menu.pdf", "\u2028"),
        ("a" * 255, "a" * 254 + "b", "a" * 47 + "…"),
    )
    for batch in names:
        call = m.OpenSign(
            documents=tuple(
                described(content, name=name)
                for content, name in zip((MENU, LEASE, LOAN), batch, strict=True)
            )
        )
        files = [io.BytesIO(content) for content in (MENU, LEASE, LOAN)]
        opened = stage.client.open_sign(call, files)
        (approval,) = victim.request(opened.tx).transaction_data
        labels = [shown.label for shown in approval.documents]
        digests = [shown.digest.hex() for shown in approval.documents]
        assert labels == [d.label for d in opened.documents]
        assert digests == [d.sdr for d in opened.documents]
        assert len(set(labels)) == len(labels) == len(batch)
        assert all(label.isprintable() for label in labels)
        assert all(a.split(" · ")[2] != b.split(" · ")[2] for a, b in pairwise(labels))
        stage.client.abort(opened.tx)


def one_document_twice(stage: Stage) -> None:
    """Two signatures are asked for and shown as two, of one code and one digest."""
    victim = stage.person("erika")
    opened = stage.open_sign(LOAN, LOAN)
    (approval,) = victim.request(opened.tx).transaction_data
    assert len(approval.documents) == len(opened.documents)
    assert len({d.digest for d in approval.documents}) == 1
    assert len({d.label for d in approval.documents}) == 1
    stage.client.abort(opened.tx)


def a_pass_without_the_grant(stage: Stage) -> None:
    """Grants are fixed when an identification is opened, and none is for all."""
    thief = stage.person("asa", holds_pass=False)
    tx = stage.open_identify()
    handle = stage.submit(tx, thief.answer(tx)).handle
    assert handle is not None
    with pytest.raises(errors.NotGrantedError):
        thief.take_pass(handle)


def cross_a_key_proof_with_another_handle(stage: Stage) -> None:
    """The victim's key proof passes through the web tier, which spends it on the
    attacker's handle: such a pass is of no use to either."""
    victim, thief = stage.person("erika", holds_pass=False), stage.person("asa")
    key = new_key()
    proof = victim.proof(key)
    issued = stage.issue_pass(stage.identify(thief), proof)
    victim.wallet.hold(SIGNING_PASS, SdJwt.parse(issued), key)
    tx = stage.open_sign().tx
    with pytest.raises(REFUSED):
        stage.submit(tx, victim.answer(tx))
    with pytest.raises(errors.NonceRefusedError):
        stage.issue_pass(stage.identify(victim), proof)
    stage.client.abort(tx)


ATTACKS: tuple[Attack, ...] = (
    finish_a_batch_with_other_digests,
    replay_an_approval_on_another_batch,
    batches_that_are_none,
    confuse_the_labels_of_a_batch,
    one_document_twice,
    a_pass_without_the_grant,
    cross_a_key_proof_with_another_handle,
)
