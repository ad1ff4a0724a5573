"""The verifier of evidence, on real evidence: the good case, and every changed byte."""

import base64
import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping

import pytest

from app.verification import archive as a
from app.verification.evidence import Trust, verify
from app.verification.record_checks import README_SHA256
from app.verification.report import Outcome, Report
from sam.evidence import README
from tests.app.ades import pdfs
from tests.app.verification.conftest import Home, Sign, packed

MASKS = (0x01, 0x20, 0x80, 0x04, 0x10)
POSITIONS_PER_FILE = 60


def named(report: Report) -> set[str]:
    """The files that failing checks name."""
    return {file for check in report.failed for file in check.files}


def failing(report: Report) -> list[str]:
    return [check.name for check in report.failed]


def outcomes(report: Report) -> Mapping[str, Outcome]:
    return {check.name: check.outcome for check in report.checks}


def flips(content: bytes) -> list[tuple[int, int]]:
    """Positions spread over the whole file, ends included, with changing bits."""
    last, count = len(content) - 1, POSITIONS_PER_FILE
    spread = {round(i * last / (count - 1)) for i in range(count)}
    return [(p, MASKS[i % len(MASKS)]) for i, p in enumerate(sorted(spread))]


def flipped(content: bytes, position: int, mask: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= mask
    return bytes(changed)


def test_real_evidence_holds_in_every_check(home: Home) -> None:
    report = home.judged()

    assert set(outcomes(report).values()) == {Outcome.HOLDS}
    assert [check.number for check in report.checks] == list(range(1, 28))


@pytest.mark.parametrize("name", a.FILES)
def test_every_changed_byte_is_caught_by_a_check_that_names_its_file(
    home: Home, name: str
) -> None:
    """60 positions of each of seven files; README.txt and JSON whitespace included."""
    files = dict(home.files)
    content = files[name]

    missed = [
        (position, mask)
        for position, mask in flips(content)
        if name
        not in named(
            home.judged(
                files={**files, name: flipped(content, position, mask)}, documents={}
            )
        )
    ]

    assert len(flips(content)) == POSITIONS_PER_FILE
    assert missed == []


def test_a_changed_byte_of_a_signed_file_is_caught_outside_of_its_signature(
    home: Home,
) -> None:
    """And in the signature's own gap no change is taken for another good signature."""
    content = home.documents["lease.pdf"]
    start = content.index(b"<", content.index(b"/Contents"))
    gap = range(start, content.index(b">", start) + 1)

    missed = [
        position
        for position, mask in flips(content)
        if position not in gap
        and "lease.pdf"
        not in named(
            home.judged(documents={"lease.pdf": flipped(content, position, mask)})
        )
    ]

    assert missed == []


def in_gap(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """``change`` on the CMS inside a signed file, then padded as it was."""

    def changed(pdf: bytes) -> bytes:
        found = re.search(rb"/Contents <([0-9a-f]+)>", pdf)
        assert found
        cms = bytes.fromhex(found[1].decode()).rstrip(b"\0")
        text = change(cms).hex().encode().ljust(len(found[1]), b"0")
        return pdf[: found.start(1)] + text + pdf[found.end(1) :]

    return changed


@pytest.mark.parametrize(
    ("change", "check"),
    [
        pytest.param(lambda pdf: pdf, None, id="unchanged"),
        pytest.param(
            in_gap(lambda cms: flipped(cms, len(cms) - 1, 1)), "signature", id="value"
        ),
        pytest.param(
            in_gap(lambda cms: flipped(cms, cms.index(b"TEST"), 1)),
            "signature",
            id="certificate",
        ),
        pytest.param(in_gap(lambda _: b"\x30\x00"), "signature", id="no-cms"),
        pytest.param(in_gap(lambda cms: cms + b"!"), "signature", id="more-than-cms"),
        pytest.param(lambda pdf: b"x" + pdf, "digest", id="byte-before"),
        pytest.param(lambda pdf: pdf[:-1], "digest", id="cut"),
        pytest.param(lambda _: b"", "digest", id="empty"),
        pytest.param(lambda _: b"%PDF-1.7 no signature", "digest", id="unsigned"),
        pytest.param(
            lambda _: b"/ByteRange [0 1 2 3]" * 100_000, "digest", id="many-ranges"
        ),
    ],
)
def test_a_changed_signed_file_fails_by_name(
    home: Home, change: Callable[[bytes], bytes], check: str | None
) -> None:
    report = home.changed("lease.pdf", change)

    wanted = [] if check is None else [f"document_{check}:lease.pdf"]
    assert failing(report)[:1] == wanted


def test_an_addition_to_a_signed_file_is_said_and_left_to_the_other_command(
    home: Home,
) -> None:
    report = home.changed("lease.pdf", lambda pdf: pdf + b"\n% more")

    assert failing(report) == []
    assert outcomes(report)["document_whole:lease.pdf"] is Outcome.OPEN


def test_another_signed_file_is_refused(home: Home, sign: Sign) -> None:
    report = home.judged(documents={"other.pdf": sign(pdfs.of_pages(2))})

    assert failing(report) == ["document_digest:other.pdf"]


def test_the_same_file_signed_by_somebody_else_is_refused(
    home: Home, signed: bytes
) -> None:
    report = home.judged(documents={"other.pdf": signed})

    assert failing(report)[0] == "document_signature:other.pdf"
    assert "was signed under another certificate" in report.failed[0].sentence


def test_documents_not_given_are_not_proven(home: Home) -> None:
    one = {"letter.pdf": home.documents["letter.pdf"]}

    text = " ".join(home.judged(documents=one).not_proven)

    assert "1 of 2 were given" in text


def test_without_anchors_nothing_fails_and_the_issuer_is_not_established(
    home: Home,
) -> None:
    report = home.judged(trust=Trust())

    left = {n for n, o in outcomes(report).items() if o is Outcome.OPEN}
    assert left == {"request_anchor", "pass_anchor", "chain_anchor"}
    assert report.holds
    assert "anybody could have made these files" in " ".join(report.not_proven)


def test_that_only_a_signature_was_added_is_proven_by_a_parser(home: Home) -> None:
    text = " ".join(home.judged().proven)

    assert "lease.pdf is the file as it was brought, and a signature behind it" in text


def test_that_only_a_signature_was_added_is_left_open_without_one(home: Home) -> None:
    report = home.judged(parsing=False)

    left = {n for n, o in outcomes(report).items() if o is Outcome.OPEN}
    assert left == {f"document_structure:{name}" for name in home.documents}
    assert "which the SAM did not verify" in " ".join(report.not_proven)
    assert "as it was brought, and a signature" not in " ".join(report.proven)


def test_another_anchor_establishes_nothing(home: Home) -> None:
    other = [home.other_root]

    report = home.judged(trust=Trust(anchors=other, request_anchors=other))

    assert failing(report) == ["request_anchor", "pass_anchor", "chain_anchor"]


def test_what_is_never_proven_is_always_said(home: Home) -> None:
    text = " ".join(home.judged().not_proven)

    assert "That a person read the document" in text
    assert "That the PID was verified" in text
    assert "nothing signs them" in text
    assert "whatever is marked TEST has none" in text


def test_the_report_fits_a_terminal(home: Home) -> None:
    lines = [part for line in home.judged().lines() for part in line.splitlines()]

    assert max(map(len, lines)) < 80
    assert lines[-1] == "Every check that could be made holds."


def test_the_readme_the_service_sends_is_known_to_the_verifier() -> None:
    """A new text is added to the list; old evidence keeps its old one."""
    assert hashlib.sha256(README.encode()).hexdigest() in README_SHA256


def without(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    return {n: c for n, c in files.items() if n != name}


@pytest.mark.parametrize("name", a.FILES)
def test_an_archive_without_one_of_its_files_is_not_judged(
    home: Home, name: str
) -> None:
    with pytest.raises(a.UnreadableEvidenceError, match=f"{name} is missing"):
        a.read(packed(without(home.files, name)))


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        pytest.param(lambda h: b"", "no sound ZIP", id="empty"),
        pytest.param(lambda h: b"PK" * 500, "no sound ZIP", id="garbage"),
        pytest.param(lambda h: b"\0" * (5 << 20), "larger than", id="too-large"),
        pytest.param(lambda h: h.archive[:-30], "no sound ZIP", id="cut"),
        pytest.param(lambda h: b"#!" + h.archive, "belong to no file", id="prefix"),
        pytest.param(
            lambda h: packed({**h.files, "more.txt": b""}), "not belong", id="more"
        ),
        pytest.param(
            lambda h: packed({**h.files, "../README.txt": b""}), "not belong", id="path"
        ),
        pytest.param(
            lambda h: packed({**h.files, "README.txt": bytes(2 << 20)}),
            "too large",
            id="bomb",
        ),
        pytest.param(lambda h: doubled(h.files), "twice", id="file-twice"),
        pytest.param(lambda h: commented(h.archive), "belong to no", id="comment"),
    ],
)
def test_what_is_no_evidence_archive_is_not_judged(
    home: Home, archive: Callable[[Home], bytes], reason: str
) -> None:
    with pytest.raises(a.UnreadableEvidenceError, match=reason):
        a.read(archive(home))


def doubled(files: Mapping[str, bytes]) -> bytes:
    """The second README under a name of the same length, renamed in the bytes."""
    return packed({**files, "README.tx_": b""}).replace(b"README.tx_", b"README.txt")


def commented(archive: bytes) -> bytes:
    return archive[:-2] + b"\x03\x00" + b"hey"


def nested(files: Mapping[str, bytes]) -> bytes:
    """One entry inside the data of another; as many bytes as it saves lie unused."""
    inner = packed({a.README: files[a.README]})
    start = inner.index(b"PK\x01\x02")
    entry, listed = inner[:start], bytearray(inner[start : inner.index(b"PK\x05\x06")])
    outer = packed({**without(files, a.README), a.AUDIT: files[a.AUDIT] + entry})
    directory = outer.index(b"PK\x01\x02")
    end = outer.rindex(b"PK\x05\x06")
    listed[42:46] = outer.index(entry).to_bytes(4, "little")
    entries = outer[directory:end] + listed
    counts = len(files).to_bytes(2, "little") * 2
    where = len(entries).to_bytes(4, "little")
    where += (directory + len(entry)).to_bytes(4, "little")
    head = outer[:directory] + bytes(len(entry))
    return head + entries + outer[end : end + 8] + counts + where + bytes(2)


def test_an_entry_inside_of_another_is_not_read(home: Home) -> None:
    archive = nested(home.files)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert set(opened.namelist()) == set(a.FILES)

    with pytest.raises(a.UnreadableEvidenceError):
        a.read(archive)


def test_a_changed_byte_of_the_archive_never_changes_what_is_read(home: Home) -> None:
    """Names, sizes, checksums and data are bound; dates and attributes mean nothing."""
    wanted = home.files
    read = []
    for position in range(0, len(home.archive), 5):
        try:
            read.append(a.read(flipped(home.archive, position, 0x11)))
        except a.UnreadableEvidenceError:
            continue

    assert all(files == wanted for files in read)


@pytest.mark.parametrize(
    "rewrite",
    [
        pytest.param(lambda raw: raw.replace(b"\n  ", b"\n\t ", 1), id="tab"),
        pytest.param(lambda raw: raw.replace(b": ", b":\n", 1), id="line-end"),
        pytest.param(lambda raw: raw + b"\n", id="at-the-end"),
        pytest.param(lambda raw: raw.replace(b"tx", b"\\u0074x", 1), id="escape"),
    ],
)
@pytest.mark.parametrize("name", [a.STATEMENT, a.AUDIT])
def test_json_that_means_the_same_but_is_written_otherwise_is_found(
    home: Home, name: str, rewrite: Callable[[bytes], bytes]
) -> None:
    assert rewrite(home.files[name]) != home.files[name]
    assert name in named(home.changed(name, rewrite))


def test_a_deep_or_strange_json_is_a_failed_check(home: Home) -> None:
    for content in (b"[" * 100_000, b'{"a":"\\ud800"}', b"\xff", b"{}", b""):
        report = home.changed("statement.json", lambda _, c=content: c)  # type: ignore[misc]

        assert failing(report)[0] == "statement_form"


@pytest.mark.parametrize("name", [a.REQUEST, a.PASS, a.TRANSACTION_DATA])
def test_base64url_has_one_spelling(home: Home, name: str) -> None:
    """Bits of the last character that stand for nothing, and characters skipped."""
    spellings = (
        lambda text: text[:-1] + bytes([text[-1] ^ 1]),
        lambda text: text + b"=",
        lambda text: text + b"\n",
        lambda text: text[:-4] + b"*" + text[-4:],
    )

    assert [name in named(home.changed(name, spelt)) for spelt in spellings] == [
        True
    ] * len(spellings)


@pytest.mark.parametrize("name", [a.REQUEST, a.PASS])
def test_a_signature_with_bytes_behind_it_is_refused(home: Home, name: str) -> None:
    def longer(token: bytes) -> bytes:
        head, _, signature = token.rpartition(b".")
        raw = base64.urlsafe_b64decode(signature + b"==") + b"\0"
        return head + b"." + base64.urlsafe_b64encode(raw).rstrip(b"=")

    assert name in named(home.changed(name, longer))


@pytest.mark.parametrize("content", [b"", b".", b"a.b", b"W10.W10.W10", b"~", b"~~a.b"])
@pytest.mark.parametrize("name", [a.REQUEST, a.PASS, a.TRANSACTION_DATA])
def test_what_is_no_token_is_a_failed_check(
    home: Home, name: str, content: bytes
) -> None:
    assert name in named(home.changed(name, lambda _: content))


def test_the_verifier_gives_the_same_report_again(home: Home) -> None:
    again = verify(
        home.archive,
        documents=home.documents,
        trust=home.trust,
        parser=home.parser,
    )

    assert again == home.judged()


def test_the_verifier_needs_no_part_of_what_it_checks() -> None:
    """Nor a database, a network or a web framework: what it loads is listed."""
    loads = "import sys, app.verification.evidence; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loads], capture_output=True, text=True, check=True
    )

    loaded = {module.partition(".")[0] for module in done.stdout.split()}
    foreign = {"sam", "openid4vp", "hsm", "wallet_emulator", "flask", "sqlalchemy"}
    assert loaded & (foreign | {"httpx", "pyhanko", "pkcs11"}) == set()
