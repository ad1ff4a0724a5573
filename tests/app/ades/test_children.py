import os
import threading
import time
from collections.abc import Iterator

import pytest

from app.ades import frames
from app.ades.children import ChildGoneError, Children
from app.ades.documents import (
    MAX_IMAGE_BYTES,
    MAX_TEXT_BYTES,
    PNG,
    CmsParts,
    Documents,
    Limits,
)
from app.ades.errors import (
    DocumentsUnavailableError,
    EmbeddingError,
    UnsignableDocumentError,
)
from tests.app.ades.pki import NOW

PROBES = "tests.app.ades.probes"


def start(**changes: object) -> Children:
    usual: dict[str, object] = {
        "jobs": PROBES,
        "cpu_seconds": 1,
        "memory_bytes": 400 << 20,
        "wall_seconds": 20.0,
        "concurrent": 2,
    }
    return Children(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    children = start()
    yield children
    children.close()


def run(children: Children, job: str, **arguments: object) -> frames.Frame:
    request = frames.encode({"job": job, "arguments": arguments})
    return frames.decode(children.run(request, max_reply=1 << 20))


def test_an_endless_loop_ends_with_its_cpu_time(children: Children) -> None:
    started = time.monotonic()

    with pytest.raises(ChildGoneError, match="without a reply"):
        run(children, "spin")

    assert time.monotonic() - started < 15


def test_a_child_that_waits_is_killed_on_time() -> None:
    children = start(wall_seconds=0.5)
    run(children, "status")
    started = time.monotonic()

    with pytest.raises(ChildGoneError, match="out of time"):
        run(children, "sleep")

    assert time.monotonic() - started < 15
    children.close()


@pytest.fixture
def patient_children() -> Iterator[Children]:
    """On a busy machine, using up memory takes seconds of CPU time."""
    children = start(cpu_seconds=15)
    yield children
    children.close()


@pytest.mark.parametrize("job", ["hog", "hog-slowly"])
def test_a_child_that_wants_too_much_memory_is_refused(
    patient_children: Children, job: str
) -> None:
    assert run(patient_children, job).header == {
        "outcome": "refused",
        "code": "document_too_complex",
    }


def test_a_reply_that_is_too_long_is_cut_off(children: Children) -> None:
    with pytest.raises(ChildGoneError, match="too long"):
        run(children, "shout")


def test_a_child_that_vanishes_is_noticed(children: Children) -> None:
    with pytest.raises(ChildGoneError, match="without a reply"):
        run(children, "vanish")


def test_no_child_is_left_behind() -> None:
    children = start(wall_seconds=0.3)
    with pytest.raises(ChildGoneError):
        run(children, "sleep")
    run(children, "status")
    server = children._server
    assert server is not None

    path = f"/proc/{server._process.pid}/task/{server._process.pid}/children"
    time.sleep(0.1)
    run(children, "status")
    with open(path) as listing:
        left = listing.read().split()

    assert len(left) <= 1  # the last one, ended, until the next request reaps it
    children.close()


def test_a_dead_server_is_replaced(children: Children) -> None:
    run(children, "status")
    server = children._server
    assert server is not None

    server._process.kill()
    server._process.wait()

    assert run(children, "status").header["outcome"] == "done"


def test_a_server_that_cannot_start_is_unavailable() -> None:
    children = start(jobs="tests.app.ades.there_is_no_such_module")

    with pytest.raises(DocumentsUnavailableError, match="did not start"):
        run(children, "status")


def test_children_run_from_many_threads(children: Children) -> None:
    outcomes = []

    def work() -> None:
        outcomes.append(run(children, "status").header["outcome"])

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == ["done"] * 12


def test_when_all_places_are_taken_the_next_is_told_so() -> None:
    children = start(wall_seconds=2.0, concurrent=1)
    run(children, "status")
    busy = threading.Thread(target=_ignore_the_end, args=(children,))
    busy.start()
    time.sleep(0.1)

    children._wall_seconds = 0.2
    with pytest.raises(DocumentsUnavailableError, match="busy"):
        run(children, "status")

    busy.join()
    children.close()


def _ignore_the_end(children: Children) -> None:
    with pytest.raises(ChildGoneError):
        run(children, "sleep")


def test_a_forked_process_starts_its_own_server(children: Children) -> None:
    """gunicorn forks workers; two processes must not share one control socket."""
    run(children, "status")
    reading, writing = os.pipe()

    worker = os.fork()
    if worker == 0:
        outcome = str(run(children, "status").header["outcome"])
        os.write(writing, outcome.encode())
        children.close()
        os._exit(0)
    os.waitpid(worker, 0)

    assert os.read(reading, 10) == b"done"
    assert run(children, "status").header["outcome"] == "done"
    os.close(reading)
    os.close(writing)


def test_the_environment_is_not_handed_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QES_DATABASE_URL", "postgresql://secret")
    children = start()
    run(children, "status")
    server = children._server
    assert server is not None

    with open(f"/proc/{server._process.pid}/environ", "rb") as environment:
        inherited = environment.read()

    assert b"secret" not in inherited
    children.close()


def test_a_module_missing_in_the_warm_server_is_our_fault(children: Children) -> None:
    assert run(children, "import-late").header["outcome"] == "unready"


@pytest.fixture(scope="module")
def liars() -> Iterator[Documents]:
    """Documents whose children answer only with what ``probes`` lets them say."""
    documents = Documents(Limits(cpu_seconds=2), jobs=PROBES)
    yield documents
    documents.close()


LIES = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"\0\0\0\2{}", id="no-blobs"),
    pytest.param(b"\xff\xff\xff\xff", id="huge-header"),
    pytest.param(b"\x80\x04\x95" + b"cos\nsystem\n(S'id'\ntR.", id="a-pickle"),
    pytest.param(b"".join(frames.encode({"outcome": "done"})), id="no-result"),
    pytest.param(
        b"".join(frames.encode({"outcome": "refused", "code": "x"})), id="unknown-code"
    ),
    pytest.param(b"".join(frames.encode({"outcome": "magic"})), id="unknown-outcome"),
    pytest.param(
        b"".join(
            frames.encode(
                {
                    "outcome": "done",
                    "result": {
                        "byte_range": [0, 10, 20, 1],
                        "page_count": 1,
                        "findings": [],
                        "earlier_signatures": [],
                    },
                },
                [b"%PDF-another file"],
            )
        ),
        id="another-file",
    ),
]


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_lies_cannot_prepare(
    liars: Documents, monkeypatch: pytest.MonkeyPatch, lie: bytes
) -> None:
    _answer_with(liars, monkeypatch, lie)

    with pytest.raises(UnsignableDocumentError):
        liars.prepare(b"%PDF-1.7 the person's file", signed_at=NOW)


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_lies_gets_no_verdict_of_valid(
    liars: Documents, monkeypatch: pytest.MonkeyPatch, lie: bytes
) -> None:
    _answer_with(liars, monkeypatch, lie)

    assert not liars.validate(b"%PDF-1.7", anchors=[], at=NOW).valid


