from app.ades.reports import FindingKind
from app.signing.findings import SENTENCES, UNKNOWN, warnings


def test_everything_the_child_can_find_has_a_sentence() -> None:
    assert set(SENTENCES) == set(FindingKind)


def test_findings_become_sentences_once_each() -> None:
    found = ["rich_media:2", "form_field:7", "rich_media:1"]

    assert warnings(found) == [SENTENCES["rich_media"], SENTENCES["form_field"]]


def test_an_unknown_finding_still_warns() -> None:
    assert warnings(["something_new:1"]) == [UNKNOWN]
