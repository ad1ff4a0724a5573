"""The line a wallet shows: whatever a file is called, it cannot imitate our marks."""

import hashlib
import re
import unicodedata

import pytest

from sam.labels import MAX_NAME, SEPARATOR, document_code, label, shown_name

CODE = "4821 7730"
BIDI = "\u202e\u2066\u2067\u2069\u200f\u061c"
NASTY = {
    "empty": "",
    "spaces": "   \t ",
    "bidi": f"lease{BIDI}fdp.exe",
    "zero-width": "le\u200bas\u200d\ufeffe\u2060.pdf",
    "controls": "lease\x00\x1b[31m\x7f\x85.pdf",
    "new-lines": "lease\r\nTEST\u2028private\u2029\x0b\x0c.pdf",
    "separator": "lease · private · 1234 5678",
    "separators-in-a-row": "lease ··· private",
    "separators-and-spaces": "a ·· · ·b· · c",
    "separators-hidden": "a \u200b·\u200b b",
    "other-dots": "a • b ∙ c ⋅ d ・ e ･ f ‧ g \u0387 h ● i ․ j",
    "dots-only": "· · ·",
    "code": "4821 7730",
    "code-run-together": "48217730",
    "code-in-name": "lease-48217730.pdf",
    "code-twice": "4821 77304821 7730",
    "code-long": "4821" * 10,
    "code-wide-space": "4821\u20037730 4821\u00a07730",
    "code-fullwidth": "４８２１ ７７３０",
    "code-arabic-indic": "٤٨٢١ ٧٧٣٠",
    "code-hidden": "48\u200b21\u200b 77\u206030",
    "code-hangul-filler": "4821\u31647730",
    "code-braille-blank": "4821\u28007730",
    "code-across-the-cut": "a" * 37 + "4821 7730" + "b" * 5 + "c" * 40,
    "code-over-tabs": "4821\t\t7730",
    "long": "a" * 10_000,
    "long-dots": " ·" * 5_000,
    "long-digits": "1 " * 5_000,
    "long-with-code": "x" * 50 + " 4821 7730",
    "emoji": "👩\u200d👩\u200d👧 lease 🖋\ufe0f.pdf",
    "surrogate": "lease\ud800.pdf",
    "private-use": "\ue000\U000f0000lease",
    "unassigned": "\u0378lease\U000e0080",
    "tags": "lease\U000e0041\U000e007f",
    "variation-selectors": "l\ufe0fe\U000e0100a\u180bse",
    "decomposed": "Mu\u0308ller.pdf",
}
CODE_LIKE = re.compile(r"\d{8}|\d{4}\s\d{4}")
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)

names = pytest.mark.parametrize(
    "name", [pytest.param(text, id=kind) for kind, text in NASTY.items()]
)


@names
def test_a_label_has_its_marks_one_name_and_its_code(name: str) -> None:
    fields = label(name, CODE, test=True, private=False).split(SEPARATOR)

    assert fields == ["TEST", shown_name(name), CODE]
    assert fields[1] != ""


@names
def test_a_private_label_has_one_mark_more(name: str) -> None:
    fields = label(name, CODE, test=True, private=True).split(SEPARATOR)

    assert fields == ["TEST", "private", shown_name(name), CODE]


@names
def test_a_name_holds_nothing_that_could_pass_for_a_code(name: str) -> None:
    assert CODE_LIKE.search(shown_name(name)) is None


@names
def test_a_name_holds_no_dot_beside_a_space(name: str) -> None:
    assert re.search(r"\s[·•∙⋅・･‧●․]|[·•∙⋅・･‧●․]\s", shown_name(name)) is None


@names
def test_a_name_holds_no_hidden_character(name: str) -> None:
    kinds = {unicodedata.category(c) for c in shown_name(name)}

    assert kinds.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert INVISIBLE.search(shown_name(name)) is None
    assert set(shown_name(name)) & {"\u00a0", "\u2003"} == set()


@names
def test_a_name_is_short(name: str) -> None:
    assert 1 <= len(shown_name(name)) <= MAX_NAME


@names
def test_a_name_is_rewritten_once_and_for_all(name: str) -> None:
    once = shown_name(name)

    assert unicodedata.is_normalized("NFC", once)
    assert shown_name(once) == once


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lease.pdf", "lease.pdf"),
        (
            "Mietvertrag Müller & Söhne (2026).pdf",
            "Mietvertrag Müller & Söhne (2026).pdf",
        ),
        ("col·legi.pdf", "col·legi.pdf"),
        ("契約書.pdf", "契約書.pdf"),
        ("invoice 2026-11.pdf", "invoice 2026-11.pdf"),
        ("a · b", "a - b"),
        ("scan_20261120.pdf", "scan_2026….pdf"),
        ("", "document"),
        ("a" * 60 + ".pdf", "a" * 39 + "…" + "aaaa.pdf"),
    ],
)
def test_honest_names_stay_readable(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_without_test_mode_the_mark_is_left_out() -> None:
    assert label("a", CODE, test=False, private=False) == "a · 4821 7730"


def test_the_code_is_the_first_eight_bytes_of_the_digest_in_decimal() -> None:
    sdr = bytes(range(32))
    digest = hashlib.sha256(b"nonce" + sdr).digest()

    code = document_code("nonce", sdr)

    number = int.from_bytes(digest[:8], "big") % 10**8
    assert code == f"{number // 10**4:04d} {number % 10**4:04d}"


def test_the_code_depends_on_transaction_and_document() -> None:
    one, other = bytes(32), bytes([1] * 32)

    codes = {document_code(nonce, sdr) for nonce in "ab" for sdr in (one, other)}

    assert len(codes) == 4