PERSONS = b"%PDF-1.7 the person's file"
UPDATE = b"<0000>end"


def prepared_reply(content: bytes, before: int, resume: int, after: int) -> bytes:
    facts = {
        "byte_range": [0, before, resume, after],
        "page_count": 1,
        "findings": [],
        "earlier_signatures": [],
    }
    return b"".join(frames.encode({"outcome": "done", "result": facts}, [content]))


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(
            prepared_reply(PERSONS.replace(b"7", b"6") + UPDATE, 26, 32, 3),
            id="another-document",
        ),
        pytest.param(
            prepared_reply(PERSONS + b"<0000>end", 26, 32, 2), id="the-end-left-out"
        ),
        pytest.param(
            prepared_reply(PERSONS + b"<00ff>end", 26, 32, 3), id="a-filled-gap"
        ),
    ],
)
def test_a_child_cannot_pass_off_another_file_as_prepared(
    liars: Documents, monkeypatch: pytest.MonkeyPatch, lie: bytes
) -> None:
    _answer_with(liars, monkeypatch, lie)

    with pytest.raises(UnsignableDocumentError, match="damaged"):
        liars.prepare(PERSONS, signed_at=NOW)


def test_a_gap_inside_the_persons_bytes_is_not_accepted(
    liars: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in the gap is not signed: it must not be theirs."""
    theirs = b"%PDF-1.7 <0000> their file"
    _answer_with(liars, monkeypatch, prepared_reply(theirs + b"%", 9, 15, 12))

    with pytest.raises(UnsignableDocumentError, match="damaged"):
        liars.prepare(theirs, signed_at=NOW)


def test_a_file_that_takes_the_second_child_too_long_is_not_prepared(
    liars: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = b"".join(
        frames.encode({"outcome": "refused", "code": "document_too_complex"})
    )
    _answer_in_turn(liars, monkeypatch, HONEST, gone)

    with pytest.raises(UnsignableDocumentError, match="too complex"):
        liars.prepare(PERSONS, signed_at=NOW)


HONEST = prepared_reply(PERSONS + UPDATE, 26, 32, 3)


def increment_reply(**facts: object) -> bytes:
    return b"".join(frames.encode({"outcome": "done", "result": facts}))


def test_an_honest_reply_is_accepted(
    liars: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the lies above and below: this one differs from each by one thing."""
    checked = increment_reply(tool="increments 1", byte_range=[0, 26, 32, 3])
    _answer_in_turn(liars, monkeypatch, HONEST, checked)

    prepared = liars.prepare(PERSONS, signed_at=NOW)

    assert (prepared.page_count, prepared.checked_by) == (1, "increments 1")


@pytest.mark.parametrize(
    "checked",
    [
        pytest.param(
            increment_reply(tool="1", byte_range=[0, 26, 32, 3], complaint="A page."),
            id="something-does-not-fit",
        ),
        pytest.param(
            increment_reply(tool="1", byte_range=[0, 26, 30, 5]), id="another-signature"
        ),
        pytest.param(increment_reply(tool="1"), id="no-signature"),
        pytest.param(increment_reply(byte_range=[0, 26, 32, 3]), id="by-nobody"),
        pytest.param(
            b"".join(frames.encode({"outcome": "fault", "detail": "x"})), id="a-fault"
        ),
    ],
)
def test_a_file_that_the_second_child_does_not_clear_is_not_prepared(
    liars: Documents, monkeypatch: pytest.MonkeyPatch, checked: bytes
) -> None:
    _answer_in_turn(liars, monkeypatch, HONEST, checked)

    with pytest.raises(UnsignableDocumentError, match="without changing more of it"):
        liars.prepare(PERSONS, signed_at=NOW)


def test_a_child_that_lies_cannot_replace_the_prepared_file(
    liars: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = b"%PDF-1.7 <00> rest"
    other = b"%PDF-1.6 <ab> rest"
    lie = b"".join(frames.encode({"outcome": "done", "result": {}}, [other]))
    _answer_with(liars, monkeypatch, lie)
    parts = CmsParts(signed_attributes=b"", signature=b"", chain=())

    with pytest.raises(EmbeddingError, match="differs outside the gap"):
        liars.embed(prepared, (0, 9, 13, 5), parts)


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(b"<script>alert(1)</script>", id="no-image"),
        pytest.param(PNG + bytes(MAX_IMAGE_BYTES), id="too-large"),
    ],
)
def test_a_child_that_lies_cannot_pass_off_something_else_as_an_image(
    liars: Documents, monkeypatch: pytest.MonkeyPatch, lie: bytes
) -> None:
    _reply_with(liars, monkeypatch, lie)

    with pytest.raises(UnsignableDocumentError):
        liars.render_page(PERSONS, page=1, width=400)


