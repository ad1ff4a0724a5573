"""Ways to misuse what the SAM does for the free tier: pseudonyms, purpose, terms.

What a tag does tell is asserted too: that two handles or approvals of one period are of
one person (``docs/adr/0009-quota-tags.md``), and nothing else.
"""

import hashlib
from datetime import timedelta

import pytest

from sam import errors
from sam import messages as m
from tests.red_team.attacks import Attack
from tests.red_team.stage import Stage
from tests.sam.files import prepared
from wallet_emulator.persons import PERSONS

LOAN = prepared(b"%PDF loan contract")


def tag(stage: Stage, **call: str | None) -> m.QuotaTagged:
    """Of now, unless told otherwise."""
    return stage.client.quota_tag(m.QuotaTag.model_validate({**now(stage), **call}))


def now(stage: Stage) -> dict[str, str | None]:
    period = stage.period_at(stage.watch.now)
    return {"policy": stage.rule.id, "period": period}


def tags_of_nobody_who_is_there(stage: Stage) -> None:
    """No tag of an unanswered, a public, an ended or a login transaction."""
    victim = stage.person("erika")
    unanswered = stage.open_sign(purpose="private").tx
    public = stage.approved(victim)
    ended = stage.approved(victim, purpose="private")
    stage.client.abort(ended)
    login = stage.open_identify(m.Grant.PASS)
    stage.submit(login, victim.answer(login))
    for tx in (unanswered, public, ended, login):
        with pytest.raises(errors.NotVerifiedError):
            tag(stage, tx=tx)
        stage.client.abort(tx)
    with pytest.raises(errors.UnknownTransactionError):
        tag(stage, tx="A" * 32)


def tags_by_a_handle_that_is_none(stage: Stage) -> None:
    """Guessed, or of a login that was taken back."""
    victim = stage.person("erika", holds_pass=False)
    login = stage.open_identify(m.Grant.PASS)
    handle = stage.submit(login, victim.answer(login)).handle
    stage.client.abort(login)
    for guess in (handle, "A" * 43):
        with pytest.raises(errors.UnknownHandleError):
            tag(stage, handle=guess)


def tags_of_a_signer_by_name(stage: Stage) -> None:
    """A tag is asked for a person who is there: exactly one handle or approval."""
    handle = stage.identify(stage.person("erika", holds_pass=False))
    tx = stage.open_sign(purpose="private").tx
    for person in (
        {},
        {"handle": handle, "tx": tx},
        {"signer_id": "00" * 32},
        {"handle": handle, "signer_id": "00" * 32},
        {"handle": handle, "key_id": "00" * 16},
        {"handle": PERSONS["erika"].personal_administrative_number},
    ):
        assert stage.raw("quota_tag", {**now(stage), **person}).json()["code"] == (
            "malformed_call"
        )
    stage.client.abort(tx)


def tags_of_another_period(stage: Stage) -> None:
    """Yesterday, tomorrow, and periods of another length: none but now."""
    handle = stage.identify(stage.person("erika", holds_pass=False))
    today = stage.watch.now
    others = [stage.period_at(today + timedelta(days=d)) for d in (-400, -32, 32, 400)]
    week = today.date().isocalendar()
    lengths = [f"{today:%Y-%m-%d}", f"{week.year}-W{week.week:02}", f"{today:%Y}"]
    for period in (*others, *lengths, "0000"):
        with pytest.raises(errors.PeriodOverError):
            tag(stage, handle=handle, period=period)
    for spelling in ("", " 2026-11", "2026-11\n", "2026-1", "２０２６-11", "2026-11-2"):
        body = {"policy": stage.rule.id, "period": spelling, "handle": handle}
        assert stage.raw("quota_tag", body).json()["code"] == "malformed_call"


def tags_by_a_policy_of_its_own(stage: Stage) -> None:
    """The web tier's file says what it likes: the SAM knows the operator's only."""
    handle = stage.identify(stage.person("erika", holds_pass=False))
    rule = stage.rule.id
    for other in ("pl-like", f"{rule} ", rule.upper(), f"{rule}\n", "*"):
        with pytest.raises(errors.NoPolicyError):
            tag(stage, handle=handle, policy=other)
    body = {
        "policy": rule,
        "period": stage.period_at(stage.watch.now),
        "handle": handle,
        "cap": 1,
    }
    assert stage.raw("quota_tag", body).json()["code"] == "malformed_call"


def tags_as_an_oracle(stage: Stage) -> None:
    """Learnt: who is the same person within a period. Not learnt: who that is."""
    erika, asa = stage.person("erika"), stage.person("asa")
    tx = stage.approved(erika, purpose="private")
    by_approval = tag(stage, tx=tx)
    by_handle = tag(stage, handle=stage.identify(erika))
    of_another = tag(stage, handle=stage.identify(asa))
    assert by_approval == by_handle
    assert by_handle.tag != of_another.tag
    number = str(PERSONS["erika"].personal_administrative_number)
    held = [number, tx, by_handle.period, f"{stage.rule.id}{by_handle.period}"]
    assert by_handle.tag not in {hashlib.sha256(h.encode()).hexdigest() for h in held}
    assert number not in by_handle.model_dump_json()
    assert stage.client.status(tx).state is m.State.VERIFIED
    stage.client.abort(tx)


def purposes_of_its_own(stage: Stage) -> None:
    """The mark in the label is the purpose that was opened, and there is one."""
    victim = stage.person("erika")
    for purpose, marks in (("private", ["TEST", "private"]), (None, ["TEST"])):
        opened = stage.open_sign(LOAN, purpose=purpose)
        (shown,) = victim.request(opened.tx).transaction_data[0].documents
        assert shown.label.split(" · ")[:-2] == marks
        stage.client.abort(opened.tx)
    stage.client.abort(stage.open_raw(LOAN).json()["tx"])
    for claimed in (
        {"purpose": "work"},
        {"purpose": "Private"},
        {"purpose": ""},
        {"purpose": True},
        {"client": "ministry"},
        {"label": "TEST · menu.pdf · 1234 5678"},
    ):
        refused = stage.open_raw(LOAN, **claimed)
        assert refused.json()["code"] == "malformed_call"


def terms_versions_that_are_none(stage: Stage) -> None:
    """Too long, no text, no Unicode, or more than words: quotes, controls, bidi."""
    longest = stage.open_raw(LOAN, terms_version="t" * 64)
    stage.client.abort(longest.json()["tx"])
    no_text = (7, True, ["t"], {"t": "t"}, "\ud800", "")
    no_words = ('x", "purpose": null', "x\n", "\x1b[2J", "\u2028", "\u202e", "é")
    for terms in ("t" * 65, *no_text, *no_words):
        refused = stage.open_raw(LOAN, terms_version=terms)
        assert refused.json()["code"] == "malformed_call"


ATTACKS: tuple[Attack, ...] = (
    tags_of_nobody_who_is_there,
    tags_by_a_handle_that_is_none,
    tags_of_a_signer_by_name,
    tags_of_another_period,
    tags_by_a_policy_of_its_own,
    tags_as_an_oracle,
    purposes_of_its_own,
    terms_versions_that_are_none,
)
