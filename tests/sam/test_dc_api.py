"""Asked through browsers: for our own origin, for identifications, where allowed."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from sam import errors
from sam import messages as m
from sam.config import SamConfig
from sam.server import Server
from tests.sam.callers import BASE_URL, Holder
from tests.sam.files import described, prepared
from tests.sam.world import World
from wallet_emulator import dc_api
from wallet_emulator.answer import Change, Draft, Stage, no_change
from wallet_emulator.errors import RequestNotAuthenticError
from wallet_emulator.mdoc.transcript import session_transcript
from wallet_emulator.wallet import MDOC_FORMAT, SD_JWT_FORMAT


@pytest.fixture
def world(world: World) -> World:
    world.restart(world.sam.config.model_copy(update={"dc_api": True}))
    return world


def open_in_browser(world: World, *, alone: bool = False) -> str:
    grants = () if alone else (m.Grant.PASS,)
    call = m.OpenIdentify(grants=grants, alone=alone, dc_api=True)
    return world.client.open_identify(call).tx


def request(world: World, tx: str) -> str:
    return world.client.request(m.Request(tx=tx)).request_object


def claims(signed: str) -> dict[str, Any]:
    payload = signed.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return found


def answered(
    world: World,
    person: Holder,
    tx: str,
    change: Change = no_change,
    prefer: str | None = None,
) -> str:
    """What the browser hands to our page, as the page posts it."""
    data = dc_api.present(
        request(world, tx),
        origin=BASE_URL,
        wallet=person.wallet,
        access_roots=[world.access_root],
        now=world.clock.now,
        change=change,
        prefer=prefer,
    )
    return json.dumps(data)


def test_the_origin_is_of_the_sams_own_settings(world: World) -> None:
    asked = claims(request(world, open_in_browser(world)))

    assert asked["expected_origins"] == [BASE_URL]
    assert asked["response_mode"] == "dc_api.jwt"
    assert asked.keys().isdisjoint({"state", "response_uri", "transaction_data"})


@pytest.mark.parametrize("encoding", [SD_JWT_FORMAT, MDOC_FORMAT])
def test_an_identification_yields_a_handle(
    world: World, erika: Holder, encoding: str
) -> None:
    tx = open_in_browser(world)

    submitted = world.submit(tx, answered(world, erika, tx, prefer=encoding))

    assert submitted.outcome == "identified"
    assert submitted.display_name == "Erika Mustermann"
    assert submitted.handle is not None


def test_the_person_is_the_same_as_by_a_link(world: World, erika: Holder) -> None:
    linked, tx = world.open_identify(m.Grant.PASS), open_in_browser(world)
    world.submit(linked, erika.answer(linked))
    world.submit(tx, answered(world, erika, tx))

    assert world.row(tx)["signer_id"] == world.row(linked)["signer_id"]


def test_identification_alone_yields_a_name(world: World, erika: Holder) -> None:
    tx = open_in_browser(world, alone=True)

    submitted = world.submit(tx, answered(world, erika, tx))

    assert submitted.outcome == "identified_alone"


def test_it_is_off_unless_the_settings_say_otherwise(world: World) -> None:
    world.restart(world.sam.config.model_copy(update={"dc_api": False}))

    assert SamConfig.model_fields["dc_api"].default is False
    with pytest.raises(errors.NotOfferedError):
        open_in_browser(world)
    assert world.transactions() == 0


@pytest.mark.parametrize(
    "member",
    [
        {"dc_api": True},
        {"origin": "https://evil.example"},
        {"expected_origins": ["https://evil.example"]},
        {"response_mode": "dc_api.jwt"},
    ],
    ids=lambda member: next(iter(member)),
)
def test_no_signature_is_asked_for_through_a_browser(
    world: World, member: dict[str, Any]
) -> None:
    content = prepared(b"%PDF lease")
    call = m.OpenSign(documents=(described(content),)).model_dump(mode="json")

    answer = raw(world, "open_sign", json.dumps(call | member).encode(), content)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_call")
    assert world.transactions() == 0


def test_no_caller_names_the_origin(world: World) -> None:
    call = {"grants": [], "dc_api": True, "origin": "https://evil.example"}

    answer = raw(world, "open_identify", json.dumps(call).encode())

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_call")


def raw(world: World, name: str, *lines: bytes) -> httpx.Response:
    with httpx.Client(
        transport=httpx.WSGITransport(app=Server(world.sam)), base_url="http://s"
    ) as http:
        return http.post(f"/{name}", content=b"\n".join(lines))


def aud(value: str) -> Change:
    def change(stage: Stage, draft: Draft) -> None:
        if stage is Stage.KEY_BINDING:
            for shown in draft.presentations.values():
                shown.kb_claims["aud"] = value

    return change


def redirect_handover(stage: Stage, draft: Draft) -> None:
    if stage is Stage.KEY_BINDING:
        for shown in draft.mdocs.values():
            shown.transcript = session_transcript(
                client_id=draft.request.client_id,
                nonce=draft.request.nonce,
                jwk_thumbprint=draft.jwk_thumbprint,
                response_uri=BASE_URL,
            )


def by_form(body: str) -> str:
    return urlencode(json.loads(body))


def two(body: str) -> str:
    return f"[{body},{body}]"


def twice(body: str) -> str:
    return body[:-1] + "," + body[1:]


HOSTILE = [
    pytest.param(aud("origin:https://evil.example"), str, None, id="other-origin"),
    pytest.param(aud(f"origin:{BASE_URL}/"), str, None, id="trailing-slash"),
    pytest.param(aud("origin:https://localhost:8000"), str, None, id="other-scheme"),
    pytest.param(aud(BASE_URL), str, None, id="no-prefix"),
    pytest.param(redirect_handover, str, MDOC_FORMAT, id="handover-of-a-redirect"),
    pytest.param(no_change, by_form, None, id="as-a-form"),
    pytest.param(no_change, two, None, id="two-answers"),
    pytest.param(no_change, twice, None, id="member-twice"),
    pytest.param(no_change, lambda _: "{}", None, id="empty"),
    pytest.param(no_change, lambda _: "null", None, id="null"),
    pytest.param(no_change, lambda _: '{"vp_token":{}}', None, id="unencrypted"),
]


@pytest.mark.parametrize(("change", "edit", "prefer"), HOSTILE)
def test_a_hostile_answer_changes_nothing(
    world: World,
    erika: Holder,
    change: Change,
    edit: Callable[[str], str],
    prefer: str | None,
) -> None:
    tx = open_in_browser(world)
    body = edit(answered(world, erika, tx, change, prefer))

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, body)

    assert world.row(tx)["state"] == m.State.OPEN
    assert world.handles_of(tx) == 0
    assert world.submit(tx, answered(world, erika, tx)).outcome == "identified"


def test_the_client_id_is_no_audience_here(world: World, erika: Holder) -> None:
    tx = open_in_browser(world)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, answered(world, erika, tx, aud(world.client_id)))


def test_an_answer_is_for_one_transaction(world: World, erika: Holder) -> None:
    tx, other = open_in_browser(world), open_in_browser(world)
    body = answered(world, erika, tx)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(other, body)
    assert world.submit(tx, body) == world.submit(tx, body)


def test_the_second_of_two_answers_changes_nothing(
    world: World, erika: Holder, asa: Holder
) -> None:
    tx = open_in_browser(world)
    second = answered(world, asa, tx)
    world.submit(tx, answered(world, erika, tx))

    with pytest.raises(errors.AlreadyAnsweredError):
        world.submit(tx, second)


def test_an_origin_is_no_audience_of_an_approval(world: World, erika: Holder) -> None:
    tx = world.open_sign().tx

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, erika.answer(tx, aud(f"origin:{BASE_URL}")))

    assert world.row(tx)["state"] == m.State.OPEN


def test_a_browsers_answer_is_none_to_a_link(world: World, erika: Holder) -> None:
    linked, tx = world.open_identify(m.Grant.PASS), open_in_browser(world)

    with pytest.raises(errors.AnswerRefusedError):
        world.submit(linked, answered(world, erika, tx))
    with pytest.raises(errors.AnswerRefusedError):
        world.submit(tx, erika.answer(linked))


def test_a_wallet_answers_no_other_origin(world: World, erika: Holder) -> None:
    """The emulator's part of the bargain: a request carried off is of no use."""
    signed = request(world, open_in_browser(world))

    with pytest.raises(RequestNotAuthenticError, match="expected_origins"):
        dc_api.present(
            signed,
            origin="https://evil.example",
            wallet=erika.wallet,
            access_roots=[world.access_root],
            now=world.clock.now,
        )


def test_it_survives_a_restart(world: World, erika: Holder) -> None:
    tx = open_in_browser(world)
    body = answered(world, erika, tx)
    world.restart()

    assert world.submit(tx, body).outcome == "identified"