def test_a_child_that_lies_cannot_flood_us_with_text(
    liars: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    _reply_with(liars, monkeypatch, b"x" * (MAX_TEXT_BYTES + 1))

    with pytest.raises(UnsignableDocumentError):
        liars.page_text(PERSONS, page=1)


def test_an_honest_page_is_accepted(
    liars: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the two lies above."""
    _reply_with(liars, monkeypatch, PNG + b"rest")

    assert liars.render_page(PERSONS, page=1, width=400) == PNG + b"rest"


def _answer_in_turn(
    documents: Documents, monkeypatch: pytest.MonkeyPatch, *replies: bytes
) -> None:
    left = iter(replies)
    monkeypatch.setattr(
        documents._children, "run", lambda _job, *, max_reply: next(left)
    )


def _reply_with(
    documents: Documents, monkeypatch: pytest.MonkeyPatch, blob: bytes
) -> None:
    """A reply too long for ``_answer_with``: as it comes out of the pipe."""
    reply = b"".join(frames.encode({"outcome": "done", "result": {}}, [blob]))
    monkeypatch.setattr(documents._children, "run", lambda _job, *, max_reply: reply)


def _answer_with(
    documents: Documents, monkeypatch: pytest.MonkeyPatch, lie: bytes
) -> None:
    """Send every job as ``lie``: the child writes these bytes as they are."""
    honest = documents._children.run
    request = frames.encode({"job": "lie", "arguments": {"bytes": lie.hex()}})
    monkeypatch.setattr(
        documents._children,
        "run",
        lambda _job, *, max_reply: honest(request, max_reply=max_reply),
    )
