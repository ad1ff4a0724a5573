"""Several nodes: what is tried again on another, and what is not."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from sam import errors
from sam import messages as m
from sam.client import CONNECT_SECONDS, REPEATABLE, SamClient
from sam.server import CALLS, CALLS_WITH_FILES

OK = m.Status(
    state=m.State.OPEN,
    purpose=m.Purpose.SIGN,
    expires_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
)
TX = "t" * 32
Reply = Callable[[httpx.Request], httpx.Response]


class Node:
    """Counts what reaches it, and answers as told."""

    def __init__(self, reply: Reply) -> None:
        self.reply, self.bodies = reply, list[bytes]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.read())
        return self.reply(request)


def well(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=OK.model_dump_json())


def unreached(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def silent(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone", request=request)


def slow(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("slow", request=request)


def refusing(error: type[errors.SamError]) -> Reply:
    refusal = m.Refusal(code=error.code, detail="").model_dump_json()
    return lambda _request: httpx.Response(error.status, content=refusal)


def client_of(*nodes: Node) -> SamClient:
    return SamClient(
        *(
            httpx.Client(transport=httpx.MockTransport(node), base_url="http://n")
            for node in nodes
        )
    )


TROUBLE = {
    "lost-reply": silent,
    "timeout": slow,
    "broken": refusing(errors.SamUnavailableError),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_a_repeatable_call_goes_to_the_next_node(trouble: Reply) -> None:
    first, second = Node(trouble), Node(well)

    assert client_of(first, second).status(TX).state == m.State.OPEN
    assert len(first.bodies) == len(second.bodies) == 1


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_a_call_that_is_not_repeatable_is_never_sent_twice(trouble: Reply) -> None:
    first, second = Node(trouble), Node(well)

    with pytest.raises(errors.SamUnavailableError):
        client_of(first, second).revoke_pass("h" * 43, m.ALL_PASSES)

    assert second.bodies == []


def test_a_node_that_is_not_reached_gives_way_for_every_call() -> None:
    reply = m.RevokedPasses(revoked=1).model_dump_json()
    second = Node(lambda _request: httpx.Response(200, content=reply))

    revoked = client_of(Node(unreached), second).revoke_pass("h" * 43, m.ALL_PASSES)

    assert revoked.revoked == 1


def test_a_refusal_is_the_answer_and_no_reason_to_ask_another() -> None:
    first, second = Node(refusing(errors.TransactionClosedError)), Node(well)

    with pytest.raises(errors.TransactionClosedError):
        client_of(first, second).status(TX)

    assert second.bodies == []


def test_it_stays_with_the_node_that_answered() -> None:
    first, second = Node(unreached), Node(well)
    client = client_of(first, second)

    for _ in range(3):
        client.status(TX)

    assert (len(first.bodies), len(second.bodies)) == (1, 3)


def test_it_comes_back_when_the_other_goes() -> None:
    first, second = Node(unreached), Node(well)
    client = client_of(first, second)
    client.status(TX)
    first.reply, second.reply = well, unreached

    assert client.status(TX).state == m.State.OPEN


def test_of_no_node_that_answers_the_last_ones_trouble_is_told() -> None:
    with pytest.raises(errors.SamUnavailableError, match="ReadTimeout"):
        client_of(Node(unreached), Node(slow)).status(TX)


def test_a_document_is_sent_whole_to_the_next_node() -> None:
    first, second = Node(silent), Node(refusing(errors.NotOfferedError))
    content = b"%PDF" + bytes(1000)
    call = m.OpenSign.model_construct(documents=())

    with pytest.raises(errors.NotOfferedError):
        client_of(first, second).open_sign(call, [io.BytesIO(content)])

    assert first.bodies == second.bodies
    assert second.bodies[0].endswith(content)


def test_only_the_last_node_is_waited_for_long() -> None:
    """A node that is busy signing shakes no hands; another may be free."""
    waited: list[object] = []

    def note(request: httpx.Request) -> httpx.Response:
        waited.append(request.extensions["timeout"]["connect"])
        return unreached(request)

    first, second = Node(note), Node(note)
    with pytest.raises(errors.SamUnavailableError):
        client_of(first, second).status(TX)

    assert waited == [CONNECT_SECONDS, 5.0]  # the latter: of the client itself


def test_repeatable_calls_are_calls() -> None:
    assert set(CALLS) | set(CALLS_WITH_FILES) >= REPEATABLE
    assert "revoke_pass" not in REPEATABLE
